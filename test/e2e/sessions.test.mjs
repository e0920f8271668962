// Legacy sessions and their streams on real sockets: limits, reloads, and what is told, counted and left at the end.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, killAll, startFixture, startWeir, stopAll } from './harness.mjs';
import { Wire } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway process' };
const kRevision = '2025-11-25';
const kMedia = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

describe('sessions', { timeout: 120_000, ...kSkip }, () => {
  let gate;
  let web;
  const cap = 3;
  before(async () => {
    web = await startFixture('http_legacy.mjs');
    gate = await startWeir({ web }, { config: { sessions: { max: cap }, streams: { keepalive: '1s' } } });
  });
  after(() => stopAll(gate, web).finally(killAll));

  const post = (body, headers = {}) => fetch(gate.mcp, { method: 'POST', headers: { ...kMedia, ...headers },
    body: JSON.stringify({ jsonrpc: '2.0', ...body }) });
  const inSession = id => ({ 'mcp-session-id': id, 'mcp-protocol-version': kRevision });
  const hello = () => post({ id: 0, method: 'initialize', params: { protocolVersion: kRevision, capabilities: {},
    clientInfo: { name: 'e2e', version: '1' } } });
  const open = async () => (await hello()).headers.get('mcp-session-id');
  const ping = async id => (await post({ id: 1, method: 'ping' }, inSession(id))).status;
  const call = (id, name, args = {}) =>
    post({ id: 2, method: 'tools/call', params: { name: `web__${name}`, arguments: args } }, inSession(id));
  const end = id => fetch(gate.mcp, { method: 'DELETE', headers: inSession(id) });

  /** The value of one series, its labels in any order. */
  async function value(series) {
    const text = await (await fetch(`${gate.admin}/metrics`)).text();
    const [name, ...labels] = series.match(/\w+="[^"]*"|^\w+/g);
    const line = text.split('\n').find(one => one.match(/^\w+/)?.[0] === name && labels.every(label => one.includes(label)));
    assert.ok(line, `no series ${series}`);
    return Number(line.split(' ').at(-1));
  }
  const happened = event => value(`weir_session_events_total{event="${event}"}`);

  /** An open GET stream: `text` is all that came, `over` whether it has ended. */
  async function streamOf(id) {
    const got = { text: '', over: false };
    const answer = await fetch(gate.mcp, { headers: { accept: 'text/event-stream', ...inSession(id) } });
    assert.equal(answer.status, 200);
    (async () => {
      for await (const chunk of answer.body) got.text += Buffer.from(chunk).toString();
      got.over = true;
    })().catch(() => {});
    return got;
  }

  /** Writes the configuration with these changes and waits until it is in effect. */
  async function reload(change) {
    const before = await value('mcp_config_last_reload_timestamp_seconds');
    writeFileSync(gate.file, JSON.stringify({ ...JSON.parse(readFileSync(gate.file, 'utf8')), ...change }));
    await eventually('a later second', () => Date.now() / 1000 > before + 1);
    gate.child.process.kill('SIGHUP');
    await eventually('the reload', async () => await value('mcp_config_last_reload_timestamp_seconds') > before);
  }

  test('the least used one makes room: it is told, its server too, and everything is counted', async () => {
    const [created, evicted, upstream] = [await happened('created'), await happened('evicted'),
      await value('weir_upstream_sessions{server="web"}')];
    const first = await open();
    assert.equal((await call(first, 'whoami')).status, 200);
    assert.equal(await value('weir_upstream_sessions{server="web"}'), upstream + 1);
    const stream = await streamOf(first);
    const others = [await open(), await open(), await open()];
    await eventually('the last event', () => stream.over && /event: close\ndata: {"reason":"evicted"}/.test(stream.text));
    assert.equal(await ping(first), 404);
    assert.equal(await happened('created'), created + 4);
    assert.equal(await happened('evicted'), evicted + 1);
    assert.equal(await value('mcp_sessions_active'), cap);
    assert.equal(await value(`weir_sessions{mcp_protocol_version="${kRevision}",state="idle"}`), cap);
    await eventually('the DELETE', async () => await value('weir_upstream_sessions{server="web"}') === upstream);
    for (const id of others) assert.equal((await end(id)).status, 200);
  });

  test('one at work stays; when all are, the newcomer is told when to come back', async () => {
    const ids = [await open(), await open(), await open()];
    const calls = ids.map(id => call(id, 'slow', { steps: 4, stepMs: 250, tag: id }));
    await eventually('all at work', async () =>
      await value(`weir_sessions{mcp_protocol_version="${kRevision}",state="working"}`) === cap);
    const refused = await hello();
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) >= 1);
    assert.equal(await happened('refused_full'), 1);
    for (const answer of await Promise.all(calls)) assert.match(await answer.text(), /4 steps/);
    assert.equal((await hello()).status, 200);
    await Promise.all(ids.map(end));
  });

  test('keep-alives come when they are configured to', async () => {
    const id = await open();
    const stream = await streamOf(id);
    const seen = stream.text.length;
    await eventually('two comments', () => /:\n\n[^]*:\n\n/.test(stream.text.slice(seen)));
    await end(id);
    await eventually('the end', () => stream.over);
  });

  test('a client that resets its connection leaves no stream behind', async () => {  // F-61
    const [open_, gone] = [await value('mcp_streams_active'), await value('weir_streams_closed_total{era="legacy",reason="client_gone"}')];
    const id = await open();
    const wire = new Wire(gate.port);
    wire.send(`GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${id}\r\n\r\n`);
    await eventually('the stream', async () => await value('mcp_streams_active') === open_ + 1);
    wire.socket.resetAndDestroy();
    await eventually('its end', async () => await value('mcp_streams_active') === open_);
    assert.equal(await value('weir_streams_closed_total{era="legacy",reason="client_gone"}'), gone + 1);
    assert.equal(await ping(id), 200);
    await end(id);
  });

  test('a call that waits for its client is counted as parked until the answer', async () => {
    const envelope = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
      'io.modelcontextprotocol/clientInfo': { name: 'e2e', version: '1' } };
    const confirm = more => post({ id: 3, method: 'tools/call',
      params: { name: 'web__confirm', arguments: {}, ...more, _meta: envelope } },
    { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'web__confirm' });
    const { result } = await (await confirm({})).json();
    assert.equal(await value('weir_parked_calls'), 1);
    const inputResponses = Object.fromEntries(Object.keys(result.inputRequests)
      .map(key => [key, { action: 'accept', content: { ok: true } }]));
    const done = await confirm({ requestState: result.requestState, inputResponses });
    assert.equal(done.status, 200, await done.text());
    assert.equal(await value('weir_parked_calls'), 0);
  });

  test('a reload that lowers a limit ends those that are too many, and tells them', async () => {
    const ids = [await open(), await open()];
    const streams = [await streamOf(ids[0]), await streamOf(ids[1])];
    await reload({ sessions: { max: 1 } });
    await eventually('the last event', () => streams.some(({ over }) => over));
    assert.equal(await value('mcp_sessions_active'), 1);
    assert.equal(streams.filter(({ text }) => /"reason":"evicted"/.test(text)).length, 1);
    await reload({ sessions: { max: cap, idle: '1s' } });
    await eventually('the others', () => streams.every(({ over }) => over));
    assert.equal(streams.filter(({ text }) => /"reason":"idle"/.test(text)).length, 1);
    await eventually('no session', async () => await value('mcp_sessions_active') === 0);
  });
});
