// The wire corpus (test/wire) over real sockets: what a client may send to Weir, and what an upstream may send to it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { repo } from '../fixtures/peers.mjs';
import { direct, freePort, none, sleep, startWeir, stdioFixture, stopAll } from './harness.mjs';
import { kProtocol, modernHeaders, request, rpc, Wire, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: the corpus is about the gateway, not about the fixtures' };
const kQuietMs = 150;
const kParallel = 8;
const kProbe = 'PUT /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n';

/** The cases of a folder of the corpus: {name, expect, bytes}. The format is described in test/wire/README.md. */
function corpus(folder) {
  const dir = join(repo, 'test/wire', folder);
  return readdirSync(dir).filter(file => file.endsWith('.txt')).sort().flatMap(file => {
    const cases = [];
    for (const line of readFileSync(join(dir, file), 'utf8').split('\n')) {
      if (line.startsWith('case ')) cases.push({ name: `${file}: ${line.slice(5)}`, expect: '', parts: [] });
      else if (line.startsWith('expect ')) cases.at(-1).expect = line.slice(7).trim();
      else if (line.startsWith('| ')) cases.at(-1).parts.push(unescape(line.slice(2)));
    }
    return cases.map(({ name, expect, parts }) => ({ name, expect, bytes: Buffer.concat(parts) }));
  });
}

function unescape(text) {
  const single = { r: '\r', n: '\n', t: '\t', 0: '\0', '\\': '\\', '}': '}' };
  const plain = piece => Buffer.concat([...piece.matchAll(/\\x([0-9a-fA-F]{2})|\\(.)|([^\\]+)/gs)].map(match =>
    (match[1] ? Buffer.from([parseInt(match[1], 16)]) : Buffer.from(match[2] ? single[match[2]] : match[3]))));
  const out = [];
  let at = 0;
  for (const match of text.matchAll(/\\\{(\d+):((?:[^\\}]|\\.)*)\}/g)) {
    out.push(plain(text.slice(at, match.index)));
    const piece = plain(match[2]);
    out.push(Buffer.concat(Array.from({ length: Number(match[1]) }, () => piece)));
    at = match.index + match[0].length;
  }
  out.push(plain(text.slice(at)));
  return Buffer.concat(out);
}

/** Sends a case, in pieces, and compares what comes back; gives a sentence when it is wrong. */
async function replay(port, { expect, bytes }, pieces) {
  const wire = new Wire(port);
  const size = Math.ceil(bytes.length / pieces);
  const [, accepted = '0', rest] = /^(?:accept (\d+) ?)?(.*)$/.exec(expect);
  try {
    for (let at = 0; at < bytes.length; at += size) {
      wire.send(bytes.subarray(at, at + size));
      if (pieces > 1) await sleep(2);
    }
    let last;
    const head = bytes.subarray(0, 5).toString() === 'HEAD ';
    for (let i = 0; i < Number(accepted); i++) last = await wire.answer({ head: head && i === 0 });
    const refusal = /^(?:then )?(\d{3}) close$/.exec(rest);
    if (refusal) {
      const { status } = await wire.answer();
      if (status !== Number(refusal[1])) return `status ${status}`;
      return await wire.closed() ? undefined : 'the connection stays open after a refusal';
    }
    if (rest === 'close') return await wire.closed() ? undefined : 'the connection stays open';
    if (rest === 'wait') return await wire.closed(kQuietMs) ? 'the connection was closed' : undefined;
    if (rest !== 'keep') return `unknown expectation ${expect}`;
    if (last.headers.connection?.toLowerCase() === 'close') return undefined;  // a layer above refused and said so
    wire.send(kProbe);
    const { status } = await wire.answer();
    return status === 405 ? undefined : `status ${status} for the next request`;
  } catch (error) {
    return error.message;
  } finally {
    wire.close();
  }
}

async function replayAll(port, cases, pieces) {
  const wrong = [];
  const queue = [...cases];
  await Promise.all(Array.from({ length: kParallel }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const problem = await replay(port, next, pieces);
      if (problem) wrong.push(`${next.name} (expect ${next.expect}): ${problem}`);
    }
  }));
  return wrong;
}

