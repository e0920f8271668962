// The gateway proves who it is with a key instead of a secret (RFC 7523), at an issuer that checks each assertion.
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ExchangeIssuer, TokenServer, kAudience, makeKey } from '../fixtures/exchange_issuer.mjs';
import { direct, eventually, scratch, startWeir, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kKinds = { ed25519: ['ed25519', {}, 'EdDSA'], p256: ['ec', { namedCurve: 'P-256' }, 'ES256'],
  rsa: ['rsa', { modulusLength: 2048 }, 'RS256'] };

describe('a gateway with keys at its issuers', { timeout: 120_000, skip: direct && 'there is no gateway' }, () => {
  const folder = scratch();
  const keys = {};
  const servers = {};
  let issuer; let server; let weir;
  const put = (kind, text) => {
    writeFileSync(join(folder, `${kind}.new`), text, { mode: 0o600 });
    renameSync(join(folder, `${kind}.new`), join(folder, kind));
  };
  const call = async (name, token) => {
    const answer = await request(weir.port, { path: `/mcp/${name}`, body: JSON.stringify(rpc('tools/call', withMeta({ name: 'whoami', arguments: {} }))),
      headers: modernHeaders('tools/call', { 'Mcp-Name': 'whoami', Authorization: `Bearer ${token}` }) });
    return answer.json?.result?.isError ? answer.json.result.content[0].text : answer.json?.result?.content[0].text;
  };

  before(async () => {
    issuer = await new ExchangeIssuer().start();
    server = await new TokenServer(issuer).start();
    for (const [kind, [type, options]] of Object.entries(kKinds)) {
      keys[kind] = makeKey(kind, type, options);
      put(kind, kind === 'rsa' ? keys[kind].pem : JSON.stringify(keys[kind].jwk));
      servers[kind] = { url: server.url, auth: { type: 'exchange', issuer: issuer.url, client_id: 'weir',
        client_key: `\${file:${join(folder, kind)}}`, ...(kind === 'rsa' && { client_key_id: kind }) } };
    }
    servers.ps = { url: server.url, auth: { ...servers.rsa.auth, client_key_algorithm: 'PS256' } };
    servers.own = { url: server.url, auth: { ...servers.p256.auth, type: 'oauth' } };
    servers.bad = { url: server.url, auth: { ...servers.rsa.auth, client_key_algorithm: 'ES256' } };
    issuer.clientKeys = Object.values(keys).map(key => key.shown);
    weir = await startWeir({}, { listener: { auth: ['jwt'] },
      config: { servers, auth: { jwt: { issuer: issuer.url, audience: kAudience } } } });
    await eventually('a first call', async () => await call('p256', issuer.caller('first')) === 'first');
  });
  after(() => stopAll(weir, server, issuer));

  test('each kind of key, as PEM and as JSON Web Key, is believed', async () => {
    issuer.assertions.length = 0;
    for (const [name, alg] of [...Object.entries(kKinds).map(([kind, rest]) => [kind, rest[2]]), ['ps', 'PS256']]) {
      assert.equal(await call(name, issuer.caller(`ann-${name}`)), `ann-${name}`);
      const { header, payload } = issuer.assertions.at(-1);
      assert.deepEqual([header.alg, header.kid], [alg, name === 'ps' ? 'rsa' : name]);
      assert.deepEqual([payload.iss, payload.sub, payload.aud], ['weir', 'weir', issuer.url]);
      assert.ok(payload.exp - payload.iat <= 60);
    }
    assert.equal(await call('own', issuer.caller('ann')), 'the gateway');
    assert.deepEqual(issuer.refusals, []);
  });

  test('a key that is replaced in its file signs from then on, and no call fails', async () => {
    const next = makeKey('p256-next', 'ec', { namedCurve: 'P-256' });
    issuer.clientKeys.push(next.shown);
    put('p256', JSON.stringify(next.jwk));
    let calls = 0;
    await eventually('the new key', async () => {
      const sub = `user-${calls++}`;
      assert.equal(await call('p256', issuer.caller(sub)), sub);
      return issuer.assertions.at(-1).header.kid === 'p256-next';
    }, 20_000);
    assert.deepEqual(issuer.refusals, []);
  });

  test('an assertion that the issuer does not believe is told as the gateway\'s own trouble', async () => {
    issuer.clientKeys = issuer.clientKeys.filter(key => key.kid !== 'ed25519');
    assert.match(await call('ed25519', issuer.caller('bob')), /credential was rejected/);
  });

  test('a key that cannot sign so sets its server aside, with the cause', async () => {
    const { servers: all } = await (await fetch(`${weir.admin}/api/v1/status`)).json();
    const { state, cause } = all.find(({ name }) => name === 'bad');
    assert.equal(state, 'failed');
    assert.match(cause, /client_key: the private key is not one for ES256/);
  });

  test('no key and no assertion is in the log', () => {
    const log = `${weir.child.out}${weir.child.err}`;
    for (const { pem, jwk } of Object.values(keys)) {
      assert.equal(log.includes(jwk.d), false);
      assert.equal(log.includes(pem.split('\n')[1]), false);
    }
    assert.equal(/eyJ[\w-]+\.[\w-]+/.test(log), false);
  });
});
