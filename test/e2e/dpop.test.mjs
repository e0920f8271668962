// Tokens that are bound to a key of the gateway (DPoP, RFC 9449): issuer and server check each proof by the book, with
// Node's own cryptography, and forget none.
import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { createServer, request as forward } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, startFixture, startWeir, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const listening = server => new Promise(done => server.listen(0, '127.0.0.1', () => done(server.address().port)));
const closed = server => new Promise(done => { server.closeAllConnections(); server.close(done); });
const bodyOf = async req => { const parts = []; for await (const part of req) parts.push(part); return Buffer.concat(parts).toString(); };
const sha256 = text => createHash('sha256').update(text).digest('base64url');
const partOf = text => JSON.parse(Buffer.from(text, 'base64url'));

/** Checks proofs; `nonce`: the one that has to be in them. */
class Proofs {
  seen = new Set(); wrong = []; thumbprints = new Set(); nonce = undefined; asksAgain = 0;
  /** Nothing, or what is wrong: 'nonce' asks for another proof. */
  check(req, url, token) {
    const say = why => { this.wrong.push(why); return why; };
    const proof = req.headersDistinct.dpop;
    if (proof?.length !== 1) return say(`${proof?.length ?? 0} proofs`);
    const [head, claims, signature, ...more] = proof[0].split('.');
    const { typ, alg, jwk, ...others } = partOf(head);
    const { htm, htu, iat, jti, ath, nonce, ...rest } = partOf(claims);
    if (typ !== 'dpop+jwt' || alg !== 'ES256' || more.length || Object.keys(others).length) return say(`header ${head}`);
    if (Object.keys(jwk).sort().join() !== 'crv,kty,x,y') return say(`members ${Object.keys(jwk)}`);
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    if (!verify('sha256', Buffer.from(`${head}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))) return say('signature');
    if (this.seen.has(jti) || !jti) return say('replay');
    this.seen.add(jti);
    if (htm !== req.method || htu !== url) return say(`${htm} ${htu}`);
    if (Math.abs(Date.now() / 1000 - iat) > 60 || !Number.isInteger(iat)) return say(`iat ${iat}`);
    if (ath !== (token && sha256(token))) return say('ath');
    if (Object.keys(rest).length) return say(`claims ${Object.keys(rest)}`);
    this.thumbprints.add(sha256(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y })));
    if (nonce === this.nonce) return undefined;
    this.asksAgain += 1;
    return 'nonce';
  }
}

class Issuer {
  proofs = new Proofs(); bound = new Map(); type = 'DPoP'; asked = 0;
  async start() {
    this.proofs.nonce = 'of-the-issuer';
    this.server = createServer(async (req, res) => {
      const say = (status, body, headers = {}) => res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      if (req.url === '/.well-known/oauth-authorization-server') return say(200, this.metadata);
      if (req.url !== '/token') return say(404, {});
      await bodyOf(req);
      this.asked += 1;
      const why = this.proofs.check(req, `${this.url}/token`);
      if (why === 'nonce') return say(400, { error: 'use_dpop_nonce' }, { 'DPoP-Nonce': this.proofs.nonce });
      if (why) return say(400, { error: 'invalid_dpop_proof' });
      const token = `token-${this.asked}`;
      this.bound.set(token, [...this.proofs.thumbprints].at(-1));
      return say(200, { access_token: token, token_type: this.type, expires_in: 3600 });
    });
    this.url = `http://127.0.0.1:${await listening(this.server)}`;
    this.metadata = { issuer: this.url, token_endpoint: `${this.url}/token`, dpop_signing_alg_values_supported: ['ES256'] };
    return this;
  }
  stop() { return closed(this.server); }
}

/** Stands before a fixture: lets in whoever proves the key that the token is bound to. */
class Guarded {
  proofs = new Proofs(); schemes = new Set(); next = undefined; served = 0;
  async start(fixture, issuer) {
    this.server = createServer((req, res) => {
      const url = new URL(req.url, this.url);
      if (url.pathname === '/.well-known/oauth-protected-resource/mcp') {
        res.writeHead(200, { 'content-type': 'application/json' });
        return res.end(JSON.stringify({ resource: this.url, authorization_servers: [issuer.url] }));
      }
      const { authorization, dpop, ...headers } = req.headers;
      const refuse = error => {
        res.writeHead(401, [['WWW-Authenticate', 'Bearer realm="mcp"'],
          ['WWW-Authenticate', `DPoP algs="ES256"${error ? `, error="${error}"` : ''}`],
          ...(this.proofs.nonce ? [['DPoP-Nonce', this.proofs.nonce]] : [])].flat());
        return res.end();
      };
      if (!authorization) return refuse();
      const [scheme, token] = authorization.split(' ');
      this.schemes.add(scheme);
      const why = this.proofs.check(req, this.url, token);
      if (why === 'nonce') return refuse('use_dpop_nonce');
      if (why || scheme !== 'DPoP' || issuer.bound.get(token) !== [...this.proofs.thumbprints].at(-1)) return refuse('invalid_token');
      this.served += 1;
      if (this.next) this.proofs.nonce = this.next;
      const extra = this.next ? { 'dpop-nonce': this.next } : {};
      const onward = forward({ port: fixture.port, host: '127.0.0.1', method: req.method, path: url.pathname, headers }, answer => {
        res.writeHead(answer.statusCode, { ...answer.headers, ...extra });
        answer.pipe(res);
      });
      onward.on('error', () => res.destroy());
      res.on('close', () => onward.destroy());
      return req.pipe(onward);
    });
    this.url = `http://127.0.0.1:${await listening(this.server)}/mcp`;
    return this;
  }
  stop() { return closed(this.server); }
}

describe('a server whose tokens are bound to a key', { timeout: 120_000, skip: direct && 'there is no gateway' }, () => {
  let fixture; let issuer; let guarded; let weir;
  const start = () => startWeir({}, { config: { servers: { web: { url: `${guarded.url}?tenant=1`,
    auth: { type: 'oauth', issuer: issuer.url, client_id: 'weir', client_secret: 'the-secret', dpop: true } } } } });
  const answer = async () => (await request(weir.port, { path: '/mcp/web', headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo' }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) })).json;
  const works = async () => (await answer()).result?.content?.[0].text === 'hello';
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    guarded = await new Guarded().start(fixture, issuer);
    weir = await start();
    await eventually('a first call', works);
  });
  after(() => stopAll(weir, guarded, issuer, fixture));

  test('each request proves the same key anew, at the issuer and at the server', async () => {
    const before = guarded.proofs.seen.size;
    assert.deepEqual(await Promise.all(Array.from({ length: 30 }, works)), Array(30).fill(true));
    assert.equal(guarded.proofs.seen.size - before, 30);
    assert.deepEqual([issuer.proofs.wrong, guarded.proofs.wrong], [[], []]);
    assert.deepEqual([...guarded.schemes], ['DPoP']);
    assert.equal(issuer.asked, 2);  // once for the nonce
    assert.deepEqual(issuer.proofs.thumbprints, guarded.proofs.thumbprints);
    assert.equal(guarded.proofs.thumbprints.size, 1);
  });

  test('a nonce that the server wants costs one request more, and one that comes with an answer none', async () => {
    guarded.proofs.nonce = 'n-1';
    assert.ok(await works());
    assert.equal(guarded.proofs.asksAgain, 1);
    for (const nonce of ['n-2', 'n-3', 'n-4']) {
      guarded.next = nonce;
      assert.ok(await works());
    }
    assert.equal(guarded.proofs.asksAgain, 1);
    assert.equal(issuer.asked, 2);  // no token was given up for it
    assert.deepEqual(guarded.proofs.wrong, []);
  });

  test('a server that is never content with a nonce is asked twice, and costs no token', async () => {
    const { check } = guarded.proofs;
    let asked = 0;
    guarded.proofs.check = () => { asked += 1; guarded.proofs.nonce = `never-${asked}`; return 'nonce'; };
    const failed = await answer();
    guarded.proofs.check = check;
    assert.ok(failed.error || failed.result.isError, JSON.stringify(failed));
    assert.equal(asked, 2);
    assert.equal(issuer.asked, 2);
    assert.ok(await works());
  });

  test('a bearer token is refused with words, and never sent', async () => {
    await stopAll(weir);
    issuer.type = 'Bearer';
    const served = guarded.served;
    weir = await start();
    const status = async () => (await (await fetch(`${weir.admin}/api/v1/status`)).json()).servers[0];
    await eventually('the refusal', async () => /bearer token, where `dpop`/.test((await status()).cause));
    assert.equal(guarded.served, served);
    assert.deepEqual([...guarded.schemes], ['DPoP']);
  });
});
