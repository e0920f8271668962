// What people who run the cache do with it: files that they have, lifetimes, the command line, servers that die.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { repo } from '../fixtures/peers.mjs';
import { direct, entryOf, eventually, freePort, killAll, kStartMs, scratch, sleep, startFixture, startProgram, startWeir, stopAll }
  from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no cache' };
const reads = (fixture, what) => fixture.ledger().filter(fact => fact.event === 'read' && fact.what === what).length;

async function ask(port, method, params, { path = '/mcp/web', headers = {} } = {}) {
  const { status, headers: told, json } = await request(port, { path,
    headers: modernHeaders(method, { 'Mcp-Name': params.name ?? params.uri, ...headers }),
    body: JSON.stringify(rpc(method, withMeta(params))) });
  return { status, cache: told['cache-status'] ?? '', json, result: json?.result, text: json?.result?.content?.[0]?.text };
}
const call = (port, name, args = {}, more = {}) => ask(port, 'tools/call', { name, arguments: args }, more);
const read = (port, uri, more = {}) => ask(port, 'resources/read', { uri }, more);
const metrics = async admin => (await (await fetch(`${admin}/metrics`)).text()).split('\n');
const metric = async (admin, series) => Number((await metrics(admin)).find(line => line.startsWith(`${series} `))?.split(' ').at(-1));

describe('the files that users have', { timeout: 120_000, ...kSkip }, () => {
  const names = ['context7', 'confluence', 'notion', 'kellerai_standards'];
  const servers = {};
  let gate;
  before(async () => {
    for (const name of names) servers[name] = await startFixture('http_dual.mjs', ['--read-ttl', 60_000, '--id', name]);
    const dir = scratch();
    for (const example of ['cache-config.yaml', 'degraded-mode.yaml']) {
      writeFileSync(join(dir, example), readFileSync(join(repo, 'examples', example)));
    }
    const [port, admin] = [await freePort(), await freePort()];
    const file = join(dir, 'weir.yaml');
    writeFileSync(file, JSON.stringify({ include: ['cache-config.yaml', 'degraded-mode.yaml'],
      listeners: [{ bind: `127.0.0.1:${port}` }], admin: { bind: `127.0.0.1:${admin}` },
      servers: Object.fromEntries(names.map(name => [name, entryOf(servers[name])])) }));
    gate = { port, admin: `http://127.0.0.1:${admin}`, file, child: startProgram(['run', file]) };
    await eventually('the start', () => /servers ready/.test(gate.child.out), kStartMs);
  });
  after(() => stopAll(gate.child, ...Object.values(servers)).finally(killAll));

  test('load unchanged, and mean what they say', async () => {  // C-9
    const check = startProgram(['check', gate.file]);
    const { code } = await check.exited;
    assert.equal(code, 0, check.out + check.err);
    for (let i = 0; i < 60; i++) await read(gate.port, `context7://counted/${i}`, { path: '/mcp/context7' });
    assert.match((await read(gate.port, 'context7://counted/59', { path: '/mcp/context7' })).cache, /hit/);
    const entries = await metric(gate.admin, 'weir_cache_entries{tier="memory"}');
    assert.equal(entries, 50);  // per_server.context7.max_size
    for (const name of names.slice(1)) {
      await read(gate.port, `${name}://counted/a`, { path: `/mcp/${name}` });
      assert.match((await read(gate.port, `${name}://counted/a`, { path: `/mcp/${name}` })).cache, /hit/, name);
    }
  });

  test('do without the Redis that they name, and say how to mend it', async () => {
    const state = await eventually('a cause', async () => {
      const { store } = await (await fetch(`${gate.admin}/api/v1/cache`)).json();
      return store.kind === 'redis' && (store.ready || store.cause) && store;
    });
    if (!state.ready) assert.match(state.cause, /caching\.l2|start Redis/);
  });
});

