// HTTP/1.1 by hand: bytes over a socket, answers read strictly. For requests that no HTTP library would send.
import { connect } from 'node:net';

export const kProtocol = '2026-07-28';
const kAnswerMs = 8_000;

/** A connection that sends bytes and reads answers. */
export class Wire {
  constructor(port) {
    this.buffer = Buffer.alloc(0);
    this.ended = false;
    this.wake = () => {};
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', chunk => { this.buffer = Buffer.concat([this.buffer, chunk]); this.wake(); });
    const end = () => { this.ended = true; this.wake(); };
    this.socket.on('close', end).on('end', end).on('error', end);
  }

  send(bytes) { if (!this.socket.destroyed) this.socket.write(bytes); }
  close() { this.socket.destroy(); }

  /** Waits for check() to be true, for ms at most; false when the time is over. */
  async until(check, ms) {
    const end = Date.now() + ms;
    while (!check()) {
      const left = end - Date.now();
      if (left <= 0) return false;
      await new Promise(done => {
        const timer = setTimeout(done, left);
        this.wake = () => { clearTimeout(timer); done(); };
      });
    }
    return true;
  }

  /** The next final answer {status, headers, body}, to HEAD or not; throws when none comes or it is malformed. */
  async answer({ ms = kAnswerMs, head = false } = {}) {
    for (;;) {
      let parsed;
      await this.until(() => (parsed = parseAnswer(this.buffer, head)) || this.ended, ms);
      if (!parsed) throw new Error(this.ended ? 'the connection ended without an answer' : `no answer within ${ms} ms`);
      this.buffer = this.buffer.subarray(parsed.length);
      if (parsed.status >= 200) return parsed;
    }
  }

  /** True when the peer ends the connection within ms, sending nothing more. */
  async closed(ms = kAnswerMs) {
    await this.until(() => this.ended || this.buffer.length > 0, ms);
    const more = this.buffer.toString('latin1').slice(0, 200);
    if (more) throw new Error(`more bytes: ${JSON.stringify(more)}`);
    return this.ended;
  }
}

/** One answer, to HEAD or not, at the start of the bytes; undefined while it is not complete. */
function parseAnswer(bytes, head) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first, ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${first} `)?.[1]);
  if (!status) throw new Error(`bad status line ${JSON.stringify(first)}`);
  const headers = {};
  for (const line of lines) {
    const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
      ?? (() => { throw new Error(`bad field ${JSON.stringify(line)}`); })();
    headers[name.toLowerCase()] = value;
  }
  const start = end + 4;
  if (head || status < 200 || status === 204 || status === 304) return { status, headers, body: '', length: start };
  if (headers['transfer-encoding'] === 'chunked') return chunked(bytes, start, { status, headers });
  if (headers['content-length'] === undefined) {
    if (headers.connection?.toLowerCase() !== 'close') throw new Error('an answer without length');
    return { status, headers, body: bytes.subarray(start).toString('utf8'), length: bytes.length };
  }
  const size = Number(headers['content-length']);
  if (bytes.length < start + size) return undefined;
  return { status, headers, body: bytes.subarray(start, start + size).toString('utf8'), length: start + size };
}

function chunked(bytes, from, answer) {
  const parts = [];
  for (let at = from; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (Number.isNaN(size)) throw new Error('bad chunk size');
    if (bytes.length < line + 2 + size + 2) return undefined;
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
    if (size === 0) return { ...answer, body: Buffer.concat(parts).toString('utf8'), length: at };
  }
}

/** Sends one request; fields with the value undefined are left out. Gives {status, headers, body, json}. */
export async function request(port, { method = 'POST', path = '/mcp', headers = {}, body = '' }) {
  const wire = new Wire(port);
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const all = { Host: `127.0.0.1:${port}`, 'Content-Length': bytes.length, ...headers };
  const lines = Object.entries(all).map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\r\n`));
  wire.send(Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'), bytes]));
  try {
    const answer = await wire.answer();
    return { ...answer, json: messageOf(answer) };
  } finally {
    wire.close();
  }
}

/** The JSON-RPC message of an answer: its body, or the last event of its stream. */
function messageOf({ headers, body }) {
  const type = headers['content-type'] ?? '';
  try {
    if (type.startsWith('application/json')) return JSON.parse(body);
    if (type.startsWith('text/event-stream')) return JSON.parse(/^data: ?(.*)$/m.exec(body.split('\n\n').at(-2))[1]);
  } catch { /* not a message */ }
  return undefined;
}

/** The fields of a modern request, in the order in which clients send them. */
export const modernHeaders = (method, more = {}) => ({
  'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
  'MCP-Protocol-Version': kProtocol, 'Mcp-Method': method, ...more });

/** params with the metadata that a modern request must carry; changes are laid over the metadata. */
export const withMeta = (params = {}, changes = {}) => ({ ...params, _meta: {
  'io.modelcontextprotocol/protocolVersion': kProtocol, 'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' }, ...changes } });

export const rpc = (method, params, id = 1) => ({ jsonrpc: '2.0', id, method, params });
