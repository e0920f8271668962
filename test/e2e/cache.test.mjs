// The response cache through the real binary: what is used again, for whom, and when it is not.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, sleep, startFixture, startWeir, stdioFixture, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no cache' };
const kMeta = 'dev.weir/cache';
const kEntries = { type: 'none' };
const keyOf = name => `a-key-for-${name}`;
const keys = names => names.map(name => (
  { name, hash: `sha256:${createHash('sha256').update(keyOf(name)).digest('hex')}` }));
const reads = (fixture, what) => fixture.ledger().filter(fact => fact.event === 'read' && fact.what === what).length;

/** One tools/call by hand; gives {status, cache, age, text, meta, json}. */
async function call(weir, name, args = {}, { id = 1, headers = {}, path = '/mcp/web' } = {}) {
  const answer = await request(weir.port, { path, headers: modernHeaders('tools/call', { 'Mcp-Name': name, ...headers }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name, arguments: args }), id)) });
  return shown(answer);
}
async function read(weir, uri, { headers = {}, path = '/mcp/web' } = {}) {
  const answer = await request(weir.port, { path, headers: modernHeaders('resources/read', { 'Mcp-Name': uri, ...headers }),
    body: JSON.stringify(rpc('resources/read', withMeta({ uri }))) });
  return shown(answer);
}
function shown({ status, headers, json }) {
  const result = json?.result;
  return { status, json, cache: headers['cache-status'] ?? '', age: headers.age, meta: result?._meta?.[kMeta],
    text: result?.content?.[0]?.text ?? result?.contents?.[0]?.text };
}
const metric = async (weir, series) => {
  const page = await (await fetch(`${weir.admin}/metrics`)).text();
  const line = page.split('\n').find(text => text.startsWith(`${series} `));
  return Number(line?.split(' ').at(-1) ?? NaN);
};

