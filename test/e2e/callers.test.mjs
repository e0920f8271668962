// Who may call: a real identity provider signs tokens, Weir lets their bearers in as its policies say.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { peer } from '../fixtures/peers.mjs';
import { direct, eventually, fixtureDir, freePort, scratch, startFixture, startWeir, stopAll } from './harness.mjs';
import { kAudience, startIssuer, startTap } from './issuers.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

describe('callers with access tokens', { timeout: 120_000, skip: direct && 'there is no gateway' }, () => {
  let issuer, fixture, tap, weir;
  before(async () => {
    issuer = await startIssuer();
    fixture = await startFixture('http_dual.mjs');
    tap = await startTap(fixture.port);
    weir = await startWeir({ up: { url: tap.url }, hidden: { url: fixture.url } }, {
      listener: { auth: ['jwt'] },
      config: { auth: { jwt: { issuer: issuer.url, audience: kAudience } },
        policies: [{ who: 'group:eng', allow: ['up.echo'] },
          { who: 'group:eng', allow: ['up.*'], deny: ['hidden.*'], scopes: ['mcp:more'] }] } });
  });
  after(() => stopAll(weir, tap, fixture, issuer));

  const ask = (token, method, params = {}, more = {}, path = '/mcp') => request(weir.port, { path,
    headers: { ...modernHeaders(method, more), ...(token && { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(rpc(method, withMeta(params))) });
  const list = async token => (await ask(token, 'tools/list')).json.result.tools.map(tool => tool.name);
  const call = (token, name) => ask(token, 'tools/call', { name, arguments: { text: 'hi' } }, { 'Mcp-Name': name });

  test('without a token, and with a bad one, they are told where to get one', async () => {
    const none = await ask('', 'tools/list');
    assert.equal(none.status, 401);
    assert.equal(none.headers['www-authenticate'],
      'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"');
    const bad = await ask('nonsense', 'tools/list');
    assert.equal(bad.status, 401);
    assert.match(bad.headers['www-authenticate'], /^Bearer error="invalid_token", resource_metadata="/);
  });

  test('the metadata of each endpoint is there for everybody', async () => {
    for (const [path, resource] of [['', kAudience], ['/mcp', kAudience], ['/mcp/up', `${kAudience}/up`]]) {
      const page = await request(weir.port, { method: 'GET', path: `/.well-known/oauth-protected-resource${path}`,
        headers: { Origin: 'https://anywhere.example' } });
      assert.equal(page.status, 200);
      assert.equal(page.headers['access-control-allow-origin'], '*');
      const { resource: named, authorization_servers: servers } = page.json;
      assert.deepEqual({ named, servers }, { named: resource, servers: [issuer.url] });
    }
  });

  test('a good token is let in and sees what the policies allow', async () => {
    const names = await list(await issuer.token());
    assert.ok(names.includes('up__echo'), names.join());
    assert.ok(!names.some(name => name.startsWith('hidden__')), names.join());
    const answer = await call(await issuer.token(), 'up__echo');
    assert.equal(answer.status, 200);
    assert.ok(answer.json.result, answer.body);
  });

  // Before tokens of made-up keys are tried: those have the keys fetched too, and that only once in 30 s.
  test('a new signing key is known after one fetch, and the issuer may go away', async () => {
    const before = await issuer.token();
    const { kid } = await issuer.server.issuer.keys.generate('ES256');
    assert.equal((await ask(await issuer.token({}, { kid }), 'tools/list')).status, 200);
    const { port } = issuer.server.address();
    const later = await issuer.token({ jti: 'later' });
    await issuer.stop();
    assert.equal((await ask(before, 'tools/list')).status, 200);
    assert.equal((await ask(later, 'tools/list')).status, 200);
    await issuer.server.start(port, 'localhost');
  });

  test('nobody else is', async () => {
    const now = Math.floor(Date.now() / 1000);
    const stranger = await startIssuer();
    try {
      for (const [what, token] of Object.entries({
        audience: issuer.token({ aud: 'https://other.example/mcp' }), none: issuer.token({ aud: undefined }),
        expired: issuer.token({ exp: now - 100 }), early: issuer.token({ nbf: now + 100 }),
        nobody: issuer.token({ sub: undefined }), issuer: issuer.token({ iss: 'https://evil.example' }),
        type: issuer.token({}, { header: { typ: 'dpop+jwt' } }),
        key: stranger.token({ iss: issuer.url }) })) {
        const { status } = await ask(await token, 'tools/list');
        assert.equal(status, 401, what);
      }
      const [head, body, signature] = (await issuer.token()).split('.');
      const forged = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url')), sub: 'root' }));
      assert.equal((await ask(`${head}.${body}.${signature}`, 'tools/list')).status, 200);
      assert.equal((await ask(`${head}.${forged.toString('base64url')}.${signature}`, 'tools/list')).status, 401);
    } finally {
      await stranger.stop();
    }
  });

  test('what is denied is refused, and a missing scope is named', async () => {
    const denied = await call(await issuer.token(), 'hidden__echo');
    assert.equal(denied.status, 403);
    assert.equal(denied.json.error.code, 4030);
    assert.equal(denied.headers['www-authenticate'], undefined);
    const more = (await list(await issuer.token())).find(name => name !== 'up__echo');
    const lacking = await call(await issuer.token(), more);
    assert.equal(lacking.status, 403);
    assert.match(lacking.headers['www-authenticate'],
      /^Bearer error="insufficient_scope", scope="mcp:more", resource_metadata="/);
    const stepped = await call(await issuer.token({ scope: 'mcp:more' }), more);
    assert.notEqual(stepped.status, 403);
    const other = await issuer.token({ groups: ['sales'] });
    assert.deepEqual(await list(other), []);
    assert.equal((await call(other, 'up__echo')).status, 403);
  });

  test('a token for one server opens that endpoint only', async () => {
    const token = await issuer.token({ aud: `${kAudience}/up` });
    assert.equal((await ask(token, 'tools/list', {}, {}, '/mcp/up')).status, 200);
    assert.equal((await ask(token, 'tools/list')).status, 401);
    assert.equal((await ask(token, 'tools/list', {}, {}, '/mcp/hidden')).status, 401);
  });

  test('no token of a caller reached a server', async () => {
    const token = await issuer.token({ jti: 'canary' });
    await call(token, 'up__echo');
    await eventually('the server to be called', () => tap.text().includes('tools/call'));
    const sent = tap.text();
    assert.ok(!sent.includes(token));
    assert.ok(!sent.includes(token.split('.')[2]));
    assert.ok(!/\r\nauthorization:/i.test(sent));
    assert.ok(!(weir.child.out + weir.child.err).includes(token.split('.')[2]));
  });
});

describe('a server that fails, with another one to stand in', { timeout: 60_000, skip: direct && 'there is no gateway' }, () => {
  let issuer, weir;
  before(async () => {
    issuer = await startIssuer();
    const tools = join(scratch(), 'tools.json');
    writeFileSync(tools, JSON.stringify([{ name: 'look', inputSchema: { type: 'object' } }]));
    const program = (...more) => ({ command: process.execPath, args: [join(fixtureDir, 'turning_server.mjs'), tools, ...more] });
    weir = await startWeir({}, { listener: { auth: ['jwt'] }, config: {
      auth: { jwt: { issuer: issuer.url, audience: kAudience } },
      servers: { docs: program('failing'), mirror: program() },
      degradation: { docs: { fallback: [{ server: 'mirror' }], retry: { idempotent: ['*'] } } } } });
  });
  after(() => stopAll(weir, issuer));

  test('does so only for tokens that are for that one too', async () => {
    const result = async aud => (await request(weir.port, { path: '/mcp/docs',
      headers: { ...modernHeaders('tools/call', { 'Mcp-Name': 'look' }), Authorization: `Bearer ${await issuer.token({ aud })}` },
      body: JSON.stringify(rpc('tools/call', withMeta({ name: 'look', arguments: {} }))) })).json.result;
    for (const aud of [kAudience, [`${kAudience}/docs`, `${kAudience}/mirror`]]) {
      assert.equal((await result(aud)).content[0].text, 'called look', String(aud));
    }
    const alone = await result(`${kAudience}/docs`);
    assert.equal(alone.isError, true);
    assert.ok(!JSON.stringify(alone).includes('called look'));
  });
});

describe('an issuer that cannot be reached', { timeout: 60_000, skip: direct && 'there is no gateway' }, () => {
  test('its callers are told to wait, keys still open, and it is noticed when it comes', async () => {
    const port = await freePort();
    const fixture = await startFixture('http_dual.mjs');
    const weir = await startWeir({ up: fixture }, { listener: { auth: ['jwt', 'keys'] }, config: { auth: {
      jwt: { issuer: `http://localhost:${port}`, audience: kAudience },
      keys: [{ name: 'ci', hash: 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' }] } } });
    const ask = async token => (await request(weir.port, { headers: { ...modernHeaders('tools/list'),
      Authorization: `Bearer ${token}` }, body: JSON.stringify(rpc('tools/list', withMeta())) })).status;
    let issuer;
    try {
      const early = await startIssuer(port);
      const token = await early.token();
      const jwk = early.server.issuer.keys.toJSON(true)[0];
      await early.stop();
      assert.equal(await ask('abc'), 200);
      const status = await ask(token);
      assert.ok(status === 503 || status === 200, String(status));
      issuer = await startIssuer(port);
      await issuer.server.issuer.keys.add(jwk);
      await eventually('its tokens to be accepted', async () => (await ask(await issuer.token())) === 200, 40_000);
      assert.match(weir.child.out + weir.child.err, status === 503 ? /no keys of issuer/ : /./);
    } finally {
      await stopAll(weir, fixture, issuer);
    }
  });
});

describe('the official clients and a person', { timeout: 120_000, skip: direct && 'there is no gateway' }, () => {
  const kits = {
    legacy: { ...peer('@modelcontextprotocol/sdk/client/index.js'),
      ...peer('@modelcontextprotocol/sdk/client/streamableHttp.js') },
    modern: peer('@modelcontextprotocol/client'),
  };

  for (const [era, kit] of Object.entries(kits)) {
    test(`${era}: the challenge leads to the issuer, and its token back to the tools`, async () => {
      const port = await freePort();
      const resource = `http://127.0.0.1:${port}/mcp`;
      const issuer = await startIssuer();
      const fixture = await startFixture('http_dual.mjs');
      const weir = await startWeir({ up: fixture }, {
        listener: { bind: `127.0.0.1:${port}`, auth: ['jwt'] },
        config: { auth: { jwt: { issuer: issuer.url, audience: resource } } } });
      const asked = [];
      issuer.server.service.on('beforeTokenSigning', (token, request) => {
        asked.push(request.body.resource);
        Object.assign(token.payload, { aud: request.body.resource, sub: 'ann' });
      });
      const saved = {};
      let address;
      const provider = {
        redirectUrl: 'http://127.0.0.1:9/callback', clientMetadata: { redirect_uris: ['http://127.0.0.1:9/callback'] },
        clientInformation: () => ({ client_id: 'someone' }),
        tokens: () => saved.tokens, saveTokens: tokens => { saved.tokens = tokens; },
        codeVerifier: () => saved.verifier, saveCodeVerifier: verifier => { saved.verifier = verifier; },
        saveDiscoveryState: state => { saved.discovery = state; }, discoveryState: () => saved.discovery,
        redirectToAuthorization: url => { address = url; } };
      const transport = () => new kit.StreamableHTTPClientTransport(new URL(resource), { authProvider: provider });
      const client = () => new kit.Client({ name: 'weir-e2e', version: '1' }, {});
      try {
        const first = transport();
        await assert.rejects(client().connect(first));
        assert.ok(address, 'the client found the issuer');
        const there = await fetch(address, { redirect: 'manual' });
        const back = new URL(there.headers.get('location'));
        await first.finishAuth(era === 'modern' ? back.searchParams : back.searchParams.get('code'));
        const second = client();
        await second.connect(transport());
        const { tools } = await second.listTools();
        assert.ok(tools.some(tool => tool.name === 'up__echo'));
        assert.deepEqual([...new Set(asked)], [resource]);
        await second.close();
      } finally {
        await stopAll(weir, fixture, issuer);
      }
    });
  }
});
