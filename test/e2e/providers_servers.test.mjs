// Servers whose tokens a real oidc-provider gives to Weir, by each way that it knows; the servers believe only what the
// provider says of a token (its published keys, its introspection endpoint).
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, scratch, startFixture, startProgram, startWeir, stopAll } from './harness.mjs';
import { exchange, kExchange } from './provider_grants.mjs';
import { addressIn, Browser, IdentityProvider, jose, kCallback, ResourceServer } from './providers.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'there is no gateway' };
const kMachine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
const kPerson = { grant_types: ['authorization_code', 'refresh_token'], redirect_uris: [kCallback], application_type: 'native' };
const secretOf = id => `${id}: a secret + 100 % of it/`;
const known = (id, more) => ({ client_id: id, client_secret: secretOf(id), ...more });
const asWeir = (provider, id, more = {}) => ({ type: 'oauth', issuer: provider.url, client_id: id,
  client_secret: secretOf(id), ...more });

async function answer(weir, server, token) {
  return (await request(weir.port, { path: `/mcp/${server}`, headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo',
    ...(token && { Authorization: `Bearer ${token}` }) }),
  body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) })).json;
}
async function works(weir, server, token) {
  const result = (await answer(weir, server, token))?.result;
  return result?.content?.[0].text === 'hello' && !result.isError;
}
const statusOf = async (weir, name) => (await (await fetch(`${weir.admin}/api/v1/status`)).json()).servers.find(one => one.name === name);

describe('Weir by its own credentials at oidc-provider', { timeout: 120_000, ...kSkip }, () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: 'of-weir', use: 'sig', alg: 'ES256' };
  const gate = known('gate', kMachine);
  let provider; let fixture; let signed; let opaque; let short; let bound; let weir;
  before(async () => {
    provider = await new IdentityProvider().start({ nonces: true, clients: [gate,
      known('basic', { ...kMachine, token_endpoint_auth_method: 'client_secret_basic' }),
      known('post', { ...kMachine, token_endpoint_auth_method: 'client_secret_post' }),
      { client_id: 'key', ...kMachine, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } },
      known('narrow', { ...kMachine, scope: 'use' }),
      known('bound', { ...kMachine, dpop_bound_access_tokens: true })] });
    fixture = await startFixture('http_dual.mjs');
    signed = await new ResourceServer(provider).start(fixture);
    opaque = await new ResourceServer(provider, { format: 'opaque', client: gate }).start(fixture);
    short = await new ResourceServer(provider, { seconds: 2 }).start(fixture);
    bound = await new ResourceServer(provider).start(fixture);
    const unknown = await new ResourceServer(provider).start(fixture);
    provider.resources.delete(unknown.url);
    const auths = { basic: asWeir(provider, 'basic', { client_auth: 'basic' }), post: asWeir(provider, 'post', { client_auth: 'post' }),
      key: { type: 'oauth', issuer: provider.url, client_id: 'key', client_key_id: 'of-weir',
        client_key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) } };
    weir = await startWeir({}, { config: { servers: {
      ...Object.fromEntries(Object.entries(auths).map(([name, auth]) => [name, { url: signed.url, auth }])),
      opaque: { url: opaque.url, auth: asWeir(provider, 'basic') }, short: { url: short.url, auth: asWeir(provider, 'basic') },
      bound: { url: bound.url, auth: asWeir(provider, 'bound', { dpop: true }) },
      wrong: { url: signed.url, auth: { ...asWeir(provider, 'basic'), client_secret: 'not this one' } },
      narrow: { url: signed.url, auth: asWeir(provider, 'narrow', { scopes: ['use', 'admin'] }) },
      unknown: { url: unknown.url, auth: asWeir(provider, 'basic') } } } });
    after(() => unknown.stop());
  });
  after(() => stopAll(weir, bound, short, opaque, signed, fixture, provider));

  for (const [name, shown] of Object.entries({ basic: 'Authorization', post: 'client_secret', key: 'client_assertion' })) {
    test(`it shows itself by ${shown}, once, and the token is for the server`, async () => {
      await eventually('a call that works', () => works(weir, name));
      assert.deepEqual(await Promise.all(Array.from({ length: 10 }, () => works(weir, name))), Array(10).fill(true));
      const asked = provider.of('client_credentials').filter(one => one.client === name && one.params.resource === signed.url);
      assert.equal(asked.length, 1);
      const { resource, scope, ...params } = asked[0].params;
      assert.deepEqual({ resource, scope }, { resource: signed.url, scope: 'use' });
      assert.deepEqual(['client_secret', 'client_assertion'].filter(one => params[one] !== undefined), shown === 'Authorization' ? [] : [shown]);
      assert.deepEqual([...new Set(signed.seen.filter(one => one.client === name).map(one => one.scopes.join()))], ['use']);
    });
  }

  test('a token that is over soon is replaced before that, and no call fails', async () => {
    await eventually('a first call', () => works(weir, 'short'));
    const tokens = () => new Set(short.calls().map(one => one.token)).size;
    await eventually('a third token', async () => { assert.ok(await works(weir, 'short')); return tokens() >= 3; });
    assert.deepEqual(short.wrong, []);
  });

  test('a token that the provider has revoked is replaced within the call', async () => {
    await eventually('a first call', () => works(weir, 'opaque'));
    const before = opaque.seen.at(-1).token;
    assert.equal((await provider.post('/token/revocation', { token: before }, { client_id: 'basic', client_secret: secretOf('basic') })).status, 200);
    assert.ok(await works(weir, 'opaque'));
    assert.notEqual(opaque.seen.at(-1).token, before);
    assert.ok(opaque.wrong.length >= 1);
  });

  test('tokens are bound to its key, with the nonces that the provider wants', async () => {  // RFC 9449
    await eventually('a first call', () => works(weir, 'bound'));
    assert.deepEqual(await Promise.all(Array.from({ length: 10 }, () => works(weir, 'bound'))), Array(10).fill(true));
    assert.deepEqual(bound.wrong, []);
    const [{ jkt }] = bound.seen;
    assert.ok(jkt && bound.seen.every(one => one.jkt === jkt));
    const asked = provider.asked.filter(one => one.client === 'bound');
    assert.deepEqual(asked.map(one => one.ok), [false, true]);  // the first proof had no nonce yet
    assert.equal(jose.decodeJwt(asked[0].proof).nonce, undefined);
    assert.ok(jose.decodeJwt(asked[1].proof).nonce);
  });

  test('what the provider refuses is told as whose trouble it is', async () => {
    for (const [name, says] of Object.entries({ wrong: /invalid_client/, narrow: /invalid_scope/, unknown: /invalid_target/ })) {
      const told = JSON.stringify([await answer(weir, name), await statusOf(weir, name)]);
      assert.match(told, says, `${name}: ${told}`);
      assert.equal(await works(weir, name), false);
    }
  });

  test('no secret is in the log', () => {  // T-58
    const log = `${weir.child.out}${weir.child.err}`;
    for (const text of [...['basic', 'post', 'bound'].map(secretOf), ...[...signed.seen, ...opaque.seen].map(one => one.token)]) {
      assert.equal(log.includes(text), false);
    }
  });
});