describe('a cache in memory', { timeout: 120_000, ...kSkip }, () => {
  let web;
  let legacy;
  let weir;
  before(async () => {
    web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    legacy = stdioFixture('stdio_legacy.mjs');
    weir = await startWeir({ web, legacy }, { config: { limits: { global: { in_flight: 20_000 } }, caching: {
      l1_in_memory: { max_size: 10_000 }, l2: kEntries, per_server: { legacy: { ttl: 60 } },
      tools: { 'web.wait': { ttl: '60s', ignore_args: ['trace'] }, 'web.nothing': { ttl: '60s' }, 'web.fail': { ttl: '60s' },
        'web.confirm': { ttl: '60s' }, 'web.slow': { ttl: '60s' }, 'legacy.counter': { ttl: '60s' } },
      invalidation: { updates: { web: ['remove_tool'] } } } } });
  });
  after(() => stopAll(weir, web));

  test('the same call twice is one call to the server, and says so', async () => {
    const before = [await metric(weir, 'mcp_cache_hits_total{server="web"}'), await metric(weir, 'mcp_cache_misses_total{server="web"}')];
    const first = await call(weir, 'wait', { q: 'twice' }, { id: 7 });
    const second = await call(weir, 'wait', { q: 'twice' }, { id: 'other' });
    assert.equal(first.cache, 'weir; fwd=miss; stored');
    assert.match(second.cache, /^weir; hit; ttl=\d+; detail=memory$/);
    assert.deepEqual([first.text, second.text, second.age, second.json.id], ['1', '1', '0', 'other']);
    assert.deepEqual([first.meta, second.meta.status, second.meta.tier], [undefined, 'hit', 'memory']);
    assert.equal(reads(web, 'wait twice'), 1);
    assert.equal(await metric(weir, 'mcp_cache_hits_total{server="web"}'), before[0] + 1);
    assert.equal(await metric(weir, 'mcp_cache_misses_total{server="web"}'), before[1] + 1);
  });

  test('arguments decide, but for those that do not matter; tools that nobody named are not cached', async () => {  // F-40
    await call(weir, 'wait', { q: 'a', trace: '1' });
    assert.match((await call(weir, 'wait', { trace: '2', q: 'a' })).cache, /hit/);
    assert.match((await call(weir, 'wait', { q: 'b' })).cache, /miss/);
    const one = await call(weir, 'counter', { id: 'x' });
    const two = await call(weir, 'counter', { id: 'x' });
    assert.deepEqual([one.cache, two.cache, Number(two.text) - Number(one.text)], ['', '', 1]);
  });

  test('errors are not kept, empty results are', async () => {  // F-33, F-40
    for (let i = 0; i < 2; i++) assert.match((await call(weir, 'fail')).cache, /miss$/);
    assert.match((await call(weir, 'nothing')).cache, /stored/);
    assert.match((await call(weir, 'nothing')).cache, /hit/);
    assert.equal(reads(web, 'nothing'), 1);
  });

  test('resources are kept for as long as their server grants, for the same caller', async () => {  // P089, P097
    const first = await read(weir, 'fixture://counted/a');
    assert.match(first.cache, /stored/);
    const { ttlMs, cacheScope } = first.json.result;
    assert.ok(ttlMs > 50_000 && ttlMs <= 60_000 && cacheScope === 'private', `${ttlMs} ${cacheScope}`);
    await sleep(30);
    const second = await read(weir, 'fixture://counted/a');
    assert.match(second.cache, /hit/);
    assert.ok(second.json.result.ttlMs < ttlMs);
    assert.equal(reads(web, 'fixture://counted/a'), 1);
    assert.match((await read(weir, 'fixture://counted/none/at/all')).cache, /miss/);
    assert.match((await read(weir, 'fixture://counted/none/at/all')).cache, /hit/);  // "not found", for 5 s
  });

  test('a client that wants no copy gets none', async () => {
    const before = await call(weir, 'wait', { q: 'fresh' });
    const fresh = await call(weir, 'wait', { q: 'fresh' }, { headers: { 'Cache-Control': 'no-cache' } });
    const after = await call(weir, 'wait', { q: 'fresh' });
    assert.deepEqual([before.text, fresh.text, after.text], ['1', '2', '2']);
    assert.match(fresh.cache, /fwd=request/);
  });

  test('real clients of both eras use it, at servers of both', async () => {
    for (const era of ['legacy', 'modern']) {
      for (const [server, tool, args] of [['web', 'wait', { q: era }], ['legacy', 'counter', { id: era }]]) {
        const client = await connect(era, { url: weir.url(server) });
        const [one, two] = [await client.call(tool, args), await client.call(tool, args)];
        assert.deepEqual(one.content, two.content, `${era} ${server}`);
        assert.equal(two._meta?.[kMeta]?.status, 'hit', `${era} ${server}: ${JSON.stringify(two)}`);
        await client.close();
      }
      const all = await connect(era, { url: weir.mcp });
      const third = await all.call('web__wait', { q: era });
      assert.equal(third._meta?.[kMeta]?.status, 'hit', `${era}: ${JSON.stringify(third)}`);
      await all.close();
    }
  });

  test('a server that is too old to grant a lifetime has the configured one', async () => {  // C-11
    const uri = 'fixture://greeting';
    const first = await read(weir, uri, { path: '/mcp/legacy' });
    assert.ok(first.json.result.ttlMs > 50_000);
    assert.match((await read(weir, uri, { path: '/mcp/legacy' })).cache, /hit/);
    const client = await connect('modern', { url: weir.url('legacy') });
    await client.readResource(uri);
    const before = await metric(weir, 'mcp_cache_hits_total{server="legacy"}');
    assert.equal((await client.readResource(uri)).contents[0].text, first.text);  // it believes ttlMs itself
    assert.equal(await metric(weir, 'mcp_cache_hits_total{server="legacy"}'), before);
    await client.close();
  });

  test('questions to the client are asked again each time', async () => {  // P090, P091
    for (const era of ['legacy', 'modern']) {
      const client = await connect(era, { url: weir.url('web') });
      for (let i = 0; i < 2; i++) {
        const { content, _meta } = await client.call('confirm');
        assert.deepEqual([content[0].text, _meta?.[kMeta]], ['accept true', undefined], era);
      }
      await client.close();
    }
  });

  test('an update makes the next call ask anew', async () => {  // F-36
    for (const [tool, args] of [['remove_tool', { name: 'nobody' }], ['save', {}]]) {
      await call(weir, 'wait', { q: 'updated' });
      const before = reads(web, 'wait updated');
      assert.match((await call(weir, 'wait', { q: 'updated' })).cache, /hit/);
      await call(weir, tool, args);
      assert.match((await call(weir, 'wait', { q: 'updated' })).cache, /miss/, tool);
      assert.equal(reads(web, 'wait updated'), before + 1);
    }
  });

  test('a server that says that a resource changed is believed at once', async () => {
    const client = await connect('modern', { url: weir.url('web') });
    const uri = 'fixture://counted/watched';
    const heard = [];
    const stop = await client.onUpdated(uri, of => heard.push(of));
    await sleep(500);
    const before = Number((await read(weir, uri)).text);
    assert.match((await read(weir, uri)).cache, /hit/);
    heard.length = 0;
    await call(weir, 'touch', { uri });
    await eventually('the client to hear', () => heard.length > 0);
    assert.equal(Number((await read(weir, uri)).text), before + 1);
    await stop();
    await client.close();
  });

  test('five hundred callers of a cold answer are one call', async () => {  // T-19
    const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => call(weir, 'wait', { ms: 1000, q: 'crowd' }, { id: i })));
    assert.ok(answers.every(({ text, json }, i) => text === '1' && json.id === i));
    assert.equal(reads(web, 'wait crowd'), 1);
  });

  test('what is thrown away by hand is gone, after a word on how much', async () => {
    await call(weir, 'wait', { q: 'purge' });
    const purge = (body, headers = { 'X-Weir-CSRF': '1' }) => fetch(`${weir.admin}/api/v1/cache/purge`,
      { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) });
    assert.equal((await purge({ select: 'web.wait' }, {})).status, 403);
    const dry = await (await purge({ select: 'web.wait', dry_run: true })).json();
    assert.ok(dry.dry_run && dry.entries.memory > 0);
    assert.match((await call(weir, 'wait', { q: 'purge' })).cache, /hit/);
    assert.deepEqual((await (await purge({ select: 'web.wait' })).json()).entries.memory, dry.entries.memory);
    assert.match((await call(weir, 'wait', { q: 'purge' })).cache, /miss/);
    assert.equal((await purge({ select: 'nobody.x' })).status, 422);
  });
});

