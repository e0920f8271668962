// Who gets in, and what Weir says of its own health: keys on both listeners, the three probes, and how they change when
// a needed server is down or Weir is told to stop.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, freePort, killAll, kStartMs, startFixture, startProgram, startWeir, stdioFixture, stopAll,
  writeConfig } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway process' };
const kKey = 'a-key-for-the-tests';
const keys = (key = kKey) => [{ name: 'ci', hash: `sha256:${createHash('sha256').update(key).digest('hex')}` }];
const listed = { headers: modernHeaders('tools/list'), body: JSON.stringify(rpc('tools/list', withMeta({}))) };
const withKey = key => ({ Authorization: `Bearer ${key}` });

describe('keys', { timeout: 120_000, ...kSkip }, () => {
  let gate;
  let web;
  before(async () => {
    web = await startFixture('http_dual.mjs');
    const { port, adminPort, file } = await writeConfig({ web }, { auth: { keys: keys() } }, { auth: ['keys'] });
    gate = { port, admin: adminPort, child: startProgram(['run', file]), url: `http://127.0.0.1:${port}/mcp/web` };
    await eventually('the start', () => /servers ready/.test(gate.child.out), kStartMs);
  });
  after(async () => {
    await gate.child.stop();
    await stopAll(web).finally(killAll);
  });
  const ask = (headers = {}, path = '/mcp') =>
    request(gate.port, { path, ...listed, headers: { ...listed.headers, ...headers } });

  test('without the right one everything is 401 and says how to come in', async () => {  // P099
    const wrong = [{}, withKey('another'), withKey(`${kKey}x`), { Authorization: kKey },
      { Authorization: `Basic ${Buffer.from(`ci:${kKey}`).toString('base64')}` }];
    for (const headers of wrong) {
      const { status, headers: told, json } = await ask(headers);
      const shown = /^Bearer \S/.test(headers.Authorization ?? '') ? ' error="invalid_token"' : '';
      assert.deepEqual([status, told['www-authenticate'], json.error.code], [401, `Bearer${shown}`, 4010],
        JSON.stringify(headers));
    }
    for (const malformed of ['', 'a, Bearer b']) {
      const { status, headers: told } = await ask(withKey(malformed));
      assert.deepEqual([status, told['www-authenticate']], [400, 'Bearer error="invalid_request"'], malformed);
    }
    for (const method of ['GET', 'DELETE', 'PUT']) {
      assert.equal((await request(gate.port, { path: '/mcp', method, headers: {} })).status, 401, method);
    }
    const hello = await request(gate.port, { path: '/mcp', headers: { 'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream' }, body: JSON.stringify(rpc('initialize', {})) });
    assert.deepEqual([hello.status, hello.headers['mcp-session-id']], [401, undefined]);
  });

  test('one in the address counts for nothing', async () => {  // P102
    for (const query of [`access_token=${kKey}`, `api_key=${kKey}`, `authorization=Bearer%20${kKey}`, `key=${kKey}`]) {
      assert.equal((await ask({}, `/mcp?${query}`)).status, 401, query);
    }
    assert.equal((await ask(withKey(kKey), '/mcp?access_token=another')).status, 200);
  });

  test('with the right one calls pass, and the server never sees it', async () => {  // P103
    assert.equal((await ask(withKey(kKey))).status, 200);
    for (const era of ['legacy', 'modern']) {
      const client = await connect(era, { url: gate.url }, { authorization: `Bearer ${kKey}` });
      const { content } = await client.call('headers');
      assert.ok(!content[0].text.toLowerCase().includes('authorization') && !content[0].text.includes(kKey), content[0].text);
      await client.close();
    }
  });

  test('a session of one caller is no door for another', async () => {  // P108
    const opened = await request(gate.port, { path: '/mcp', headers: { 'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream', ...withKey(kKey) }, body: JSON.stringify(rpc('initialize', {
      protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } })) });
    const session = opened.headers['mcp-session-id'];
    assert.equal(opened.status, 200);
    const ping = headers => request(gate.port, { path: '/mcp', body: JSON.stringify(rpc('ping', {})), headers: {
      'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', 'Mcp-Session-Id': session, ...headers } });
    assert.equal((await ping({})).status, 401);
    assert.equal((await ping(withKey('another'))).status, 401);
    assert.equal((await ping(withKey(kKey))).status, 200);
  });
});

