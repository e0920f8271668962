// The second tier and what befalls it: restarts, damage, two processes, updates whose end nobody knows, reloads.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, killAll, kStartMs, scratch, startFixture, startProgram, startWeir, stopAll, writeConfig }
  from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no cache' };
const reads = (fixture, what) => fixture.ledger().filter(fact => fact.event === 'read' && fact.what === what).length;

async function call(port, name, args = {}, path = '/mcp/web') {
  const { headers, json } = await request(port, { path, headers: modernHeaders('tools/call', { 'Mcp-Name': name }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name, arguments: args }))) });
  return { cache: headers['cache-status'] ?? '', text: json?.result?.content?.[0]?.text, json };
}

/** A gateway that may be killed: {port, admin, child, log()}. */
async function start(servers, caching, home, more = {}) {
  const { file, port, adminPort } = await writeConfig(servers, { caching, ...more });
  const child = startProgram(['run', file], { env: { HOME: home } });
  await eventually('the start', () => /servers ready/.test(child.out), kStartMs);
  return { port, file, child, admin: `http://127.0.0.1:${adminPort}`, log: () => child.err };
}
const store = async gate => (await (await fetch(`${gate.admin}/api/v1/cache`)).json()).store;
const filled = (gate, entries) => eventually('the store to be filled', async () => (await store(gate)).entries >= entries);

describe('a store on disk', { timeout: 240_000, ...kSkip }, () => {
  let web;
  before(async () => { web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]); });
  after(() => stopAll(web).finally(killAll));
  const caching = folder => ({ tools: { 'web.wait': { ttl: '600s' } }, l2: { path: folder } });

  test('still has after kill -9 what it had before, and shows it to nobody', async () => {  // T-30, F-54
    const home = scratch();
    const folder = join(home, 'kept');
    let gate = await start({ web }, caching(folder), home);
    for (let i = 0; i < 20; i++) await call(gate.port, 'wait', { q: `kill ${i}` });
    await filled(gate, 20);
    await gate.child.stop('SIGKILL');
    gate = await start({ web }, caching(folder), home);
    for (let i = 0; i < 20; i++) {
      const { cache, text } = await call(gate.port, 'wait', { q: `kill ${i}` });
      assert.match(cache, /hit; ttl=\d+; detail=store/, `${i}: ${gate.log()}`);
      assert.equal(text, '1');
    }
    assert.match((await call(gate.port, 'wait', { q: 'kill 3' })).cache, /detail=memory/);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    await gate.child.stop();
  });

  test('forgets nothing that was invalidated, also over kill -9', async () => {  // F-35, F-36
    const home = scratch();
    const folder = join(home, 'kept');
    let gate = await start({ web }, caching(folder), home);
    await call(gate.port, 'wait', { q: 'old' });
    await filled(gate, 1);
    await call(gate.port, 'save');  // says that it writes
    await gate.child.stop('SIGKILL');
    gate = await start({ web }, caching(folder), home);
    const { cache, text } = await call(gate.port, 'wait', { q: 'old' });
    assert.match(cache, /miss/);
    assert.equal(text, '2');
    await gate.child.stop();
  });

  test('is begun anew when its file is damaged, and says so', async () => {
    const home = scratch();
    const folder = join(home, 'kept');
    let gate = await start({ web }, caching(folder), home);
    await call(gate.port, 'wait', { q: 'damage' });
    await filled(gate, 1);
    await gate.child.stop();
    for (const file of readdirSync(folder)) if (/\.db/.test(file)) writeFileSync(join(folder, file), 'not a database '.repeat(1000));
    gate = await start({ web }, caching(folder), home);
    assert.match((await call(gate.port, 'wait', { q: 'damage' })).cache, /miss/);
    await eventually('the store to work', async () => (await store(gate)).ready);
    await eventually('the words about it', () => /store\.rebuilt|moved aside/.test(gate.log()));
    assert.ok(readdirSync(folder).some(file => /bad/.test(file)), readdirSync(folder).join(' '));
    await gate.child.stop();
  });

  test('that cannot be used costs no answer, and says what to do', async () => {
    const home = scratch();
    writeFileSync(join(home, 'file'), 'in the way');
    const blocked = await start({ web }, caching(join(home, 'file')), home);
    assert.equal((await call(blocked.port, 'wait', { q: 'blocked' })).text, '1');
    assert.match((await call(blocked.port, 'wait', { q: 'blocked' })).cache, /detail=memory/);
    const { ready, cause } = await store(blocked);
    assert.ok(!ready && cause.length > 10, cause);
    await blocked.child.stop();

    const folder = join(home, 'shared');
    const first = await start({ web }, caching(folder), home);
    const second = await start({ web }, caching(folder), home);
    await eventually('the first to have it', async () => (await store(first)).ready);
    assert.equal((await call(second.port, 'wait', { q: 'second' })).text, '1');
    const refused = await store(second);
    assert.ok(!refused.ready && /another|process|use/i.test(refused.cause), refused.cause);
    await stopAll(first.child, second.child);
  });

  test('a Redis that is not there costs no answer either', async () => {
    const home = scratch();
    const gate = await start({ web }, { tools: { 'web.wait': { ttl: '60s' } }, l2_redis: { host: '127.0.0.1', port: 1 } }, home);
    assert.equal((await call(gate.port, 'wait', { q: 'no redis' })).text, '1');
    assert.match((await call(gate.port, 'wait', { q: 'no redis' })).cache, /detail=memory/);
    await eventually('a cause', async () => (await store(gate)).cause !== '');
    await gate.child.stop();
  });
});

