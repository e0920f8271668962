// TLS on both sides: clients with a private authority to Weir, Weir with others to its servers; certificates that
// change while calls run; files that are wrong.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request as httpsRequest } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { Authority, startTlsDoor } from './authorities.mjs';
import { direct, eventually, none, scratch, sleep, startFixture, startProgram, startWeir, stopAll,
  writeConfig } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kCheck = '1s';
const kReadMs = 2_500;  // then the files have been read again
const whoami = server => ({ method: 'tools/call', params: { name: `${server}__whoami`, arguments: {} } });

/** One call over HTTPS on a connection of its own; gives {status, body, cert}. */
function callTls(port, { method, params }, { ca, identity, headers = {}, agent } = {}) {
  const body = JSON.stringify(rpc(method, withMeta(params)));
  return new Promise((done, failed) => {
    const sent = httpsRequest({ host: '127.0.0.1', port, path: '/mcp', method: 'POST', ca, agent: agent ?? false,
      cert: identity?.cert, key: identity?.key,
      headers: { ...modernHeaders(method, params.name && { 'Mcp-Name': params.name }), 'Content-Length': Buffer.byteLength(body), ...headers } },
    answer => {
      const cert = answer.socket.getPeerCertificate();
      let text = '';
      answer.on('data', chunk => { text += chunk; });
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, body: text, cert }));
      answer.on('error', failed);
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

describe('TLS on both sides', { timeout: 180_000, skip: direct && 'direct: there is no gateway' }, () => {
  const outside = new Authority('agents trust this');
  const upstream = new Authority('servers, before');
  const renewed = new Authority('servers, afterwards');
  const people = new Authority('callers');
  const me = upstream.issue('weir itself');
  const robot = people.issue('build robot');
  const files = scratch();
  const at = name => join(files, name);
  let fixture;
  let other;
  let door;
  let strict;
  let weir;

  const listenerCert = identity => {
    copyFileSync(identity.certFile, at('listener.pem'));
    copyFileSync(identity.keyFile, at('listener.key'));
  };
  const call = (server, more = {}) => callTls(weir.port, whoami(server), { ca: outside.pem, identity: robot, ...more });
  const metric = async name => {
    const text = await fetch(`${weir.admin}/metrics`).then(answer => answer.text());
    return Number(new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
  };

  before(async () => {
    fixture = await startFixture('http_dual.mjs', ['--id', 'first']);
    other = await startFixture('http_dual.mjs', ['--id', 'second']);
    door = await startTlsDoor(fixture, upstream.issue('first server'));
    strict = await startTlsDoor(other, renewed.issue('second server'), { clients: upstream.pem });
    writeFileSync(at('first-ca.pem'), upstream.pem);
    writeFileSync(at('second-ca.pem'), renewed.pem);
    copyFileSync(me.certFile, at('me.pem'));
    copyFileSync(me.keyFile, at('me.key'));
    copyFileSync(people.file, at('people.pem'));
    listenerCert(outside.issue('weir'));
    weir = await startWeir({}, {
      config: { tls: { check: kCheck }, servers: {
        first: { url: door.url, tls: { ca: at('first-ca.pem') } },
        second: { url: strict.url, tls: { ca: at('second-ca.pem'), cert: at('me.pem'), key: at('me.key') } } } },
      listener: { auth: ['cert'],
        tls: { cert: at('listener.pem'), key: at('listener.key'), client_ca: at('people.pem') } } });
  });
  after(() => stopAll(weir, door, strict, fixture, other));

  test('a call goes through, and the server sees the certificate that is meant for it', async () => {
    assert.match((await call('first')).body, /first/);
    assert.match((await call('second')).body, /second/);
    assert.deepEqual([...door.seen.subjects], []);
    assert.deepEqual([...strict.seen.subjects], ['weir itself']);
  });

  test('without a certificate a caller is not known, with one of somebody else it does not get in', async () => {
    assert.equal((await call('first', { identity: undefined })).status, 401);
    const stranger = new Authority('callers').issue('build robot');
    await assert.rejects(call('first', { identity: stranger }));
    const forged = await call('first', { identity: undefined, headers: { Authorization: 'Bearer CN=build robot' } });
    assert.equal(forged.status, 400);
    await eventually('the refusal to be counted',
      async () => (await metric('weir_http_rejects_total{reason="tls"}')) >= 1);
  });

  test('nothing but TLS 1.2 and later, and HTTP/1.1, is spoken', async () => {
    await assert.rejects(request(weir.port, { path: '/mcp', body: '{}' }));
    const shake = options => new Promise(done => {
      const socket = tlsConnect({ port: weir.port, host: '127.0.0.1', ca: outside.pem, ...options });
      socket.on('secureConnect', () => { done(`${socket.getProtocol()} ${socket.alpnProtocol}`); socket.destroy(); });
      socket.on('error', () => done('refused'));
    });
    assert.equal(await shake({ ALPNProtocols: ['h2', 'http/1.1'] }), 'TLSv1.3 http/1.1');
    assert.equal(await shake({ maxVersion: 'TLSv1.2' }), 'TLSv1.2 false');
    assert.equal(await shake({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }), 'refused');
    assert.equal(await shake({ ALPNProtocols: ['h2'] }), 'refused');
  });

  test('connections to a server that hung up are made again by a short handshake', async () => {
    for (let i = 0; i < 4; i++) {
      door.hangUp();
      await sleep(50);
      assert.equal((await call('first')).status, 200);
    }
    assert.ok(door.seen.resumed >= 2, `${door.seen.resumed} of ${door.seen.connections}`);
    assert.ok(await metric('weir_tls_context_lookups_total{result="hit"}') >= 2);
    assert.equal(await metric('weir_tls_contexts'), 2);
  });

  test('authority and certificate of a server change under load: no call fails', async t => {
    const agent = new Agent({ keepAlive: true, ca: outside.pem, cert: robot.cert, key: robot.key });
    const wrong = [];
    let calls = 0;
    let stop = false;
    const worker = async () => {
      while (!stop) {
        await call('first', { agent }).then(
          ({ status: code, body }) => { if (code !== 200 || !body.includes('first')) wrong.push(`${code} ${body}`); },
          error => wrong.push(error.message));
        calls++;
      }
    };
    const workers = [worker(), worker(), worker(), worker()];
    const builds = await metric('weir_tls_context_build_seconds_count');
    const identity = renewed.issue('first server, afterwards');
    door.closing = true;  // each call is a connection of its own
    writeFileSync(at('first-ca.pem'), upstream.pem + renewed.pem);
    await sleep(kReadMs);
    door.become(identity);
    await sleep(200);
    writeFileSync(at('first-ca.pem'), renewed.pem);
    await sleep(kReadMs);
    stop = true;
    await Promise.all(workers);
    agent.destroy();
    none(wrong);
    t.diagnostic(`${calls} calls over ${door.seen.connections} connections`);
    assert.ok(calls > 50, `${calls} calls`);
    assert.equal(await metric('weir_tls_context_build_seconds_count'), builds + 2);
    door.become(upstream.issue('nobody trusts this any more'));  // the old authority is really gone
    door.hangUp();
    await sleep(50);
    assert.doesNotMatch((await call('first')).body, /"text":"first"/);
    door.become(identity);
    await eventually('the server to be reached again', async () => (await call('first')).body.includes('"text":"first"'),
      90_000);
  });

  test('a renewed certificate of the listener is shown to the next connection', async () => {
    assert.equal((await call('second')).cert.subject.CN, 'weir');
    listenerCert(outside.issue('weir, renewed'));
    weir.child.process.kill('SIGHUP');
    await eventually('the new certificate', async () => (await call('second')).cert.subject.CN === 'weir, renewed');
    writeFileSync(at('listener.pem'), 'half a fi');
    await eventually('the bad file to be told', () =>
      /what was good stays in use.*listener\.pem` holds no certificate/.test(weir.child.err));
    assert.equal((await call('second')).cert.subject.CN, 'weir, renewed');
  });
});

describe('files that cannot be used', { timeout: 120_000, skip: direct && 'direct: there is no gateway' }, () => {
  const authority = new Authority('servers');
  let fixture;
  let door;
  let weir;
  before(async () => {
    fixture = await startFixture('http_dual.mjs', ['--id', 'up']);
    door = await startTlsDoor(fixture, authority.issue('up'));
  });
  after(() => stopAll(weir, door, fixture));

  test('only their server is set aside, with file, line and cure, until they are right', async () => {
    const dir = scratch();
    const ca = join(dir, 'ca.pem');
    const mine = authority.issue('weir');
    const strange = authority.issue('somebody');
    weir = await startWeir({}, { config: { tls: { check: kCheck }, servers: {
      good: { url: door.url, tls: { ca: authority.file } },
      missing: { url: door.url, tls: { ca } },
      mixed: { url: door.url, tls: { ca: authority.file, cert: mine.certFile, key: strange.keyFile } } } } });
    const call = async server => {
      const { method, params } = whoami(server);
      return (await request(weir.port, { path: '/mcp', headers: modernHeaders(method, { 'Mcp-Name': params.name }),
        body: JSON.stringify(rpc(method, withMeta(params))) })).body;
    };
    assert.match(await call('good'), /"text":"up"/);
    const causes = async () => Object.fromEntries(
      (await fetch(`${weir.admin}/api/v1/status`).then(answer => answer.json())).servers
        .map(({ name, cause }) => [name, cause ?? '']));
    const told = await causes();
    assert.match(told.missing, /weir\.yaml:\d+:\d+: `.*ca\.pem` cannot be read: .*; put the file there/);
    assert.match(told.mixed, /weir\.yaml:\d+:\d+: `.*\.key` is not the key of the certificate; give the key/);
    assert.match(weir.child.err, /error\[WEIR-E056\]/);
    copyFileSync(authority.file, ca);
    await eventually('the repaired server', async () => /"text":"up"/.test(await call('missing')));
    assert.match(await call('mixed'), /mixed/);
    assert.match(await call('good'), /"text":"up"/);
  });

  test('a listener whose certificate cannot be used is not opened', async () => {
    const identity = authority.issue('weir');
    const { file } = await writeConfig({}, {}, { tls: { cert: identity.certFile, key: join(scratch(), 'gone.key') } });
    const child = startProgram(['run', file]);
    const end = await child.exited;
    assert.equal(end.code, 78);
    assert.match(child.err, /gone\.key` cannot be read/);
    assert.match(child.err, /fix: put the file there/);
  });

  test('`weir check` says so before anything starts', async () => {
    const expired = join(scratch(), 'ca.pem');
    writeFileSync(expired, readFileSync(authority.file, 'utf8').slice(0, 200));
    const { file } = await writeConfig({}, { servers: { up: { url: door.url, tls: { ca: expired } } } });
    const child = startProgram(['check', file]);
    assert.equal((await child.exited).code, 78);
    assert.match(child.out, /ca\.pem` holds a damaged certificate/);
  });
});

describe('handshakes that do not go on', { timeout: 60_000, skip: direct && 'direct: there is no gateway' }, () => {
  const kMost = 512;
  test('so many wait for 10 s, more are closed at once, and then others get in', async () => {
    const authority = new Authority('agents trust this');
    const identity = authority.issue('weir');
    const weir = await startWeir({}, { config: { workers: 1 },
      listener: { tls: { cert: identity.certFile, key: identity.keyFile } } });
    const discover = () => callTls(weir.port, { method: 'server/discover', params: {} }, { ca: authority.pem });
    let closed = 0;
    const silent = Array.from({ length: kMost + 20 }, () =>
      tcpConnect(weir.port, '127.0.0.1').on('close', () => closed++).on('error', () => {}));
    await eventually('those who are too many to be closed', () => closed >= 20);
    assert.equal(closed, 20);
    await assert.rejects(discover());
    await eventually('the others to be given up', () => closed === kMost + 20, 15_000);
    assert.equal((await discover()).status, 200);
    for (const socket of silent) socket.destroy();
    await weir.stop();
  });
});