describe('the admin listener', { timeout: 120_000, ...kSkip }, () => {
  let gate;
  let at;
  before(async () => {
    const { file, adminPort } = await writeConfig({}, { auth: { keys: keys() } });
    const config = { admin: { bind: `127.0.0.1:${adminPort}`, auth: ['keys'] } };
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...config }));
    at = adminPort;
    gate = startProgram(['run', file]);
    await eventually('the start', () => /servers ready/.test(gate.out), kStartMs);
  });
  after(() => gate.stop().finally(killAll));
  const get = (path, headers = {}, method = 'GET') => request(at, { path, method, headers });

  test('shows figures to whoever has a key, and health to everybody', async () => {
    for (const path of ['/metrics', '/api/v1/status', '/nothing']) {
      const refused = await get(path);
      assert.deepEqual([refused.status, refused.headers['www-authenticate']], [401, 'Bearer'], path);
      assert.equal((await get(path, withKey('another'))).status, 401, path);
      assert.equal((await get(path, withKey(kKey))).status, path === '/nothing' ? 404 : 200, path);
    }
    for (const path of ['/livez', '/readyz', '/startupz', '/healthz']) assert.equal((await get(path)).status, 200, path);
  });

  test('can be read only, and by its own names only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await get('/livez', {}, method);
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method);
    }
    assert.equal((await get('/livez', { Host: 'evil.example' })).status, 403);
    assert.equal((await get('/livez', { Origin: 'http://evil.example' })).status, 403);
    assert.equal((await get('/livez', { Origin: `http://localhost:${at}` })).status, 200);
  });
});

describe('keys that a reload changes', { timeout: 120_000, ...kSkip }, () => {
  after(killAll);
  test('open at once, and open nothing any more, on both listeners', async () => {
    const { file, port, adminPort } = await writeConfig({});
    const plain = JSON.parse(readFileSync(file, 'utf8'));
    const write = key => writeFileSync(file, JSON.stringify({ ...plain, auth: { keys: keys(key) },
      listeners: plain.listeners.map(one => ({ ...one, auth: ['keys'] })), admin: { ...plain.admin, auth: ['keys'] } }));
    write('old');
    const gate = startProgram(['run', file]);
    await eventually('the start', () => /servers ready/.test(gate.out), kStartMs);
    const statuses = async key => [
      (await request(port, { ...listed, headers: { ...listed.headers, ...withKey(key) } })).status,
      (await request(adminPort, { path: '/metrics', method: 'GET', headers: withKey(key) })).status];
    assert.deepEqual([await statuses('old'), await statuses('new')], [[200, 200], [401, 401]]);
    write('new');
    gate.process.kill('SIGHUP');
    await eventually('the new key', async () => (await statuses('new')).every(status => status === 200));
    assert.deepEqual(await statuses('old'), [401, 401]);
    await gate.stop();
  });
});

describe('health', { timeout: 120_000, ...kSkip }, () => {
  after(killAll);
  const probes = async admin => Promise.all(['livez', 'readyz', 'startupz'].map(async name => {
    const answer = await fetch(`${admin}/${name}`);
    return `${name} ${answer.status}`;
  }));

  test('is bad while a server that is needed is down, and names it', async () => {
    const down = await freePort();
    const { file, adminPort } = await writeConfig({});
    const admin = `http://127.0.0.1:${adminPort}`;
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), servers: {
      needed: { url: `http://127.0.0.1:${down}/mcp`, required: true }, other: { url: `http://127.0.0.1:${down}/mcp` } } }));
    const gate = startProgram(['run', file]);
    await eventually('the start', () => /servers ready/.test(gate.out), kStartMs);
    assert.deepEqual(await probes(admin), ['livez 200', 'readyz 503', 'startupz 200']);
    assert.match(await (await fetch(`${admin}/readyz`)).text(), /FAILED required server needed/);
    const web = await startFixture('http_dual.mjs', ['--port', down]);
    await eventually('the server', async () => (await fetch(`${admin}/readyz`)).ok, kStartMs);
    assert.match(await (await fetch(`${admin}/readyz?verbose`)).text(), /ok required server needed/);
    await gate.stop();
    await web.stop();
  });

  test('is good while a server that is not needed is down', async () => {
    const gate = await startWeir({ other: { url: `http://127.0.0.1:${await freePort()}/mcp` } });
    assert.deepEqual(await probes(gate.admin), ['livez 200', 'readyz 200', 'startupz 200']);
    await gate.stop();
  });

  test('says not ready from the moment on that Weir is told to stop, and nobody new comes in', async () => {
    const gate = await startWeir({ a: stdioFixture('stdio_legacy.mjs') });
    const client = await connect('legacy', { url: gate.url('a') });
    const call = client.call('slow', { steps: 40, stepMs: 50, tag: 'drain' });
    await eventually('the call to run', async () => (await (await fetch(`${gate.admin}/api/v1/status`)).json()).in_flight > 0);
    gate.child.process.kill('SIGTERM');
    await eventually('readiness to fail', async () => (await fetch(`${gate.admin}/readyz`)).status === 503, 1000);
    assert.deepEqual(await probes(gate.admin), ['livez 200', 'readyz 503', 'startupz 200']);
    await assert.rejects(connect('legacy', { url: gate.url('a') }), 'no new session');
    assert.equal((await call).content[0].text, '40 steps');
    await client.close().catch(() => {});
    assert.equal((await gate.child.exited).code, 0);
  });
});
