// What the running gateway counts and logs about calls, children and traces: each figure moves by exactly one.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, startFixture, startWeir, stdioFixture, stopAll } from './harness.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway process' };
const kTrace = '0af7651916cd43dd8448eb211c80319c';
const kParent = `00-${kTrace}-b7ad6b7169203331-01`;

describe('metrics and logs', { timeout: 120_000, ...kSkip }, () => {
  let gate;
  let http;
  let client;
  before(async () => {
    http = await startFixture('http_dual.mjs', ['--id', 'web']);
    gate = await startWeir({ pipe: stdioFixture('stdio_legacy.mjs', ['--id', 'pipe']), web: http });
    client = await connect('legacy', { url: gate.url('pipe') }, { traceparent: kParent, tracestate: 'a=b' });
    await client.toolNames();
  });
  after(() => stopAll(client, gate, http));

  /** The value of one series, its labels in any order. */
  async function value(series) {
    const text = await (await fetch(`${gate.admin}/metrics`)).text();
    const [name, ...labels] = series.match(/\w+="[^"]*"|^\w+/g);
    const line = text.split('\n').find(one => one.match(/^\w+/)?.[0] === name && labels.every(label => one.includes(label)));
    assert.ok(line, `no series ${series}`);
    return Number(line.split(' ').at(-1));
  }
  const lines = event => gate.child.err.split('\n').filter(line => line.includes(`"event":"${event}"`)).map(JSON.parse);

  test('a call that streams is in flight and an open stream until its answer', async () => {
    const flying = 'mcp_requests_in_flight{server="pipe"}';
    const [streams, calls] = [await value('mcp_streams_active'), await value(flying)];
    let seen;
    const progress = new Promise(done => { seen = done; });
    const call = client.call('slow', { steps: 4, stepMs: 250, tag: 'm' }, { onprogress: seen });
    await progress;
    assert.deepEqual([await value('mcp_streams_active'), await value(flying)], [streams + 1, calls + 1]);
    await call;
    await eventually('the end', async () => await value('mcp_streams_active') === streams && await value(flying) === calls);
  });

  test('a refused request is counted by its reason', async () => {
    for (const [reason, headers] of [['origin', { origin: 'http://evil.example' }], ['content_type', { 'content-type': 'text/plain' }]]) {
      const before = await value(`weir_http_rejects_total{reason="${reason}"}`);
      await fetch(gate.mcp, { method: 'POST', body: '{}', headers });
      assert.equal(await value(`weir_http_rejects_total{reason="${reason}"}`), before + 1);
    }
    assert.equal(await value('weir_http_rejects_total{reason="_other"}'), 0);
  });

  test('an added tool is one change of the catalogue', async () => {
    const series = 'mcp_catalog_changes_total{server="pipe",kind="added"}';
    const before = await value(series);
    await client.call('add_tool', { name: 'fresh' });
    await eventually('the change', async () => await value(series) === before + 1);
  });

  test("a child's memory is that of its program, and what its tools take up is estimated from what clients get", async () => {
    const resident = await value('mcp_upstream_rss_bytes{server="pipe"}');
    assert.ok(resident > 20e6, `${resident}: a node process has more`);
    assert.equal(await value('mcp_upstream_rss_bytes{server="web"}'), 0);
    const all = await connect('modern', { url: gate.mcp });
    const tools = (await all.all('tools')).entries.filter(({ name }) => name.startsWith('pipe__'));
    await all.close();
    const bytes = tools.reduce((sum, tool) => sum + Buffer.byteLength(JSON.stringify(tool)), 0);
    const tokens = await value('mcp_catalog_tokens{server="pipe"}');
    assert.ok(Math.abs(tokens - bytes / 4) < bytes / 40, `${tokens} tokens, ${bytes} bytes`);
  });

  test("a child's words are log lines; its death is one restart", async () => {
    await eventually('its words', () => lines('upstream.stderr').some(({ server, msg }) => server === 'pipe' && /fixture ready/.test(msg)));
    const series = 'mcp_upstream_restarts_total{server="pipe",reason="exit"}';
    const before = await value(series);
    await client.call('crash').catch(() => {});
    await eventually('the restart', async () => await value(series) === before + 1);
    await eventually('the server', async () => await value('mcp_upstream_up{server="pipe"}') === 1);
    assert.equal(await value(series), before + 1);
  });

  test('a trace goes on to the server with a span of our own, and into the log', async () => {
    const web = await connect('legacy', { url: gate.url('web') }, { traceparent: kParent, tracestate: 'a=b' });
    const got = JSON.parse((await web.call('headers')).content[0].text);
    assert.match(got.traceparent, new RegExp(`^00-${kTrace}-[0-9a-f]{16}-01$`));
    assert.notEqual(got.traceparent, kParent);
    assert.equal(got.tracestate, 'a=b');
    await web.close();
    await eventually('the access line', () => lines('call').some(({ tool, trace_id }) => tool === 'headers' && trace_id === kTrace));
    const plain = await connect('legacy', { url: gate.url('web') }, { traceparent: 'nonsense' });
    assert.equal(JSON.parse((await plain.call('headers')).content[0].text).traceparent, undefined);
    await plain.close();
  });
});