describe('a refresh token of oidc-provider that changes with each use', { timeout: 60_000, ...kSkip }, () => {
  const agent = known('agent', kPerson);
  const file = join(scratch(), 'refresh');
  let provider; let fixture; let guarded; let weir; let first;
  const start = () => startWeir({}, { config: { servers: { web: { url: guarded.url, auth: asWeir(provider, 'agent',
    { grant: 'refresh_token', refresh_token: first.refresh_token, refresh_file: file }) } } } });
  before(async () => {
    provider = await new IdentityProvider().start({ clients: [agent], changes: { rotateRefreshToken: true } });
    fixture = await startFixture('http_dual.mjs');
    guarded = await new ResourceServer(provider, { seconds: 2 }).start(fixture);
    first = await provider.callerTokens(agent, 'ann', guarded.url, 'use offline_access');
    weir = await start();
  });
  after(() => stopAll(weir, guarded, fixture, provider));

  test('the chain goes on over ends of tokens and a restart', async () => {  // F-31
    await eventually('three renewals', async () => (await works(weir, 'web'), provider.of('refresh_token').length >= 3));
    await weir.stop();
    const before = provider.of('refresh_token').length;
    weir = await start();
    await eventually('a renewal after the restart', async () => (await works(weir, 'web'), provider.of('refresh_token').length > before));
    const used = provider.of('refresh_token').map(one => one.params.refresh_token);
    assert.equal(new Set(used).size, used.length);
    assert.equal(used[0], first.refresh_token);
    assert.deepEqual(provider.refused, []);  // it ends the whole grant when one is used twice
    assert.deepEqual([...new Set(guarded.seen.map(one => one.sub))], ['ann']);
  });

  test('its end at the provider is told', async () => {
    const current = readFileSync(file, 'utf8').split('\n')[2];
    assert.equal((await provider.post('/token/revocation', { token: current }, agent)).status, 200);
    await eventually('the end', async () => /sign-in at the server has ended/.test(JSON.stringify(await answer(weir, 'web'))));
  });
});

