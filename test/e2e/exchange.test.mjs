// A server that is used in the name of each caller: what a caller has shown is exchanged, and never sent on.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { peerFile } from '../fixtures/peers.mjs';
import { bodyOf, closed, Doorkeeper, listening, say as sayTo } from './doorkeeper.mjs';
import { direct, eventually, startFixture, startWeir, stopAll } from './harness.mjs';
import { kAudience, startIssuer, startTap } from './issuers.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSecret = 'the-secret-of-the-gateway';
const kKey = 'a-key-that-cannot-be-exchanged';
const kExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const kAccessToken = 'urn:ietf:params:oauth:token-type:access_token';
const kBasic = `Basic ${Buffer.from(`weir:${kSecret}`).toString('base64')}`;
const jose = await import(peerFile('jose', 'dist/webapi/index.js'));

/** The provider's token endpoint for exchanges, which it lacks: it proves the subject's token, and signs another one
 * for the resource with the provider's own key. */
class Exchange {
  asked = [];
  lists = true;  // whether the gateway gets a token of its own
  async start(provider) {
    this.provider = provider;
    this.keys = jose.createRemoteJWKSet(new URL(`${provider.url}/jwks`));
    this.server = createServer((req, res) => void this.serve(req, res).catch(() => res.destroy()));
    this.url = `http://127.0.0.1:${await listening(this.server)}`;
    return this;
  }
  async serve(req, res) {
    const say = (status, body) => sayTo(res, status, body);
    if (req.url === '/.well-known/oauth-authorization-server') {
      return say(200, { issuer: this.url, token_endpoint: `${this.url}/token` });
    }
    const form = Object.fromEntries(new URLSearchParams(await bodyOf(req)));
    if (req.headers.authorization !== kBasic) return say(401, { error: 'invalid_client' });
    if (form.grant_type === 'client_credentials' && !this.lists) return say(400, { error: 'unauthorized_client' });
    const subject = form.grant_type === kExchange ? await this.subjectOf(form) : 'weir';
    if (!subject) return say(400, { error: 'invalid_grant' });
    const access_token = await this.provider.token({ sub: subject, aud: form.resource, jti: `x-${this.asked.length}` });
    this.asked.push({ form, subject, access_token });
    return say(200, { access_token, token_type: 'Bearer', expires_in: 3600, issued_token_type: kAccessToken });
  }
  async subjectOf({ subject_token: token, subject_token_type: type, resource }) {
    if (type !== kAccessToken || !resource) return undefined;
    const proven = await jose.jwtVerify(token, this.keys, { issuer: this.provider.url, audience: kAudience })
      .catch(() => undefined);
    return proven?.payload.sub;
  }
  of(subject) { return this.asked.filter(one => one.subject === subject); }
  stop() { return closed(this.server); }
}

/** Lets in only who shows a token of the provider that is for this server. */
class Guarded extends Doorkeeper {
  seen = [];
  refused = [];
  constructor(provider) {
    super();
    this.keys = jose.createRemoteJWKSet(new URL(`${provider.url}/jwks`));
  }
  async refusal(token, req) {
    const proven = await jose.jwtVerify(token, this.keys, { audience: this.resource }).catch(() => undefined);
    if (!proven) {
      if (token) this.refused.push(token);
      return { status: 401, challenge: 'Bearer' };
    }
    this.seen.push({ method: req.headers['mcp-method'], subject: proven.payload.sub, token });
    return undefined;
  }
  callsOf(subject) { return this.seen.filter(one => one.method === 'tools/call' && one.subject === subject); }
}

const kSkip = { skip: direct && 'there is no gateway' };