describe('updates and reloads', { timeout: 120_000, ...kSkip }, () => {
  test('an update of which nobody knows the end invalidates', async () => {  // F-36
    const web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    const other = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    const weir = await startWeir({ web, other }, { config: { caching: { l2: { type: 'none' }, tools: { '*.wait': { ttl: '60s' } },
      invalidation: { updates: { web: ['crash'] } } } } });
    await call(weir.port, 'wait', { q: 'x' });
    await call(weir.port, 'wait', { q: 'x' }, '/mcp/other');
    assert.match((await call(weir.port, 'wait', { q: 'x' })).cache, /hit/);
    await call(weir.port, 'crash');  // its server ends in the middle of it
    const after = await call(weir.port, 'wait', { q: 'x' });
    assert.doesNotMatch(after.cache, /hit/);
    assert.match((await call(weir.port, 'wait', { q: 'x' }, '/mcp/other')).cache, /hit/);
    await stopAll(weir, other);
    await web.child.exited;
  });

  test('the end of the first caller is nobody else\'s', async () => {  // T-19
    const web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    const weir = await startWeir({ web }, { config: { caching: { l2: { type: 'none' }, tools: { 'web.wait': { ttl: '60s' } } } } });
    const leaving = new AbortController();
    const ask = signal => fetch(weir.url('web'), { method: 'POST', signal, headers: modernHeaders('tools/call', { 'Mcp-Name': 'wait' }),
      body: JSON.stringify(rpc('tools/call', withMeta({ name: 'wait', arguments: { ms: 1500, q: 'left' } }))) });
    const first = ask(leaving.signal).catch(error => error.name);
    await eventually('the fetch', () => reads(web, 'wait left') === 1);
    const others = Array.from({ length: 20 }, () => ask().then(answer => answer.json()));
    await new Promise(done => setTimeout(done, 300));
    leaving.abort();
    assert.equal(await first, 'AbortError');
    for (const answer of await Promise.all(others)) assert.equal(answer.result.content[0].text, '1');
    assert.equal(reads(web, 'wait left'), 1);
    await stopAll(weir, web);
  });

  test('a reload takes rules and sizes over', async () => {
    const web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    const home = scratch();
    const gate = await start({ web }, { l2: { type: 'none' }, tools: { 'web.wait': { ttl: '60s' } } }, home);
    const rewrite = caching => {
      const config = JSON.parse(readFileSync(gate.file, 'utf8'));
      writeFileSync(gate.file, JSON.stringify({ ...config, caching }));
      gate.child.process.kill('SIGHUP');
    };
    await call(gate.port, 'wait', { q: 1 });
    assert.match((await call(gate.port, 'wait', { q: 1 })).cache, /hit/);
    rewrite({ l2: { type: 'none' }, tools: { 'web.nothing': { ttl: '60s' } } });
    await eventually('the rule to be gone', async () => (await call(gate.port, 'wait', { q: 1 })).cache === '');
    await call(gate.port, 'nothing');
    assert.match((await call(gate.port, 'nothing')).cache, /hit/);
    rewrite({ l2: { type: 'none' }, l1_in_memory: { enabled: false }, tools: { 'web.nothing': { ttl: '60s' } } });
    await eventually('memory to be off', async () => /miss/.test((await call(gate.port, 'nothing')).cache));
    await gate.child.stop();
    await stopAll(web);
  });
});
