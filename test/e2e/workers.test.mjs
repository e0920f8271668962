// Several workers, one truth: with four threads every limit and every child is still counted once.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { descendants, eventually, startWeir, stdioFixture, stopAll } from './harness.mjs';

const kWorkers = 4;
const kSessions = 8;
const kConnections = 64;
const kCallsEach = 8;

describe('four workers', () => {
  let gate, pipe;

  before(async () => {
    pipe = stdioFixture('stdio_legacy.mjs');
    gate = await startWeir({ pipe }, { config: { workers: kWorkers, sessions: { max: kSessions } } });
  });
  after(() => stopAll(gate, pipe));

  // Every agent is a connection of its own, so consecutive ones are on different workers.
  const connection = () => new http.Agent({ keepAlive: true, maxSockets: 1 });
  const post = (agent, body, session) => new Promise((done, failed) => {
    const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
      ...(session && { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': '2025-11-25' }) };
    const request = http.request(gate.mcp, { method: 'POST', agent, headers }, answer => {
      let text = '';
      answer.on('data', chunk => { text += chunk; });
      answer.on('end', () => done({ status: answer.statusCode, session: answer.headers['mcp-session-id'], text }));
    });
    request.on('error', failed);
    request.end(JSON.stringify({ jsonrpc: '2.0', ...body }));
  });
  const initialize = agent => post(agent, { id: 0, method: 'initialize', params: {
    protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } } });
  const status = () => fetch(`${gate.admin}/api/v1/status`).then(answer => answer.json());

  it('loses and crosses no answer on 64 connections, with one child for all of them', async () => {
    const { session } = await initialize(connection());
    await eventually('the tools', async () =>
      (await post(connection(), { id: 1, method: 'tools/list' }, session)).text.includes('pipe__echo'));
    const agents = Array.from({ length: kConnections }, connection);
    await Promise.all(agents.map(async (agent, number) => {
      for (let round = 0; round < kCallsEach; round++) {
        const id = number * kCallsEach + round;
        const { status: code, text } = await post(agent, { id, method: 'tools/call',
          params: { name: 'pipe__echo', arguments: { text: `m${id}.` } } }, session);
        assert.equal(code, 200);
        const answer = JSON.parse(text.replace(/^[\s\S]*?data: /, ''));
        assert.equal(answer.id, id);
        assert.ok(JSON.stringify(answer.result).includes(`m${id}.`), text);
      }
    }));
    const children = descendants(gate.pid).filter(({ parent }) => parent === gate.pid);
    assert.equal(children.length, 1, 'one supervisor, so one child');
    for (const agent of agents) agent.destroy();
  });

  it('keeps the cap of sessions exact', async () => {
    const agents = Array.from({ length: 4 * kSessions }, connection);
    await Promise.all(agents.map(initialize));
    assert.equal((await status()).sessions, kSessions);
    for (const agent of agents) agent.destroy();
  });

  it('hears on one connection that the call of another is cancelled', async () => {
    const { session } = await initialize(connection());
    const agents = Array.from({ length: 2 * kWorkers }, connection);
    for (let i = 0; i < agents.length; i += 2) {
      const id = `slow-${i}`;
      const call = post(agents[i], { id, method: 'tools/call',
        params: { name: 'pipe__slow', arguments: { steps: 40, stepMs: 100 } } }, session);
      await eventually('the call to run', async () => (await status()).in_flight > 0);
      await post(agents[i + 1], { method: 'notifications/cancelled', params: { requestId: id } }, session);
      const { text } = await call;
      assert.ok(!text.includes('"result"'), text);
      await eventually('nothing in flight', async () => (await status()).in_flight === 0);
    }
    for (const agent of agents) agent.destroy();
  });
});
