// What a restart leaves as it was, and what needs none, at real providers: a DPoP key that is kept in a file, a person's
// sign-in with it, and the token that a platform gives Weir, which is replaced in its file.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, scratch, startFixture, startProgram, startWeir, stopAll } from './harness.mjs';
import { startIssuer } from './issuers.mjs';
import { kJwtBearer, workloads } from './provider_grants.mjs';
import { addressIn, Browser, IdentityProvider, jose, ResourceServer } from './providers.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'there is no gateway' };

async function answer(weir, server) {
  return (await request(weir.port, { path: `/mcp/${server}`, headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo' }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) })).json;
}
async function works(weir, server) {
  const result = (await answer(weir, server))?.result;
  return result?.content?.[0].text === 'hello' && !result.isError;
}
/** Replaces a file as a whole. */
function put(file, text) {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

describe('a DPoP key in a file, and restarts', { timeout: 60_000, ...kSkip }, () => {
  const env = { XDG_STATE_HOME: scratch() };
  const keyFile = join(scratch(), 'proofs.pem');
  let provider; let fixture; let machine; let fresh; let person; let weir; let thumbprint;
  async function newKey() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    put(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    thumbprint = await jose.calculateJwkThumbprint(publicKey.export({ format: 'jwk' }));
  }
  const start = () => {
    const dpop = { dpop: true, dpop_key: `\${file:${keyFile}}` };
    const own = { type: 'oauth', issuer: provider.url, client_id: 'weir', client_secret: 'a secret' };
    return startWeir({}, { env, config: { servers: { machine: { url: machine.url, auth: { ...own, ...dpop } },
      fresh: { url: fresh.url, auth: { ...own, dpop: true } },
      person: { url: person.url, auth: { type: 'oauth', grant: 'authorization_code', ...dpop } } } } });
  };
  const restart = async () => { await weir.stop(); weir = await start(); };
  const keysOf = server => [...new Set(server.calls().map(one => one.jkt))];
  async function signIn() {
    const child = startProgram(['server', 'login', 'person', '--config', weir.file], { env });
    try {
      const url = await eventually('an address to sign in at', () => addressIn(child.out), 20_000);
      await fetch(await new Browser('ann').signIn(url));
    } catch (error) {
      child.process.kill();
      throw error;
    }
    assert.equal((await child.exited).code, 0, child.err);
  }
  before(async () => {
    await newKey();
    provider = await new IdentityProvider().start({ nonces: true, clients: [{ client_id: 'weir', client_secret: 'a secret',
      grant_types: ['client_credentials'], redirect_uris: [], response_types: [], dpop_bound_access_tokens: true }] });
    fixture = await startFixture('http_dual.mjs');
    [machine, fresh] = await Promise.all([0, 1].map(() => new ResourceServer(provider).start(fixture)));
    person = await new ResourceServer(provider, { seconds: 2 }).start(fixture);
    weir = await start();
  });
  after(() => stopAll(weir, person, fresh, machine, fixture, provider));

  test('tokens are of the kept key before and after; without one each start has its own', async () => {
    for (const name of ['machine', 'fresh']) await eventually(`a call of ${name}`, () => works(weir, name));
    await restart();
    for (const name of ['machine', 'fresh']) await eventually(`a call of ${name}`, () => works(weir, name));
    assert.deepEqual(keysOf(machine), [thumbprint]);
    assert.equal(keysOf(fresh).length, 2);
    assert.equal(new Set(machine.calls().map(one => one.token)).size, 2);
    assert.deepEqual([machine.wrong, fresh.wrong], [[], []]);
  });

  test('a sign-in that is bound to it works on, and is renewed, after a restart', async () => {
    await signIn();
    await eventually('a call', () => works(weir, 'person'));
    const registered = provider.registered.length;
    await restart();
    const before = provider.of('refresh_token').length;
    await eventually('a renewal', async () => await works(weir, 'person') && provider.of('refresh_token').length > before);
    assert.equal(provider.registered.length, registered);
    assert.deepEqual(keysOf(person), [thumbprint]);
  });

  test('with another key the sign-in is over, with the cure', async () => {
    await weir.stop();
    await newKey();
    weir = await start();
    const told = async () => JSON.stringify(await (await fetch(`${weir.admin}/api/v1/status`)).json());
    await eventually('the cause', async () => /needs sign-in: run `weir server login person` \(the sign-in was made with another `dpop_key`\)/.test(await told()));
    await signIn();
    await eventually('a call', () => works(weir, 'person'));
    assert.equal(person.calls().at(-1).jkt, thumbprint);
  });
});

describe('the word of a platform that is replaced in its file', { timeout: 60_000, ...kSkip }, () => {
  const file = join(scratch(), 'token'); const strays = join(scratch(), 'token');
  let platform; let provider; let fixture; let guarded; let weir;
  /** What the platform says of Weir: written as a whole, as Kubernetes does. */
  const write = async (jti, more = {}, key = {}, to = file) => put(to, `${await platform.token({ sub: 'system:weir', aud: provider.url, jti, ...more }, key)}\n`);
  const used = () => provider.of(kJwtBearer).map(one => jose.decodeJwt(one.params.assertion).jti);
  before(async () => {
    platform = await startIssuer();
    provider = new IdentityProvider();
    provider.grants = workloads(provider, platform);
    await provider.start({ clients: [{ client_id: 'weir', token_endpoint_auth_method: 'none', grant_types: [kJwtBearer],
      redirect_uris: [], response_types: [] }] });
    fixture = await startFixture('http_dual.mjs');
    guarded = await new ResourceServer(provider, { seconds: 2 }).start(fixture);
    await write('first');
    await write('foreign', { aud: 'https://other.example' }, {}, strays);
    const auth = { type: 'oauth', grant: 'jwt_bearer', client_id: 'weir' };
    weir = await startWeir({}, { config: { servers: { web: { url: guarded.url, auth: { ...auth, assertion_file: file } },
      stray: { url: guarded.url, auth: { ...auth, assertion_file: strays } } } } });
    await eventually('a call', () => works(weir, 'web'));
  });
  after(() => stopAll(weir, guarded, fixture, provider, platform));

  test('the next token is asked for with the new one, also of a new key, and no call fails', async () => {
    assert.deepEqual([...new Set(used())], ['first']);
    await write('second');
    await eventually('its use', async () => { assert.ok(await works(weir, 'web')); return used().includes('second'); });
    const { kid } = await platform.server.issuer.keys.generate('ES256');
    await write('third', {}, { kid });
    await eventually('its use', async () => { assert.ok(await works(weir, 'web')); return used().includes('third'); });
    assert.deepEqual(used().filter((one, i, all) => one !== all[i - 1]), ['first', 'second', 'third']);
    assert.deepEqual([...new Set(guarded.calls().map(one => one.sub))], ['system:weir']);
    assert.deepEqual(provider.refused, []);
  });

  test('one that is over, or for somebody else, is not sent; the next good one is taken', async () => {
    const asked = () => provider.asked.map(one => one.params.assertion && jose.decodeJwt(one.params.assertion).jti);
    await write('over', { exp: Math.floor(Date.now() / 1000) - 1 });
    await eventually('the cause', async () => /has to renew it/.test(JSON.stringify(await answer(weir, 'web'))));
    await write('good');
    await eventually('a call', () => works(weir, 'web'), 20_000);
    assert.ok(used().includes('good'));
    assert.equal(await works(weir, 'stray'), false);
    const told = JSON.stringify(await (await fetch(`${weir.admin}/api/v1/status`)).json());
    assert.match(told, /the assertion is for another audience than this issuer/);
    assert.ok(!asked().includes('over') && !asked().includes('foreign'));
  });
});