for (const dpop of [false, true]) {
  describe(`a person signs in at oidc-provider${dpop ? ', tokens bound to a key' : ''}`, { timeout: 120_000, ...kSkip }, () => {
    const state = scratch(); const env = { XDG_STATE_HOME: state };
    const file = join(state, 'weir/sign-ins/web.json');
    let provider; let fixture; let guarded; let weir;
    const kept = () => JSON.parse(readFileSync(file, 'utf8'));
    const start = () => startWeir({}, { env, config: { observability: { log: { level: 'debug' } },
      servers: { web: { url: guarded.url, auth: { type: 'oauth', grant: 'authorization_code', ...(dpop && { dpop }) } } } } });
    /** Runs the command; `person` gets the address that it prints. */
    const command = async (args, person = async () => {}) => {
      const child = startProgram(['server', ...args, '--config', weir.file], { env });
      if (args[0] === 'login') {
        const url = await eventually('an address to sign in at', () => child.end ? 'ended' : addressIn(child.out), 20_000);
        if (url !== 'ended') await person(url, child).catch(error => { child.process.kill(); throw error; });
      }
      const { code } = await child.exited;
      return { code, out: child.out, err: child.err };
    };
    /** A whole browser: ends at the page that Weir itself shows. */
    const ann = async (url, browser = new Browser('ann')) => {
      const back = await browser.signIn(url);
      return { page: await (await fetch(back)).text(), back, browser };
    };
    before(async () => {
      provider = await new IdentityProvider().start({ nonces: dpop, changes: { rotateRefreshToken: true } });
      fixture = await startFixture('http_dual.mjs');
      guarded = await new ResourceServer(provider).start(fixture);
      weir = await start();
    });
    after(() => stopAll(weir, guarded, fixture, provider));

    test('by registration, sign-in page, consent, and the loopback', async () => {  // P105
      let seen;
      const end = await command(['login', 'web'], async url => { seen = await ann(url); });
      assert.equal(end.code, 0, end.err);
      assert.match(end.out, /Signed in at `web`, scopes: use\./);
      assert.doesNotMatch(end.out, /nothing to renew/);
      assert.match(seen.page, /You can close this page/);
      assert.deepEqual(seen.browser.pages, ['login', 'consent']);
      assert.equal(seen.back.searchParams.get('iss'), provider.url);
      assert.equal(provider.registered.length, 1);
      const { application_type: type, token_endpoint_auth_method: method, client_name: name } = provider.registered[0];
      assert.deepEqual({ type, method, name }, { type: 'native', method: 'none', name: 'Weir' });
      await eventually('a call that works', () => works(weir, 'web'));
      const { token, sub, client, jkt } = guarded.calls().at(-1);
      assert.deepEqual([token, sub, client], [kept().access_token, 'ann', provider.registered[0].client_id]);
      assert.equal(Boolean(jkt), dpop);
      assert.equal(jkt ?? '', kept().bound_key ?? '');
    });

    test('a scope more is asked for when the server wants it, as a client that may have it', async () => {
      guarded.wanted = ['use', 'admin'];
      assert.match(JSON.stringify(await answer(weir, 'web')), /weir server login web --scope use --scope admin/);
      const end = await command(['login', 'web', '--scope', 'admin'], url => ann(url));
      assert.equal(end.code, 0, end.err + end.out);
      await eventually('a call that works', () => works(weir, 'web'));
      assert.deepEqual(guarded.calls().at(-1).scopes, ['use', 'admin']);
      const registered = provider.registered.length;
      assert.equal((await command(['login', 'web'], url => ann(url))).code, 0);
      assert.equal(provider.registered.length, registered);  // the same client again
      guarded.wanted = ['use'];
    });

    test('its tokens are renewed, each refresh token once, over a restart too', async () => {  // F-31
      guarded.seconds = 2;
      provider.resources.get(guarded.url).seconds = 2;
      assert.equal((await command(['login', 'web'], url => ann(url))).code, 0);
      const first = kept();
      const count = () => provider.of('refresh_token').length;
      await eventually('two renewals', async () => (await works(weir, 'web'), count() >= 2));
      await weir.stop();
      weir = await start();
      const before = count();
      await eventually('a renewal after the restart', async () => (await works(weir, 'web'), count() > before));
      provider.resources.get(guarded.url).seconds = 3600;
      await eventually('a long token', async () => await works(weir, 'web') && jose.decodeJwt(kept().access_token).exp > Date.now() / 1000 + 60);
      const used = provider.of('refresh_token').map(one => one.params.refresh_token);
      assert.equal(new Set(used).size, used.length);
      assert.equal(kept().id, first.id);
      assert.equal(kept().bound_key, first.bound_key);
      assert.deepEqual([...new Set(guarded.seen.slice(-3).map(one => one.jkt ?? ''))], [first.bound_key ?? '']);
    });

    test('where there is no browser the address is pasted', async () => {
      const end = await command(['login', 'web', '--paste'], async (url, child) => {
        const back = await new Browser('bob').signIn(url);
        child.process.stdin.write(`${back}\n`);
      });
      assert.equal(end.code, 0, end.err);
      await eventually('calls in another name', async () => await works(weir, 'web') && guarded.calls().at(-1).sub === 'bob');
    });

    test('a person who does not agree leaves what is kept as it was', async () => {
      const before = readFileSync(file, 'utf8');
      const end = await command(['login', 'web'], url => ann(url, new Browser('ann', { agrees: false })));
      assert.equal(end.code, 77);
      assert.match(end.err, /access_denied/);
      assert.equal(readFileSync(file, 'utf8'), before);
    });

    test('a sign-out ends it at the provider', async () => {
      const { refresh_token: token } = kept();
      assert.ok(await provider.provider.RefreshToken.find(token));
      assert.equal((await command(['logout', 'web'])).code, 0);
      assert.equal(await provider.provider.RefreshToken.find(token), undefined);
      assert.equal(existsSync(file), false);
      await eventually('needs sign-in', async () => /^needs sign-in/.test((await statusOf(weir, 'web')).cause));
    });

    test('nothing was refused by mistake, and no secret is in the log', () => {
      const refused = provider.refused.filter(one => !/nonce/.test(one.error));
      assert.deepEqual(refused, []);
      assert.deepEqual(guarded.wrong.filter(why => !/exp/.test(why)), []);
      const log = `${weir.child.out}${weir.child.err}`;
      for (const { token } of guarded.seen) assert.ok(!log.includes(token.split('.')[2]));
    });
  });
}

