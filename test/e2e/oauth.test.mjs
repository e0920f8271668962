// Tokens for servers through the real binary: found, fetched once, renewed, never the caller's own.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bodyOf, closed, Doorkeeper, listening, say } from './doorkeeper.mjs';
import { direct, eventually, scratch, startFixture, startWeir, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway that could sign in' };
const kKey = 'a-key-of-the-caller-that-goes-nowhere';
const kSecret = 'the-secret-of-the-gateway';

/** An issuer: client credentials and refresh tokens that change with each use; strict about who asks. */
class Issuer {
  valid = new Set();
  asked = [];
  made = 0;
  life = 3600;
  refresh = 'r-0';
  secret = kSecret;
  up = true;
  async start() {
    this.server = createServer(async (req, res) => {
      if (!this.up) return req.socket.destroy();
      if (req.url === '/.well-known/oauth-authorization-server') return say(res, 200, this.metadata);
      if (req.url !== '/token') return say(res, 404, {});
      const form = new URLSearchParams(await bodyOf(req));
      this.asked.push({ form, authorization: req.headers.authorization });
      const basic = `Basic ${Buffer.from(`weir:${this.secret}`).toString('base64')}`;
      if (req.headers.authorization !== basic) return say(res, 401, { error: 'invalid_client' });
      if (form.get('grant_type') === 'refresh_token' && form.get('refresh_token') !== this.refresh) return say(res, 400, { error: 'invalid_grant' });
      const token = `token-${++this.made}`;
      this.valid.add(token);
      if (form.get('grant_type') !== 'refresh_token') return say(res, 200, { access_token: token, token_type: 'Bearer', expires_in: this.life });
      this.refresh = `r-${this.made}`;
      return say(res, 200, { access_token: token, token_type: 'Bearer', expires_in: this.life, refresh_token: this.refresh });
    });
    this.url = `http://127.0.0.1:${await listening(this.server)}`;
    this.metadata = { issuer: this.url, token_endpoint: `${this.url}/token` };
    return this;
  }
  stop() { return closed(this.server); }
}

/** Lets nobody in without a token of the issuer. */
class Guarded extends Doorkeeper {
  seen = new Set();
  refused = 0;
  more = { scopes_supported: ['use'] };
  constructor(issuer) { super(); this.issuer = issuer; }
  refusal(token) {
    if (token) this.seen.add(`Bearer ${token}`);
    if (this.issuer.valid.has(token)) return undefined;
    if (token) this.refused += 1;
    return { status: 401, challenge: 'Bearer error="invalid_token"' };
  }
}

async function call(weir, server) {
  const answer = await request(weir.port, { path: `/mcp/${server}`,
    headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo', Authorization: `Bearer ${kKey}` }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) });
  return answer.json?.result;
}
const keys = [{ name: 'ci', hash: `sha256:${createHash('sha256').update(kKey).digest('hex')}` }];
const start = servers => startWeir({}, { listener: { auth: ['keys'] }, config: { auth: { keys }, servers } });

describe('a server whose tokens come from an issuer', { timeout: 120_000, ...kSkip }, () => {
  let fixture; let issuer; let guarded; let weir;
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    guarded = await new Guarded(issuer).start(fixture, issuer);
    weir = await start({ web: { url: guarded.url,
      auth: { type: 'oauth', issuer: issuer.url, client_id: 'weir', client_secret: kSecret } } });
    await eventually('a first call', async () => (await call(weir, 'web'))?.isError === undefined);
  });
  after(() => stopAll(weir, guarded, issuer, fixture));

  test('many calls cost one question to the issuer, with the resource and the scopes of the server', async () => {  // R-001, R-060
    await Promise.all(Array.from({ length: 50 }, () => call(weir, 'web')));
    assert.equal(issuer.asked.length, 1);
    const { form } = issuer.asked[0];
    assert.deepEqual(Object.fromEntries(form), { grant_type: 'client_credentials', resource: guarded.url, scope: 'use' });
    assert.deepEqual([...guarded.seen], ['Bearer token-1']);
  });

  test('a token that the server does not take any more is replaced within the call', async () => {
    issuer.valid.clear();
    const before = guarded.refused;
    assert.equal((await call(weir, 'web'))?.isError, undefined);
    assert.equal(issuer.asked.length, 2);
    assert.equal(guarded.refused - before >= 1, true);
    assert.deepEqual([...guarded.seen], ['Bearer token-1', 'Bearer token-2']);  // never the caller's key
  });

  test('an issuer that is down is told as such, and asked again when it is back', async () => {
    issuer.up = false;
    issuer.valid.clear();
    const answer = await call(weir, 'web');
    assert.equal(answer?.isError, true);
    assert.match(answer.content[0].text, /issuer of the server's tokens/);
    issuer.up = true;
    await eventually('a call that works', async () => (await call(weir, 'web'))?.isError === undefined, 20_000);
  });

  test('no secret is in the log', () => {  // T-58
    for (const secret of [kSecret, kKey, 'token-1', 'token-2']) assert.equal(`${weir.child.out}${weir.child.err}`.includes(secret), false, secret);
  });
});

describe('a client secret that is rotated', { timeout: 120_000, ...kSkip }, () => {
  let fixture; let issuer; let guarded; let weir;
  const file = join(scratch(), 'client-secret');
  before(async () => {
    writeFileSync(file, kSecret);
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    guarded = await new Guarded(issuer).start(fixture, issuer);
    weir = await start({ web: { url: guarded.url,
      auth: { type: 'oauth', issuer: issuer.url, client_id: 'weir', client_secret: `\${file:${file}}` } } });
    await eventually('a first call', async () => (await call(weir, 'web'))?.isError === undefined);
  });
  after(() => stopAll(weir, guarded, issuer, fixture));

  test('is used at once, although the issuer has just refused the old one', async () => {  // F-09, F-28
    issuer.secret = 'the-next-secret-of-the-gateway';
    issuer.valid.clear();
    const refused = await call(weir, 'web');
    assert.equal(refused?.isError, true);
    const asked = issuer.asked.length;
    assert.equal((await call(weir, 'web'))?.isError, true);
    assert.equal(issuer.asked.length, asked, 'a refusal of the client is remembered');
    writeFileSync(file, issuer.secret);
    const reloads = () => weir.child.err.split('config.reload').length;
    const before = reloads();
    weir.child.process.kill('SIGHUP');
    await eventually('the reload', () => reloads() > before);
    const answer = await call(weir, 'web');
    assert.equal(answer?.isError, undefined, JSON.stringify(answer));
  });
});

describe('refresh tokens that change with each use', { timeout: 120_000, ...kSkip }, () => {
  let fixture; let issuer; let guarded; let weir;
  const file = join(scratch(), 'refresh');
  const servers = () => ({ web: { url: guarded.url, auth: { type: 'oauth', grant: 'refresh_token', token_url: `${issuer.url}/token`,
    client_id: 'weir', client_secret: kSecret, refresh_token: 'r-0', refresh_file: file } } });
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    issuer.life = 2;
    guarded = await new Guarded(issuer).start(fixture, issuer);
    weir = await start(servers());
  });
  after(() => stopAll(weir, guarded, issuer, fixture));

  test('the chain goes on over ends of tokens and restarts', async () => {  // F-31
    await eventually('a third token', async () => (await call(weir, 'web'), issuer.made >= 3), 20_000);
    assert.equal(existsSync(file), true);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await weir.stop();
    assert.equal(readFileSync(file, 'utf8').split('\n')[2], issuer.refresh);
    const before = issuer.made;
    weir = await start(servers());
    await eventually('a call after the restart', async () => (await call(weir, 'web'))?.isError === undefined, 20_000);
    assert.equal(issuer.made > before, true);
  });
});