describe('lifetimes and the command line', { timeout: 120_000, ...kSkip }, () => {
  let web;
  let brief;
  let weir;
  before(async () => {
    web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    brief = await startFixture('http_dual.mjs', ['--read-ttl', 0]);
    weir = await startWeir({ web, brief }, { config: { caching: { l2: { type: 'none' }, stale_while_revalidate: '0s',
      tools: { 'web.wait': { ttl: '1s', tags: ['brief'] }, 'web.nothing': { ttl: '60s' }, 'brief.wait': { ttl: '1s',
        stale_while_revalidate: '60s' } } } } });
  });
  after(() => stopAll(weir, web, brief));
  const weirCtl = async (...words) => {
    const child = startProgram(['ctl', ...words, '--config', weir.file]);
    const { code } = await child.exited;
    return { code, out: child.out, err: child.err };
  };

  test('what is over is asked for again, or served while it is renewed where that is wanted', async () => {
    for (const path of ['/mcp/web', '/mcp/brief']) await call(weir.port, 'wait', { q: 'life' }, { path });
    await sleep(1300);  // a lifetime of 1 s, a tenth more at most
    assert.equal((await call(weir.port, 'wait', { q: 'life' })).text, '2');
    const stale = await call(weir.port, 'wait', { q: 'life' }, { path: '/mcp/brief' });
    assert.match(stale.cache, /hit; ttl=-\d+/);
    assert.deepEqual([stale.text, stale.result._meta['dev.weir/cache'].status], ['1', 'stale']);
    await eventually('the new one', async () => (await call(weir.port, 'wait', { q: 'life' }, { path: '/mcp/brief' })).text !== '1');
    assert.ok(await metric(weir.admin, 'mcp_cache_stale_hits_total{server="brief"}') >= 1);
  });

  test('a server that grants nothing is asked each time', async () => {  // P095
    for (let i = 1; i <= 2; i++) {
      const { result } = await read(weir.port, 'fixture://counted/none', { path: '/mcp/brief' });
      assert.deepEqual([result.contents[0].text, result.ttlMs], [String(i), 0]);
    }
  });

  test('weir ctl says how much would go before it goes', async () => {
    await call(weir.port, 'nothing');
    const dry = await weirCtl('purge', 'web.noth*', '--dry-run');
    assert.deepEqual([dry.code, /would drop 1 entry/.test(dry.out)], [0, true], dry.out + dry.err);
    assert.match((await call(weir.port, 'nothing')).cache, /hit/);
    assert.match((await weirCtl('purge', 'web.noth*')).out, /dropped 1 entry/);
    assert.match((await call(weir.port, 'nothing')).cache, /miss/);
    assert.equal((await weirCtl('purge', 'wab.*', '--yes')).code, 65);
    assert.equal((await weirCtl('purge', '*')).code, 64);  // everything needs --yes
    assert.equal((await weirCtl('purge', '*', '--tag', 'brief')).code, 0);
    assert.notEqual((await weirCtl('purge', '*', '--tag', 'nobody')).code, 0);
    const shown = await weirCtl('cache');
    assert.match(shown.out, /memory[\s\S]*entries/);
    await read(weir.port, 'fixture://counted/gone');
    await weirCtl('purge', 'web', '--uri', 'fixture://counted/gone');
    assert.match((await read(weir.port, 'fixture://counted/gone')).cache, /miss/);
    await weirCtl('purge', 'web', '--principal', 'nobody');
    assert.match((await read(weir.port, 'fixture://counted/gone')).cache, /hit/);
    await weirCtl('purge', 'web', '--principal', 'anonymous');
    assert.match((await read(weir.port, 'fixture://counted/gone')).cache, /miss/);
  });

  test('hits and misses together are what was asked', async () => {
    const both = async () => await metric(weir.admin, 'mcp_cache_hits_total{server="web"}')
      + await metric(weir.admin, 'mcp_cache_misses_total{server="web"}');
    const before = await both();
    await Promise.all(Array.from({ length: 200 }, (_, i) => call(weir.port, 'wait', { q: `count ${i % 20}` })));
    assert.equal(await both(), before + 200);
  });
});

describe('a server that dies', { timeout: 60_000, ...kSkip }, () => {
  test('in the middle of a fetch leaves nobody without an answer', async () => {  // T-19
    const web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    const weir = await startWeir({ web }, { config: { caching: { l2: { type: 'none' }, tools: { 'web.wait': { ttl: '60s' } } } } });
    const callers = Array.from({ length: 30 }, () => call(weir.port, 'wait', { ms: 3000, q: 'dies' }));
    await eventually('the fetch', () => reads(web, 'wait dies') === 1);
    await web.child.stop('SIGKILL');
    for (const { status, json } of await Promise.all(callers)) {
      assert.ok(status === 200 && (json.result?.isError || json.error), JSON.stringify(json));
    }
    await weir.stop();
  });
});