describe('what callers have shown is exchanged at oidc-provider', { timeout: 60_000, ...kSkip }, () => {
  const agent = known('agent', kPerson); const weirs = known('weir', { ...kMachine, grant_types: ['client_credentials', kExchange] });
  const kAudience = 'https://mcp.example.com/mcp';
  let provider; let fixture; let guarded; let weir;
  before(async () => {
    provider = new IdentityProvider();
    provider.grants = exchange(provider, kAudience);
    await provider.start({ clients: [agent, weirs] });
    provider.resources.set(kAudience, { scope: 'use' });
    fixture = await startFixture('http_dual.mjs');
    guarded = await new ResourceServer(provider).start(fixture);
    weir = await startWeir({}, { listener: { auth: ['jwt'] }, config: { auth: { jwt: { issuer: provider.url, audience: kAudience } },
      servers: { web: { url: guarded.url, auth: { ...asWeir(provider, 'weir'), type: 'exchange' } } } } });
  });
  after(() => stopAll(weir, guarded, fixture, provider));

  test('each caller comes with a token of their own, which is for the server', async () => {  // R-001, T-59
    const shown = {};
    for (const account of ['ann', 'bob']) shown[account] = await provider.callerToken(agent, account, kAudience);
    for (const account of ['ann', 'bob', 'ann', 'ann']) assert.ok(await works(weir, 'web', shown[account]));
    assert.deepEqual(guarded.calls().map(one => [one.sub, one.client]), ['ann', 'bob', 'ann', 'ann'].map(sub => [sub, 'weir']));
    assert.equal(provider.of(kExchange).length, 2);
    for (const { token } of guarded.seen) assert.ok(!Object.values(shown).includes(token));
    assert.deepEqual(guarded.wrong, []);
  });
});