describe('a server that wants a token of each caller', { timeout: 120_000, ...kSkip }, () => {
  let provider, fixture, exchange, guarded, tap, start, weir, ann, bob;
  before(async () => {
    provider = await startIssuer();
    fixture = await startFixture('http_dual.mjs');
    exchange = await new Exchange().start(provider);
    guarded = await new Guarded(provider).start(fixture, exchange);
    tap = await startTap(guarded.port);
    guarded.resource = tap.url;
    const hash = `sha256:${createHash('sha256').update(kKey).digest('hex')}`;
    start = () => startWeir({}, { listener: { auth: ['jwt', 'keys'] }, config: {
      auth: { jwt: { issuer: provider.url, audience: kAudience }, keys: [{ name: 'ci', hash }] },
      servers: { web: { url: tap.url,
        auth: { type: 'exchange', issuer: exchange.url, client_id: 'weir', client_secret: kSecret } } } } });
    weir = await start();
    [ann, bob] = await Promise.all([provider.token({ sub: 'ann' }), provider.token({ sub: 'bob' })]);
  });
  after(() => stopAll(weir, tap, guarded, exchange, fixture, provider));

  const call = async shown => (await request(weir.port, { path: '/mcp/web',
    headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo', Authorization: `Bearer ${shown}` }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) })).json;
  const works = async shown => {
    const { result } = await call(shown);
    assert.equal(result?.isError ?? false, false, JSON.stringify(result));
    assert.equal(result.content[0].text, 'hello');
  };

  test('each caller comes with a token of their own, exchanged once for all their calls', async () => {  // R-001, T-59
    await works(ann);
    await works(bob);
    await Promise.all(Array.from({ length: 20 }, () => works(ann)));
    await works(bob);
    for (const [subject, shown] of [['ann', ann], ['bob', bob]]) {
      const asked = exchange.of(subject);
      assert.equal(asked.length, 1, subject);
      assert.deepEqual(asked[0].form, { grant_type: kExchange, subject_token: shown, subject_token_type: kAccessToken,
        requested_token_type: kAccessToken, resource: tap.url });
      assert.deepEqual(new Set(guarded.callsOf(subject).map(one => one.token)), new Set([asked[0].access_token]));
    }
    assert.equal(guarded.callsOf('ann').length, 21);
    assert.equal(guarded.callsOf('bob').length, 2);
    assert.equal(guarded.callsOf('weir').length, 0);
    assert.notEqual(exchange.of('ann')[0].access_token, exchange.of('bob')[0].access_token);
  });

  test('another token of the same caller is another exchange', async () => {  // F-01
    const later = await provider.token({ sub: 'ann', jti: 'later' });
    await works(later);
    await works(later);
    assert.equal(exchange.of('ann').length, 2);
  });

  test('lists are read with the gateway\'s own token, also when a caller asks for them', async () => {
    for (const path of ['/mcp', '/mcp/web']) {
      const { json } = await request(weir.port, { path, body: JSON.stringify(rpc('tools/list', withMeta({}))),
        headers: modernHeaders('tools/list', { Authorization: `Bearer ${ann}` }) });
      assert.ok(json.result.tools.length > 0, path);
    }
    const lists = guarded.seen.filter(one => one.method !== 'tools/call');
    assert.ok(lists.length > 0);
    assert.deepEqual([...new Set(lists.map(one => one.subject))], ['weir']);
  });

  test('who has shown no token gets none', async () => {  // F-14
    const before = guarded.seen.length;
    const { result, error } = await call(kKey);
    assert.ok(result?.isError || error, JSON.stringify(result));
    assert.match(JSON.stringify(result ?? error), /signed in/);
    assert.equal(guarded.seen.length, before);
  });

  test('no token of a caller was at the server\'s socket, or in the log', async () => {  // R-001, T-58
    const other = await provider.token({ sub: 'eve', jti: 'canary' });
    await works(other);
    await eventually('the last call at the socket', () => guarded.callsOf('eve').length === 1);
    const sent = tap.text();
    const log = weir.child.out + weir.child.err;
    assert.ok(sent.includes(exchange.of('eve')[0].access_token), 'the tap sees tokens');
    for (const shown of [ann, bob, other, kKey]) {
      const secret = shown.split('.').at(-1);  // the signature: no two tokens share it
      assert.ok(!sent.includes(secret), 'sent on');
      assert.ok(!log.includes(secret), 'logged');
    }
    for (const { access_token: token } of exchange.asked) assert.ok(!log.includes(token.split('.')[2]), 'logged');
    assert.deepEqual(guarded.refused, []);
  });

  test('an issuer that gives no token for lists is told as such, with what helps', async () => {
    exchange.lists = false;
    const other = await start();
    try {
      const cause = async () => (await (await fetch(`${other.admin}/api/v1/status`)).json()).servers[0].cause ?? '';
      await eventually('the status', async () => (await cause()).includes('client_credentials'));
      assert.match(await cause(), /its lists cannot be read.*unauthorized_client.*allow Weir's client the grant client_credentials/);
      const { json } = await request(other.port, { path: '/mcp/web',
        headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo', Authorization: `Bearer ${ann}` }),
        body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) });
      assert.match(JSON.stringify(json), /let Weir read the lists of this server \(grant client_credentials\)/);
    } finally {
      exchange.lists = true;
      await other.stop();
    }
  });
});