describe('wire corpus, requests', { timeout: 300_000, ...kSkip }, () => {
  const cases = direct ? [] : corpus('request');
  let weir;
  before(async () => { weir = await startWeir({ up: stdioFixture('stdio_modern.mjs') }); });
  after(() => stopAll(weir));

  for (const [how, pieces] of [['whole', 1], ['in three pieces', 3]]) {
    test(`every request is read as it must be, sent ${how}`, async t => {
      assert.ok(cases.length >= 150, `${cases.length} cases`);
      const wrong = await replayAll(weir.port, cases, pieces);
      t.diagnostic(`${cases.length} cases`);
      none(wrong);
    });
  }

  test('goes on serving after all of that', async () => {
    const body = JSON.stringify(rpc('tools/call', withMeta({ name: 'up__echo', arguments: { text: 'fine' } })));
    const headers = modernHeaders('tools/call', { 'Mcp-Name': 'up__echo' });
    const { json } = await request(weir.port, { headers, body });
    assert.equal(json.result.content[0].text, 'fine');
  });
});

/** A modern server on a raw socket: it answers tools/call with whatever bytes it is given. */
class RawUpstream {
  async start() {
    this.port = await freePort();
    this.bytes = undefined;
    this.calls = 0;
    this.reused = 0;
    this.server = createServer(socket => this.serve(socket));
    await new Promise(done => this.server.listen(this.port, '127.0.0.1', done));
    return this;
  }
  get url() { return `http://127.0.0.1:${this.port}/mcp`; }
  stop() {
    this.server.close();
  }

  serve(socket) {
    let buffer = Buffer.alloc(0);
    let spoiled = false;
    socket.on('error', () => {});
    socket.on('data', chunk => {
      buffer = Buffer.concat([buffer, chunk]);
      for (;;) {
        const end = buffer.indexOf('\r\n\r\n');
        if (end < 0) return;
        const head = buffer.subarray(0, end).toString('latin1');
        const size = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
        if (buffer.length < end + 4 + size) return;
        const body = buffer.subarray(end + 4, end + 4 + size).toString();
        buffer = buffer.subarray(end + 4 + size);
        if (spoiled) this.reused++;
        spoiled = this.answer(socket, body);
      }
    });
  }

  answer(socket, body) {
    const message = body ? JSON.parse(body) : { method: 'none' };
    if (message.method === 'tools/call' && this.bytes) {
      this.calls++;
      socket.end(this.bytes);
      return true;
    }
    const result = { resultType: 'complete', ttlMs: 0, cacheScope: 'private', ...{
      'server/discover': { supportedVersions: [kProtocol], capabilities: { tools: {} } },
      'tools/list': { tools: [{ name: 'raw', description: 'Raw', inputSchema: { type: 'object' } }] },
      'tools/call': { content: [{ type: 'text', text: 'good' }] },
    }[message.method] };
    const text = JSON.stringify({ jsonrpc: '2.0', id: message.id, result });
    const fields = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}`;
    socket.write(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${text}`);
    return false;
  }
}

describe('wire corpus, answers of an upstream', { timeout: 300_000, ...kSkip }, () => {
  const cases = direct ? [] : corpus('response');
  let upstream;
  let weir;
  before(async () => {
    upstream = await new RawUpstream().start();
    weir = await startWeir({ raw: upstream }, { config: {  // each answer is to be seen, however many were bad before
      degradation: { raw: { breaker: { enabled: false }, retry: { attempts: 0 } } } } });
  });
  after(() => stopAll(weir, upstream));

  const call = () => request(weir.port, { path: '/mcp/raw',
    headers: modernHeaders('tools/call', { 'Mcp-Name': 'raw' }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'raw', arguments: {} }), 'the id')) });

  test('every one ends in exactly one error, one execution and a connection that is not used again', async t => {
    const wrong = [];
    const say = (name, problem) => wrong.push(`${name}: ${problem}`);
    for (const { name, bytes } of cases) {
      upstream.bytes = bytes;
      upstream.calls = 0;
      upstream.reused = 0;
      const bad = await call().catch(error => ({ error }));
      if (bad.error) say(name, bad.error.message);
      else if (bad.json?.id !== 'the id') say(name, `no answer with the id: ${bad.status} ${bad.body.slice(0, 200)}`);
      else if (!bad.json.error && !bad.json.result?.isError) say(name, 'not an error');
      if (upstream.calls !== 1) say(name, `${upstream.calls} executions`);
      upstream.bytes = undefined;
      const good = await call().catch(error => ({ error }));
      if (good.json?.result?.content?.[0].text !== 'good') say(name, `the next call: ${good.error ?? good.body}`);
      if (upstream.reused) say(name, 'the connection was used again');
    }
    t.diagnostic(`${cases.length} cases`);
    none(wrong);
  });
});