describe('callers', { timeout: 120_000, ...kSkip }, () => {
  const names = Array.from({ length: 50 }, (_, i) => `k${i}`);
  let open;
  let closed;
  let weir;
  before(async () => {
    open = await startFixture('http_dual.mjs', ['--read-ttl', 60_000, '--read-scope', 'public', '--id', 'open']);
    closed = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
    weir = await startWeir({ open, web: closed }, { config: { auth: { keys: keys(names) },
      degradation: { defaults: { concurrency: { limit: 600 } } }, caching: { l2: kEntries,
      l1_in_memory: { max_size: 10_000 }, tools: { 'web.wait': {}, 'open.wait': { scope: 'public' } } } }, listener: { auth: ['keys'] } });
  });
  after(() => stopAll(weir, open, closed));
  const as = name => ({ headers: { Authorization: `Bearer ${keyOf(name)}` } });

  test('share what is public and nothing else', async () => {  // F-34, T-22
    for (const name of names.slice(0, 5)) {
      await read(weir, 'open://counted/a', { ...as(name), path: '/mcp/open' });
      await read(weir, 'fixture://counted/a', as(name));
      await call(weir, 'wait', { q: 'who' }, { ...as(name), path: '/mcp/open' });
    }
    assert.deepEqual([reads(open, 'open://counted/a'), reads(closed, 'fixture://counted/a'), reads(open, 'wait who')], [1, 5, 1]);
  });

  test('see only what is theirs, however they are mixed', async () => {  // T-22
    const seen = new Map();
    for (let round = 0; round < 3; round++) {
      await Promise.all(names.flatMap(name => Array.from({ length: 10 }, async (_, q) => {
        const { text } = await call(weir, 'wait', { q: `q${q}` }, as(name));
        const before = seen.get(`${name} ${q}`);
        assert.ok(before === undefined || before === text, `${name} ${q}: ${before} became ${text}`);
        seen.set(`${name} ${q}`, text);
      })));
    }
    for (let q = 0; q < 10; q++) {  // each has a count of its own
      assert.equal(new Set(names.map(name => seen.get(`${name} ${q}`))).size, names.length);
    }
  });

  test('are asked who they are before anything is looked up', async () => {  // P098
    const uri = 'open://counted/door';
    await read(weir, uri, { ...as('k0'), path: '/mcp/open' });
    for (const headers of [{}, { Authorization: 'Bearer nobody' }]) {
      const { status, text } = await read(weir, uri, { headers, path: '/mcp/open' });
      assert.deepEqual([status, text], [401, undefined]);
    }
  });
});
