// Callers whose tokens real identity providers gave: oidc-provider (JWT of RFC 9068, and opaque ones by introspection)
// and oauth2-mock-server. The callers come by them as clients do: registration, sign-in page, code, token endpoint.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { peer } from '../fixtures/peers.mjs';
import { direct, eventually, freePort, sleep, startFixture, startWeir, stopAll } from './harness.mjs';
import { startIssuer, startTap } from './issuers.mjs';
import { Browser, IdentityProvider, jose, kCallback } from './providers.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'there is no gateway' };
const kOther = 'https://other.example/mcp';
const kLong = process.env.WEIR_TEST_TIER === 'long';
const kGroups = { ann: ['eng'], bob: ['sales'] };
const kPolicies = [{ who: 'group:eng', allow: ['up.echo'] }, { who: 'group:eng', allow: ['up.*'], scopes: ['more'] }];
const client = (id, grants = ['authorization_code', 'refresh_token', 'client_credentials']) => ({ client_id: id,
  client_secret: `${id} has + this: %secret/`, redirect_uris: grants.includes('authorization_code') ? [kCallback] : [],
  response_types: grants.includes('authorization_code') ? ['code'] : [], application_type: 'native', grant_types: grants });

/** Weir on a port that is known before, so that tokens can be asked for its address. */
class Door {
  async open(fixture, auth, listener) {
    this.port = await freePort();
    this.resource = `http://127.0.0.1:${this.port}/mcp`;
    this.tap = await startTap(fixture.port);
    this.weir = await startWeir({ up: { url: this.tap.url }, short: fixture, signed: fixture }, { listener: { bind: `127.0.0.1:${this.port}`, auth: listener },
      config: { auth: auth(this.resource), policies: kPolicies } });
    return this;
  }
  stop() { return stopAll(this.weir, this.tap); }
  ask(token, method, params = {}, more = {}, path = '/mcp') {
    return request(this.port, { path, headers: { ...modernHeaders(method, more), ...(token && { Authorization: `Bearer ${token}` }) },
      body: JSON.stringify(rpc(method, withMeta(params))) });
  }
  async enters(token, path) { return (await this.ask(token, 'tools/list', {}, {}, path)).status; }
  async tools(token) { return (await this.ask(token, 'tools/list')).json.result.tools.map(tool => tool.name); }
  call(token, name = 'up__echo') { return this.ask(token, 'tools/call', { name, arguments: { text: 'hi' } }, { 'Mcp-Name': name }); }
}

/** What policies, scopes and audiences do, whatever the tokens look like; `token(account, resource, scope)` gives one. */
function doesWhatItMay(world) {
  test('it is let in, and sees and calls what its groups may', async () => {
    const { door, token } = world();
    const ann = await token('ann');
    assert.ok((await door.tools(ann)).includes('up__echo'));
    const { status, json } = await door.call(ann);
    assert.equal(status, 200);
    assert.equal(json.result.content[0].text, 'hi');
    const bob = await token('bob');
    assert.deepEqual(await door.tools(bob), []);
    assert.equal((await door.call(bob)).status, 403);
  });

  test('a scope that is missing is named, and the token that is got for it opens', async () => {
    const { door, token } = world();
    const ann = await token('ann');
    const other = (await door.tools(ann)).find(name => name !== 'up__echo');
    const lacking = await door.call(ann, other);
    assert.equal(lacking.status, 403);
    const [, scope] = /^Bearer error="insufficient_scope", scope="([^"]+)", resource_metadata="http:/.exec(lacking.headers['www-authenticate']);
    assert.equal(scope, 'more');
    assert.notEqual((await door.call(await token('ann', door.resource, `use ${scope}`), other)).status, 403);
  });

  test('a token for somebody else is refused, one for a single server opens that one', async () => {
    const { door, token } = world();
    assert.equal(await door.enters(await token('ann', kOther)), 401);
    const narrow = await token('ann', `${door.resource}/up`);
    assert.equal(await door.enters(narrow, '/mcp/up'), 200);
    assert.equal(await door.enters(narrow), 401);
  });

  test('a token is good to its end, and not longer', async () => {
    const { door, token } = world();
    const short = await token('ann', `${door.resource}/short`);
    const at = '/mcp/short';
    assert.equal(await door.enters(short, at), 200);
    await eventually('its end', async () => await door.enters(short, at) === 401);
  });
}

