// Credentials with unmistakable values through every way that Weir has for them: after their end none is left in its
// memory, be it a token that Weir was given, a caller's own or a secret that another one replaced; none ever is in a
// log, page, answer, child or file, and a Weir that dies leaves no core (T-58, R-011, F-10, F-57).
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startVault } from '../fixtures/vault_double.mjs';
import { Authority } from './authorities.mjs';
import { descendants, direct, eventually, freePort, killAll, scratch, sleep, startProgram, startWeir, stopAll,
  writeConfig } from './harness.mjs';
import { occurrences, unreadable } from './heap.mjs';
import { modernHeaders, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway' };
const base64 = text => Buffer.from(text).toString('base64url');
// Each begins and ends the values of one kind that end while the test runs: the head of what is freed is overwritten …
const kShort = { exchanged: 'kurzExch7Q-', caller: 'kurzCall7Q-', file: 'kurzFile7Q-', vault: 'kurzVaul7Q-',
  client: 'kurzClie7Q-', child: 'kurzChil7Q-' };
const kSigned = 'kurzSign7Q-'; // … the first claim of a signed token does so, as it stands in the token …
const kSignedMark = base64(`{"jti":"${kSigned}`);
/** A beginning as it stands in memory: plain, and in base64 wherever it begins in what is encoded. */
const formsOf = text => [text, ...[0, 1, 2].map(at => Buffer.from('-'.repeat(at) + text).toString('base64')
  .slice(at && 4, Math.floor((at + text.length) / 3) * 4))];
const kLong = 'lang7Qx-'; // … and every one that is in use to the end
const kCallers = 40;
const kTokenLife = 4; // seconds
const kGoneMs = 60_000;
const kSignaturesSought = 8; // the end of a signed token is its own: each takes a look at all memory

const made = [];
const value = kind => {
  made.push(`${kind}${randomBytes(16).toString('hex')}${kind}`);
  return made.at(-1);
};

const bodyOf = async req => { const parts = []; for await (const part of req) parts.push(part); return Buffer.concat(parts).toString(); };
const closed = server => new Promise(done => { server.closeAllConnections(); server.close(done); });

/** Callers' tokens are introspected or signed here, Weir's own are made here; what it saw is kept. */
async function startIssuer(secret) {
  const issuer = { secrets: new Set([secret]), callers: new Map(), tokens: new Set(), signatures: [], exchanged: 0, down: false };
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = createServer(async (req, res) => {
    const say = (status, body) => res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (req.url === '/keys') return say(200, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'ES256' }] });
    const form = new URLSearchParams(await bodyOf(req));
    if (issuer.down) return say(503, { error: 'temporarily_unavailable' });
    const [name, shown] = Buffer.from((req.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString().split(':');
    if (name !== 'weir' || !issuer.secrets.has(shown)) return say(401, { error: 'invalid_client' });
    const now = Math.floor(Date.now() / 1000);
    if (req.url === '/introspect') {
      const caller = issuer.callers.get(form.get('token'));
      return say(200, caller ? { active: true, sub: caller.name, aud: 'weir', exp: caller.until, iat: now } : { active: false });
    }
    if (req.url !== '/token') return say(404, {});
    issuer.exchanged += form.get('grant_type').endsWith('token-exchange') ? 1 : 0;
    const token = value(kShort.exchanged);
    issuer.tokens.add(token);
    return say(200, { access_token: token, token_type: 'Bearer', expires_in: kTokenLife,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  issuer.url = `http://127.0.0.1:${server.address().port}`;
  issuer.caller = name => {
    const token = value(kShort.caller);
    issuer.callers.set(token, { name, until: Math.floor(Date.now() / 1000) + kTokenLife });
    return token;
  };
  issuer.signedCaller = name => {
    const jti = `${kSigned}${randomBytes(16).toString('hex')}`;
    const claims = { jti, iss: issuer.url, aud: 'weir', sub: name, exp: Math.floor(Date.now() / 1000) + kTokenLife };
    const text = `${base64('{"alg":"ES256","kid":"one"}')}.${base64(JSON.stringify(claims))}`;
    const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    issuer.signatures.push(signature);
    made.push(`${text}.${signature}`);
    return made.at(-1);
  };
  issuer.stop = () => closed(server);
  return issuer;
}

/** A modern server that lets in whoever `knows` their token. */
async function startServer(knows) {
  const results = {
    'server/discover': { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: { tools: {} },
      serverInfo: { name: 'guarded', version: '1' } },
    'tools/list': { resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools: [{ name: 'hello', inputSchema: { type: 'object' } }] },
    'tools/call': { resultType: 'complete', ttlMs: 60_000, cacheScope: 'private', content: [{ type: 'text', text: 'hello' }] },
  };
  const seen = new Set();
  const server = createServer(async (req, res) => {
    const text = await bodyOf(req);
    const shown = (req.headers.authorization ?? req.headers['x-api-key'] ?? '').replace(/^(Bearer |key-)/, '');
    if (!knows(shown)) return res.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    seen.add(shown);
    const { id, method } = JSON.parse(text);
    return res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result: results[method] }));
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, seen, stop: () => closed(server) };
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile()).map(entry => join(entry.path ?? entry.parentPath, entry.name));
}

describe('planted credentials', { timeout: 300_000, ...kSkip }, () => {
  const home = scratch();
  const bodies = [];
  const good = {};
  const authority = new Authority('callers trust this');
  const ports = {};
  let vault; let issuer; let exchange; let fromFile; let fromVault; let gate; let calls = 0;

  const putFile = (name, text) => { writeFileSync(join(home, `${name}.new`), text); renameSync(join(home, `${name}.new`), join(home, name)); };
  const put = { file: text => putFile('secret', text), vault: text => vault.put('mcp/x', { token: text }),
    client: text => { issuer.secrets.add(text); putFile('exchange-secret', text); }, child: text => putFile('child-secret', text) };
  const ofChild = kind => `${kind}${randomBytes(16).toString('hex')}${kind}`; // not `made`: its program has it
  const environments = () => descendants(gate.pid).map(({ pid }) => {
    try { return readFileSync(`/proc/${pid}/environ`, 'utf8'); } catch { return ''; } // it has just ended
  });
  const childOf = () => /KEY=([^\0]*)/.exec(environments().find(text => text.includes('OWN=own-variable')) ?? '')?.[1];
  const rotate = (kind, text) => { good[kind] = text; put[kind](text); };

  /** One call over a connection of its own, every other one with TLS; gives the status, keeps the body. */
  function call(server, credential, more = {}) {
    const text = JSON.stringify(rpc('tools/call', withMeta({ name: 'hello', arguments: { n: Math.random() } })));
    const [ask, door] = ++calls % 2 ? [httpRequest, `http://127.0.0.1:${ports.plain}`] : [httpsRequest, `https://127.0.0.1:${ports.tls}`];
    return new Promise((done, failed) => {
      const sent = ask(`${door}/mcp/${server}`, { method: 'POST', agent: false, ca: authority.pem, headers: { ...modernHeaders('tools/call', { 'Mcp-Name': 'hello' }),
        Connection: 'close', 'Content-Length': Buffer.byteLength(text), Authorization: `Bearer ${credential}`, ...more } }, async answer => {
        bodies.push(JSON.stringify(answer.headers), await bodyOf(answer));
        done(answer.statusCode === 200 && !/isError":true/.test(bodies.at(-1)) ? 200 : answer.statusCode === 200 ? 500 : answer.statusCode);
      });
      sent.on('error', failed).end(text);
    });
  }

  before(async () => {
    const clientSecret = value(kLong);
    const introspectionToken = value(kLong);
    vault = await startVault({ roleId: 'role', secretId: introspectionToken });
    issuer = await startIssuer(clientSecret);
    exchange = await startServer(token => issuer.tokens.has(token));
    fromFile = await startServer(token => token === good.file);
    fromVault = await startServer(token => token === good.vault);
    rotate('file', value(kShort.file));
    rotate('vault', value(kShort.vault));
    rotate('client', value(kShort.client));
    rotate('child', ofChild(kShort.child));
    writeFileSync(join(home, 'client-secret'), clientSecret);
    writeFileSync(join(home, 'secret-id'), introspectionToken);
    const fileRef = name => `\${file:${join(home, name)}}`;
    Object.assign(ports, { plain: await freePort(), tls: await freePort() });
    const auth = ['jwt', 'introspection'];
    const own = authority.issue('weir itself');
    gate = await startWeir({}, {
      config: {
        listeners: [{ name: 'plain', bind: `127.0.0.1:${ports.plain}`, auth },
          { name: 'tls', bind: `127.0.0.1:${ports.tls}`, auth, tls: { cert: own.certFile, key: own.keyFile } }],
        shutdown: { drain: '1s' },
        auth: { jwt: { issuer: issuer.url, audience: 'weir', jwks_url: `${issuer.url}/keys`, leeway: '0s' },
          resource: 'https://mcp.example.com/mcp', introspection: { url: `${issuer.url}/introspect`, client_id: 'weir', client_secret: fileRef('client-secret'),
          issuer: issuer.url, audience: 'weir' } },
        caching: { l2: { path: join(home, 'cache') } },
        secrets: { refresh: '1s', overlap: '1s', vault: { address: vault.address, namespace: 'team', mount: 'kv', role_id: 'role',
          secret_id: fileRef('secret-id') } },
        servers: {
          exchange: { url: exchange.url, auth: { type: 'exchange', token_url: `${issuer.url}/token`, client_id: 'weir',
            client_secret: fileRef('exchange-secret') } },
          file: { urls: [fromFile.url, `${fromFile.url}/other`], balance: 'hash:principal', headers: { 'X-Api-Key': `key-${fileRef('secret')}` } },
          vault: { url: fromVault.url, auth: { type: 'bearer', token: '${vault:mcp/x#token}' } },
          child: { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000);'], env: { OWN: 'own-variable', KEY: fileRef('child-secret') } },
        } },
      env: { HOME: home, WEIR_PLANTED: value(kLong),
        ASAN_OPTIONS: 'quarantine_size_mb=0:thread_local_quarantine_size_kb=0:detect_leaks=0' } });
  });
  after(() => stopAll(gate, vault, issuer, exchange, fromFile, fromVault).finally(killAll));

  test('all of them are in use', async () => {
    const callers = Array.from({ length: kCallers }, (_, i) => (i % 2 ? issuer.caller : issuer.signedCaller)(`caller-${i}`));
    for (const server of ['file', 'vault', 'exchange']) {
      await eventually(`a call to ${server}`, async () => await call(server, issuer.caller('first')) === 200);
    }
    const answers = await Promise.all(callers.flatMap(token => ['exchange', 'file', 'vault'].map(server => call(server, token))));
    assert.deepEqual([...new Set(answers)], [200]);
    assert.ok(issuer.exchanged >= kCallers, `${issuer.exchanged} exchanges`);
    assert.equal(await call('exchange', value(kShort.caller)), 401);
    assert.equal(await call('exchange', issuer.signedCaller('forged').slice(0, -9)), 401);
    issuer.down = true;
    assert.notEqual(await call('exchange', issuer.caller('late')), 200);
    issuer.down = false;
    const reason = unreadable(gate.pid);
    if (!reason) assert.ok(occurrences(gate.pid, 'kurz').found.length > 0, 'the scan finds what is in use');
  });

  test('after their end none is left in memory (T-58, R-011, F-10)', async t => {
    const reason = unreadable(gate.pid);
    if (reason) return t.skip(`the memory of another process cannot be read here (${reason})`);
    const before = childOf();
    rotate('child', ofChild(kLong));
    for (const [kind, server] of [['file', 'file'], ['vault', 'vault'], ['client', 'exchange']]) {
      const old = good[kind];
      rotate(kind, value(kLong));
      issuer.secrets.delete(old);
      await eventually(`the new secret of ${kind}`, async () => await call(server, issuer.caller('last')) === 200, 20_000);
    }
    await eventually('a child with the new secret', () => childOf() && childOf() !== before);
    const over = [...Object.values(kShort).flatMap(formsOf), kSignedMark, ...issuer.signatures.slice(-kSignaturesSought)];
    const left = () => over.flatMap(mark => occurrences(gate.pid, mark).found);
    await eventually('memory without them', () => left().length === 0, kGoneMs)
      .catch(() => assert.deepEqual(left().slice(0, 12), []));
    assert.ok(occurrences(gate.pid, kLong).found.length > 0, 'those in use are found');
    t.diagnostic(`of ${made.length} values those that are over are in 0 places`);
  });

  test('none is in a log, page, answer, child or file (T-58, F-57)', async () => {
    const pages = await Promise.all(['/metrics', '/api/v1/status', '/api/v1/secrets', '/api/v1/tools', '/api/v1/cache', '/readyz?verbose', '/nothing']
      .map(async path => (await fetch(gate.admin + path)).text()));
    const shown = [...pages, ...bodies, gate.child.out, gate.child.err].join('\n');
    assert.ok(shown.length > 10_000);
    assert.deepEqual(made.filter(one => shown.includes(one)), []);
    const below = environments();
    assert.ok(below.some(text => text.includes('OWN=own-variable')));
    assert.deepEqual(made.filter(one => below.some(text => text.includes(one))), []);
    const own = new Set(['secret', 'client-secret', 'exchange-secret', 'child-secret', 'secret-id'].map(name => join(home, name)));
    const files = filesBelow(home).filter(file => !own.has(file));
    assert.ok(files.length > 0, 'the cache and the pins are files');
    const texts = files.map(file => readFileSync(file));
    assert.deepEqual(made.filter(one => texts.some(text => text.includes(one))), []);
  });

  test('core dumps are off, and one that dies leaves none (T-58)', async () => {
    const cwd = scratch();
    const { file } = await writeConfig({}, { admin: { bind: `127.0.0.1:${await freePort()}` } });
    const dying = startProgram(['run', file], { cwd });
    await eventually('its start', () => /gateway\.start/.test(dying.err));
    assert.match(readFileSync(`/proc/${dying.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
    const end = await dying.stop('SIGABRT');
    assert.equal(end.signal, 'SIGABRT');
    assert.deepEqual(readdirSync(cwd), []);
    assert.deepEqual(filesBelow(home).filter(name => /core/.test(name)), []);
  });
});
