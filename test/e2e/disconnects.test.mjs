// Clients that hang up in the middle of a call, as real servers of every kind see it. Modern: the work ends. Up to
// 2025-11-25: the call runs on, and what was missed is replayed to a client that comes back with Last-Event-ID.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { direct, eventually } from './harness.mjs';
import { modernHeaders, request, rpc, Wire, withMeta } from './raw.mjs';
import { kServers, startWorld } from './sdk_world.mjs';

const kTries = 5;
const kEndMs = 100;  // from the hang-up to the end of the work at the server, in the best of the tries
const kLegacy = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const slow = (server, args, meta) => ({ name: `${server}__slow`, arguments: args, _meta: meta });

describe('clients that hang up', { timeout: 120_000, skip: direct && 'direct: there is no gateway' }, () => {
  let world;
  before(async () => { world = await startWorld(); });
  after(() => world?.stop());

  /** Sends a request without waiting for its answer; gives the connection. */
  function begin(method, headers, body = '') {
    const wire = new Wire(world.weir.port);
    const bytes = Buffer.from(body);
    const lines = Object.entries({ Host: `127.0.0.1:${world.weir.port}`, 'Content-Length': bytes.length, ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`);
    wire.send(Buffer.concat([Buffer.from(`${method} /mcp HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]));
    return wire;
  }
  const fact = (server, event, tag) => eventually(`${event} at ${server}`, () => world.facts(server, event, tag)[0]);
  const heard = (wire, text) => eventually(`${text} on the stream`, () => wire.buffer.includes(text));

  for (const server of Object.keys(kServers)) {
    for (const streams of [true, false]) {
      test(`modern, ${server}, ${streams ? 'after' : 'before'} the first event: the work ends`, async t => {
        const took = [];
        for (let i = 0; i < kTries; i++) {
          const tag = `modern ${streams} ${i}`;
          const params = withMeta(slow(server, { steps: 200, stepMs: 50, tag }), streams ? { progressToken: tag } : {});
          const wire = begin('POST', modernHeaders('tools/call', { 'Mcp-Name': params.name }),
            JSON.stringify(rpc('tools/call', params, i)));
          await fact(server, 'started', tag);
          if (streams) await heard(wire, '"progress":1');
          const hungUp = Date.now();
          wire.close();
          took.push((await fact(server, 'cancelled', tag)).at - hungUp);
        }
        t.diagnostic(`${server}: the work ended after ${took} ms`);
        assert.ok(Math.min(...took) <= kEndMs, `${took} ms`);
      });
    }

    test(`legacy, ${server}: the call runs on, and its answer is replayed`, async () => {
      const opened = await request(world.weir.port, { headers: kLegacy, body: JSON.stringify(rpc('initialize', {
        protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } })) });
      const headers = { ...kLegacy, 'MCP-Protocol-Version': '2025-11-25',
        'Mcp-Session-Id': opened.headers['mcp-session-id'] };
      const wire = begin('POST', headers, JSON.stringify(
        rpc('tools/call', slow(server, { steps: 8, stepMs: 50, tag: 'legacy' }, { progressToken: 'p' }), 'the-call')));
      await heard(wire, '"progress":2');
      const last = [...wire.buffer.toString().matchAll(/^id: ?(\S+)\r?$/gm)].at(-1)[1];
      const seen = Number([...wire.buffer.toString().matchAll(/"progress":(\d+)/g)].at(-1)[1]);
      wire.close();
      await fact(server, 'finished', 'legacy');
      assert.equal(world.facts(server, 'cancelled', 'legacy').length, 0);
      const { 'Content-Type': _, ...reading } = headers;
      const back = begin('GET', { ...reading, 'Last-Event-ID': last });
      await heard(back, '"8 steps"');
      const text = back.buffer.toString();
      const missed = [...text.matchAll(/"progress":(\d+)/g)].map(([, number]) => Number(number));
      assert.deepEqual(missed, Array.from({ length: 8 - seen }, (_unused, i) => seen + 1 + i));
      assert.match(text, /"id":"the-call"/);
      back.close();
    });
  }
});