function resourcesOf(provider, door, format) {
  for (const name of [door.resource, `${door.resource}/up`, kOther]) provider.resources.set(name, { scope: 'use more', format });
  provider.resources.set(`${door.resource}/short`, { scope: 'use', format, seconds: 2 });
}

describe('callers with signed tokens of oidc-provider', { timeout: 120_000, ...kSkip }, () => {
  const agent = client('agent');
  let provider; let fixture; let door;
  const token = (account, resource = door.resource, scope) => provider.callerToken(agent, account, resource, scope);
  before(async () => {
    provider = await new IdentityProvider().start({ clients: [agent], groups: kGroups });
    fixture = await startFixture('http_dual.mjs');
    door = await new Door().open(fixture, audience => ({ jwt: { issuer: provider.url, audience, leeway: '0s' } }), ['jwt']);
    resourcesOf(provider, door, 'jwt');
  });
  after(() => stopAll(door, fixture, provider));

  test('they are access tokens of RFC 9068', async () => {
    const ann = await token('ann');
    const { typ, alg } = jose.decodeProtectedHeader(ann);
    assert.deepEqual({ typ, alg }, { typ: 'at+jwt', alg: 'ES256' });
    const { iss, aud, sub, client_id: id } = jose.decodeJwt(ann);
    assert.deepEqual({ iss, aud, sub, id }, { iss: provider.url, aud: door.resource, sub: 'ann', id: 'agent' });
  });

  // First: keys are fetched anew once in 30 s only.
  test('a new key of the provider is taken at once, and those before it while they are published', async () => {
    const before = await token('ann');
    assert.equal(await door.enters(before), 200);
    const unseen = await token('ann');
    provider.rotate();
    const later = await token('ann');
    assert.notEqual(jose.decodeProtectedHeader(later).kid, jose.decodeProtectedHeader(before).kid);
    for (const one of [later, before, unseen]) assert.equal(await door.enters(one), 200);
  });

  doesWhatItMay(() => ({ door, token }));

  test('a machine that shows itself by its own credentials is nobody of a group', async () => {
    const own = await provider.post('/token', { grant_type: 'client_credentials', scope: 'use', resource: door.resource }, agent);
    assert.equal(await door.enters(own.access_token), 200);
    assert.deepEqual(await door.tools(own.access_token), []);
  });

  test('tokens of another provider, and what is no access token, are refused', async () => {
    const stranger = await new IdentityProvider().start({ clients: [agent], groups: kGroups });
    try {
      resourcesOf(stranger, door, 'jwt');
      assert.equal(await door.enters(await stranger.callerToken(agent, 'ann', door.resource)), 401);
    } finally {
      await stranger.stop();
    }
    const answer = await provider.callerTokens(agent, 'ann', door.resource, 'openid use offline_access');
    assert.equal(await door.enters(answer.access_token), 200);
    assert.ok(answer.id_token && answer.refresh_token);
    for (const other of [answer.id_token, answer.refresh_token]) assert.equal(await door.enters(other), 401);
  });

  test('no token of a caller reached the server', async () => {
    const canary = await token('ann');
    assert.equal((await door.call(canary)).status, 200);
    await eventually('the call at its socket', () => door.tap.text().includes('tools/call'));
    const secret = canary.split('.')[2];
    assert.ok(!door.tap.text().includes(secret) && !/\r\nauthorization:/i.test(door.tap.text()));
    assert.ok(!`${door.weir.child.out}${door.weir.child.err}`.includes(secret));
  });

  for (const era of ['legacy', 'modern']) {
    test(`the official client finds the provider, registers there, and its person signs in: ${era}`, async () => {
      const kit = era === 'modern' ? peer('@modelcontextprotocol/client') : { ...peer('@modelcontextprotocol/sdk/client/index.js'),
        ...peer('@modelcontextprotocol/sdk/client/streamableHttp.js') };
      const saved = {}; const registered = provider.registered.length;
      const store = { redirectUrl: kCallback, clientMetadata: { redirect_uris: [kCallback], client_name: era,
        application_type: 'native', token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'], scope: 'use' },
      clientInformation: () => saved.client, saveClientInformation: made => { saved.client = made; },
      tokens: () => saved.tokens, saveTokens: tokens => { saved.tokens = tokens; },
      codeVerifier: () => saved.verifier, saveCodeVerifier: verifier => { saved.verifier = verifier; },
      saveDiscoveryState: state => { saved.discovery = state; }, discoveryState: () => saved.discovery,
      redirectToAuthorization: url => { saved.address = url; } };
      const transport = () => new kit.StreamableHTTPClientTransport(new URL(door.resource), { authProvider: store });
      const made = () => new kit.Client({ name: 'weir-e2e', version: '1' }, {});
      const first = transport();
      await assert.rejects(made().connect(first));
      const back = await new Browser('ann').signIn(saved.address);
      await first.finishAuth(era === 'modern' ? back.searchParams : back.searchParams.get('code'));
      const second = made();
      await second.connect(transport());
      const { tools } = await second.listTools();
      assert.ok(tools.some(tool => tool.name === 'up__echo'));
      assert.equal(provider.registered.length, registered + 1);
      assert.equal(jose.decodeJwt(saved.tokens.access_token).aud, door.resource);
      await second.close();
    });
  }
});

describe('callers with opaque tokens of oidc-provider', { timeout: 180_000, ...kSkip }, () => {
  const agent = client('agent'); const gate = client('gate', []);
  let provider; let fixture; let door;
  const token = (account, resource = door.resource, scope) => provider.callerToken(agent, account, resource, scope);
  const revoke = one => provider.post('/token/revocation', { token: one }, agent);
  before(async () => {
    provider = await new IdentityProvider().start({ clients: [agent, gate], groups: kGroups });
    fixture = await startFixture('http_dual.mjs');
    door = await new Door().open(fixture, audience => ({ jwt: { issuer: provider.url, audience, leeway: '0s' },
      introspection: { url: `${provider.url}/token/introspection`, issuer: provider.url, audience,
        client_id: gate.client_id, client_secret: gate.client_secret } }), ['jwt', 'introspection']);
    resourcesOf(provider, door, 'opaque');
    provider.resources.set(`${door.resource}/signed`, { scope: 'use' });
  });
  after(() => stopAll(door, fixture, provider));

  doesWhatItMay(() => ({ door, token }));

  test('signed ones of the same provider are let in beside them', async () => {
    assert.equal((await token('ann')).split('.').length, 1);
    const signed = await token('ann', `${door.resource}/signed`);
    assert.equal(signed.split('.').length, 3);
    assert.equal(await door.enters(signed, '/mcp/signed'), 200);
  });

  test('what was revoked, what is made up and what is no access token is refused', async () => {
    const gone = await token('ann');
    assert.equal((await revoke(gone)).status, 200);
    assert.equal(await door.enters(gone), 401);
    const answer = await provider.callerTokens(agent, 'ann', door.resource, 'use offline_access');
    assert.equal(await door.enters(answer.access_token), 200);
    assert.equal(await door.enters(answer.refresh_token), 401);
    assert.equal(await door.enters(`${answer.access_token}x`), 401);
  });

  test('one that is known is refused after its revocation: at its own end at the latest', async () => {
    const at = '/mcp/short';
    const known = await token('ann', `${door.resource}/short`);
    assert.equal(await door.enters(known, at), 200);
    await revoke(known);
    await eventually('the refusal', async () => await door.enters(known, at) === 401, 4_000);
  });

  // The 60 s of a good answer pass on a virtual clock in weir_auth_test; here they really do, in the long run.
  if (kLong) {
    test('one that is known is refused within 60 s of its revocation', async () => {
      const known = await token('ann');
      assert.equal(await door.enters(known), 200);
      await revoke(known);
      const revoked = Date.now();
      while (await door.enters(known) === 200) {
        assert.ok(Date.now() - revoked < 65_000, 'refused within the time that answers are kept');
        await sleep(500);
      }
    });
  }
});

describe('callers with tokens of oauth2-mock-server', { timeout: 120_000, ...kSkip }, () => {
  let issuer; let fixture; let door; let changes = {}; let answer = { active: false };
  const now = () => Math.floor(Date.now() / 1000);
  /** From its token endpoint; the hook lays the claims over what it would say. */
  const token = async claims => {
    changes = { sub: 'ann', groups: ['eng'], aud: door.resource, ...claims };
    const got = await fetch(`${issuer.url}/token`, { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'use' }) });
    return (await got.json()).access_token;
  };
  before(async () => {
    issuer = await startIssuer();
    issuer.server.service.on('beforeTokenSigning', made => { Object.assign(made.payload, changes); });
    issuer.server.service.on('beforeIntrospect', made => { made.body = answer; });
    fixture = await startFixture('http_dual.mjs');
    door = await new Door().open(fixture, audience => ({ jwt: { issuer: issuer.url, audience, leeway: '0s' },
      introspection: { url: `${issuer.url}/introspect`, issuer: issuer.url, audience, client_id: 'gate', client_secret: 'any' } }),
    ['jwt', 'introspection']);
  });
  after(() => stopAll(door, fixture, issuer));

  test('each key that it adds signs in turn and is known', async () => {
    assert.equal(await door.enters(await token()), 200);
    await Promise.all(['ES256', 'EdDSA'].map(alg => issuer.server.issuer.keys.generate(alg)));
    const signed = new Set();
    for (let i = 0; i < 6; ++i) {
      const one = await token({ jti: `turn-${i}` });
      signed.add(jose.decodeProtectedHeader(one).alg);
      assert.equal(await door.enters(one), 200);
    }
    assert.deepEqual([...signed].sort(), ['ES256', 'EdDSA', 'RS256']);
  });

  test('what its hooks change counts: audience, issuer, times, scopes, groups', async () => {
    for (const [what, claims] of Object.entries({ audience: { aud: kOther }, issuer: { iss: 'https://other.example' },
      over: { exp: now() - 1 }, early: { nbf: now() + 60 } })) assert.equal(await door.enters(await token(claims)), 401, what);
    assert.deepEqual(await door.tools(await token({ groups: ['sales'] })), []);
    const ann = await token({ scope: 'use' });
    const other = (await door.tools(ann)).find(name => name !== 'up__echo');
    assert.match((await door.call(ann, other)).headers['www-authenticate'], /error="insufficient_scope", scope="more"/);
    assert.notEqual((await door.call(await token({ scope: 'use more' }), other)).status, 403);
  });

  test('its introspection decides about what only it can read', async () => {
    const good = { active: true, sub: 'ann', groups: ['eng'], aud: door.resource, scope: 'use', exp: now() + 60 };
    for (const [text, says, status] of [['opaque-1', good, 200], ['opaque-2', { ...good, active: false }, 401],
      ['opaque-3', { ...good, aud: kOther }, 401], ['opaque-4', { ...good, exp: now() - 1 }, 401],
      ['opaque-5', { ...good, sub: undefined }, 401], ['opaque-6', { active: 'yes' }, 503]]) {
      answer = says;
      assert.equal(await door.enters(text), status, text);
    }
  });
});
