// Bad input over HTTP, one request a case, with the exact status and JSON-RPC code: the order of checks of a dual-era
// endpoint and the validation ladder of 2026-07-28. `sdk` says why the SDK's own server is allowed to differ (direct).
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { direct, startFixture, startWeir, stopAll } from './harness.mjs';
import { kProtocol, modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kVersion = 'io.modelcontextprotocol/protocolVersion';
const kCaps = 'io.modelcontextprotocol/clientCapabilities';
const kClient = 'io.modelcontextprotocol/clientInfo';
const kLax = 'the SDK is not strict here';
const kNode = "Node's HTTP server decides here";

const call = (params, id) => rpc('tools/call', withMeta(params), id);
const echo = call({ name: 'echo', arguments: { text: 'x' } });
const echoHeaders = more => modernHeaders('tools/call', { 'Mcp-Name': 'echo', ...more });
const text = value => JSON.stringify(value);
const plain = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' };
const discover = meta => ({ headers: modernHeaders('server/discover'),
  body: text(rpc('server/discover', { _meta: meta })) });
const deep = depth => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const inArguments = json => text(echo).replace('"text":"x"', `"text":"x","more":${json}`);
const modern = body => ({ headers: echoHeaders(), body });

/** Framing of the message: method, type, JSON. */
const kMessage = [
  { name: 'PUT', method: 'PUT', headers: plain, body: '{}', status: 405 },
  { name: 'PATCH', method: 'PATCH', headers: plain, body: '{}', status: 405 },
  { name: 'no content type', headers: { Accept: plain.Accept }, body: text(echo), status: 415 },
  { name: 'text/plain', headers: echoHeaders({ 'Content-Type': 'text/plain' }), body: text(echo), status: 415 },
  { name: 'a type that only begins like JSON', headers: echoHeaders({ 'Content-Type': 'application/jsonx' }),
    body: text(echo), status: 415 },
  { name: 'a type with a parameter', headers: echoHeaders({ 'Content-Type': 'application/json; charset=utf-8' }),
    body: text(echo), status: 200 },
  { name: 'type in upper case', headers: echoHeaders({ 'Content-Type': 'Application/JSON' }),
    body: text(echo), status: 200 },
  { name: 'no body', ...modern(''), status: 400, code: -32700 },
  { name: 'blanks only', ...modern('  \n'), status: 400, code: -32700 },
  { name: 'cut off', ...modern(text(echo).slice(0, -1)), status: 400, code: -32700 },
  { name: 'two messages', ...modern(text(echo) + text(echo)), status: 400, code: -32700 },
  { name: 'bytes behind the message', ...modern(`${text(echo)}x`), status: 400, code: -32700 },
  { name: 'single quotes', ...modern("{'jsonrpc':'2.0'}"), status: 400, code: -32700 },
  { name: 'a comment', ...modern(text(echo).replace('{', '{/* */')), status: 400, code: -32700 },
  { name: 'a comma too many', ...modern(text(echo).replace('}', ',}')), status: 400, code: -32700 },
  { name: 'invalid UTF-8', ...modern(Buffer.from(text(echo).replace('"x"', '"\xff"'), 'latin1')),
    status: 400, code: -32700,
    sdk: 'the fixture replaces invalid bytes' },
  { name: 'UTF-8 of a surrogate', ...modern(Buffer.from(text(echo).replace('"x"', '"\xed\xa0\x80"'), 'latin1')),
    status: 400, code: -32700, sdk: 'the fixture replaces invalid bytes' },
  { name: 'overlong UTF-8', ...modern(Buffer.from(text(echo).replace('"x"', '"\xc0\xaf"'), 'latin1')),
    status: 400, code: -32700, sdk: 'the fixture replaces invalid bytes' },
  { name: 'UTF-16', ...modern(Buffer.from(text(echo), 'utf16le')), status: 400, code: -32700 },
  { name: 'a raw control character in a string', ...modern(text(echo).replace('"x"', '"\n"')),
    status: 400, code: -32700 },
  { name: 'a string', ...modern('"hello"'), status: 400, code: -32600 },
  { name: 'a number', ...modern('1'), status: 400, code: -32600 },
  { name: 'null', ...modern('null'), status: 400, code: -32600, sdk: kLax },
  { name: 'true', ...modern('true'), status: 400, code: -32600 },
  { name: 'an empty array', ...modern('[]'), status: 400, code: -32600 },
  { name: 'an array with a modern message', ...modern(`[${text(echo)}]`), status: 400, code: -32600 },
  { name: 'an array with initialize', headers: plain, body: `[${text(rpc('initialize', {}))}]`,
    status: 400, code: -32600, sdk: kLax },
  { name: 'an empty object', ...modern('{}'), status: 400, code: -32600 },
];

/** The envelope of JSON-RPC. */
const kEnvelope = [
  { name: 'no jsonrpc', ...modern(text({ ...echo, jsonrpc: undefined })), status: 400, code: -32600 },
  { name: 'jsonrpc 1.0', ...modern(text({ ...echo, jsonrpc: '1.0' })), status: 400, code: -32600 },
  { name: 'jsonrpc as a number', ...modern(text({ ...echo, jsonrpc: 2.0 })), status: 400, code: -32600 },
  { name: 'no method', ...modern(text({ ...echo, method: undefined })), status: 400, code: -32600 },
  { name: 'method as a number', ...modern(text({ ...echo, method: 7 })), status: 400, code: -32600 },
  { name: 'id null', ...modern(text({ ...echo, id: null })), status: 400, code: -32600 },
  { name: 'id with a fraction', ...modern(text({ ...echo, id: 1.5 })), status: 400, code: -32600 },
  { name: 'id as an object', ...modern(text({ ...echo, id: {} })), status: 400, code: -32600 },
  { name: 'id true', ...modern(text({ ...echo, id: true })), status: 400, code: -32600 },
  { name: 'id of 257 bytes', ...modern(text({ ...echo, id: 'i'.repeat(257) })),
    status: 400, code: -32600, sdk: kLax },
  { name: 'id of 256 bytes', ...modern(text({ ...echo, id: 'i'.repeat(256) })), status: 200, id: 'i'.repeat(256) },
  { name: 'id 0', ...modern(text({ ...echo, id: 0 })), status: 200, id: 0 },
  { name: 'id as an empty string', ...modern(text({ ...echo, id: '' })), status: 200, id: '' },
  { name: 'id 1 as a string', ...modern(text({ ...echo, id: '1' })), status: 200, id: '1' },
  { name: 'method twice', ...modern(text(echo).replace('"id"', '"method":"tools/list","id"')),
    status: 400, code: -32600,
    sdk: kLax },
  { name: 'id twice', ...modern(text(echo).replace('"id":1', '"id":1,"id":2')),
    status: 400, code: -32600, sdk: kLax },
  { name: 'name twice', ...modern(text(echo).replace('"name"', '"name":"big","name"')),
    status: 400, code: -32600, sdk: kLax },
  { name: 'a key twice, once escaped', ...modern(text(echo).replace('"name"', '"n\\u0061me":"big","name"')),
    status: 400, code: -32600, sdk: kLax },
  { name: 'the version twice',
    ...modern(text(echo).replace(`"${kVersion}"`, `"${kVersion}":"2025-11-25","${kVersion}"`)),
    status: 400, code: -32600, sdk: kLax },
  { name: 'a key twice inside arguments', ...modern(inArguments('{"a":1,"a":2}')), status: 200 },
  { name: 'arguments 40 levels deep', ...modern(inArguments(deep(40))), status: 200 },
  { name: 'arguments 100 levels deep', ...modern(inArguments(deep(100))),
    status: 400, code: [-32600, -32700], sdk: kLax },
  { name: 'arguments 100,000 levels deep', ...modern(inArguments(deep(100_000))), status: 400, code: [-32600, -32700],
    sdk: kLax },
  { name: 'arguments with 50,000 values', ...modern(inArguments(`[${'1,'.repeat(49_999)}1]`)), status: 200 },
  { name: 'arguments with 150,000 values', ...modern(inArguments(`[${'1,'.repeat(149_999)}1]`)), status: [400, 413],
    code: [-32600, -32700, undefined], sdk: kLax },
  { name: 'a body of 3 MiB', ...modern(inArguments(`"${'b'.repeat(3 << 20)}"`)), status: 200 },
  { name: 'a body of 5 MiB', ...modern(inArguments(`"${'b'.repeat(5 << 20)}"`)),
    status: 413, sdk: 'its limit is 8 MiB' },
  { name: 'a response object', headers: modernHeaders('x'), body: text({ jsonrpc: '2.0', id: 1, result: {} }),
    status: 400, code: -32600, sdk: kLax },
];

const full = { [kVersion]: kProtocol, [kCaps]: {}, [kClient]: { name: 'raw', version: '1' } };
const without = key => Object.fromEntries(Object.entries(full).filter(([name]) => name !== key));

/** The ladder of 2026-07-28, rung by rung. */
const kLadder = [
  { name: 'everything right', ...modern(text(echo)), status: 200, id: 1 },
  { name: 'no metadata', headers: modernHeaders('server/discover'), body: text(rpc('server/discover', {})),
    status: 400, code: -32602 },
  { name: 'no params', headers: modernHeaders('server/discover'), body: text(rpc('server/discover')),
    status: 400, code: -32602 },
  { name: 'no version in the metadata', ...discover(without(kVersion)), status: 400, code: -32602 },  // P006
  { name: 'version as a number', ...discover({ ...full, [kVersion]: 20260728 }), status: 400, code: -32602 },
  { name: 'no capabilities', ...discover(without(kCaps)), status: 400, code: -32602 },
  { name: 'capabilities as a list', ...discover({ ...full, [kCaps]: [] }), status: 400, code: -32602 },
  { name: 'capabilities null', ...discover({ ...full, [kCaps]: null }), status: 400, code: -32602 },
  { name: 'no client information', ...discover(without(kClient)), status: 200 },  // P007
  { name: 'client information malformed', ...discover({ ...full, [kClient]: 'me' }), status: 400, code: -32602 },
  { name: 'header names another version',
    headers: modernHeaders('server/discover', { 'MCP-Protocol-Version': '2025-11-25' }),
    body: discover(full).body, status: 400, code: -32020 },
  { name: 'a future version', headers: modernHeaders('server/discover', { 'MCP-Protocol-Version': '2099-01-01' }),
    body: discover({ ...full, [kVersion]: '2099-01-01' }).body, status: 400, code: -32022, requested: '2099-01-01' },
  { name: 'no version at all', headers: modernHeaders('server/discover', { 'MCP-Protocol-Version': 'latest' }),
    body: discover({ ...full, [kVersion]: 'latest' }).body, status: 400, code: -32022, requested: 'latest' },
  { name: 'no version header', headers: modernHeaders('server/discover', { 'MCP-Protocol-Version': undefined }),
    body: discover(full).body, status: 400, code: -32020 },
  { name: 'no Mcp-Method', headers: echoHeaders({ 'Mcp-Method': undefined }), body: text(echo),
    status: 400, code: -32020 },
  { name: 'another Mcp-Method', headers: echoHeaders({ 'Mcp-Method': 'tools/list' }), body: text(echo),
    status: 400, code: -32020 },
  { name: 'Mcp-Method in upper case', headers: echoHeaders({ 'Mcp-Method': 'TOOLS/CALL' }), body: text(echo),
    status: 400, code: -32020 },
  { name: 'Mcp-Method padded', headers: echoHeaders({ 'Mcp-Method': '  tools/call\t' }), body: text(echo),
    status: 200 },
  { name: 'no Mcp-Name', headers: echoHeaders({ 'Mcp-Name': undefined }), body: text(echo),
    status: 400, code: -32020 },
  { name: 'another Mcp-Name', headers: echoHeaders({ 'Mcp-Name': 'big' }), body: text(echo),
    status: 400, code: -32020 },
  { name: 'Mcp-Name in upper case', headers: echoHeaders({ 'Mcp-Name': 'ECHO' }), body: text(echo),
    status: 400, code: -32020 },
  { name: 'Mcp-Name encoded', headers: echoHeaders({ 'Mcp-Name': '=?base64?ZWNobw==?=' }), body: text(echo),
    status: 200 },
  { name: 'Mcp-Name badly encoded', headers: echoHeaders({ 'Mcp-Name': '=?base64?ZWNob!==?=' }), body: text(echo),
    status: 400, code: -32020 },
  { name: 'Mcp-Name without padding', headers: echoHeaders({ 'Mcp-Name': '=?base64?ZWNobw?=' }), body: text(echo),
    status: 400, code: -32020, sdk: kLax },
  { name: 'Mcp-Name with the marker in upper case', headers: echoHeaders({ 'Mcp-Name': '=?BASE64?ZWNobw==?=' }),
    body: text(echo), status: 400, code: -32020 },
  { name: 'a surplus Mcp-Name', headers: modernHeaders('server/discover', { 'Mcp-Name': 'echo' }),
    body: discover(full).body,
    status: 200 },
  { name: 'an unknown Mcp-Param', headers: echoHeaders({ 'Mcp-Param-Unknown': 'x' }), body: text(echo), status: 200 },
  ...['unknown/method', 'initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'].map(
    method => ({ name: `${method} does not exist`, headers: modernHeaders(method),
      body: text(rpc(method, { _meta: full }, 9)),
      status: 404, code: -32601, id: 9 })),
  { name: 'an unknown tool', headers: echoHeaders({ 'Mcp-Name': 'nothing' }),
    body: text(call({ name: 'nothing', arguments: {} }, 'u')),
    status: 200, code: -32602, id: 'u' },
  { name: 'an unknown resource', headers: modernHeaders('resources/read', { 'Mcp-Name': 'no://where' }),
    body: text(rpc('resources/read', withMeta({ uri: 'no://where' }))), status: 200, code: -32602 },
  { name: 'an unknown prompt', headers: modernHeaders('prompts/get', { 'Mcp-Name': 'nothing' }),
    body: text(rpc('prompts/get', withMeta({ name: 'nothing' }))), status: 200, code: -32602 },
  { name: 'a notification', headers: modernHeaders('notifications/cancelled'),
    body: text({ jsonrpc: '2.0', method: 'notifications/cancelled', params: withMeta({ requestId: 99 }) }),
      status: 202 },
  { name: 'a header of the schema left out', headers: modernHeaders('tools/call', { 'Mcp-Name': 'region' }),
    body: text(call({ name: 'region', arguments: { region: 'eu' } })), status: 400, code: -32020, sdk: kLax },
  { name: 'a header of the schema that differs', body: text(call({ name: 'region', arguments: { region: 'eu' } })),
    headers: modernHeaders('tools/call', { 'Mcp-Name': 'region', 'Mcp-Param-Region': 'us' }),
      status: 400, code: -32020, sdk: kLax },
  { name: 'a header of the schema that agrees', body: text(call({ name: 'region', arguments: { region: 'eu' } })),
    headers: modernHeaders('tools/call', { 'Mcp-Name': 'region', 'Mcp-Param-Region': 'eu' }), status: 200 },
  { name: 'an integer that agrees as a number',
    body: text(call({ name: 'region', arguments: { region: 'eu', limit: 42 } })),
    headers: modernHeaders('tools/call',
      { 'Mcp-Name': 'region', 'Mcp-Param-Region': 'eu', 'Mcp-Param-Limit': '42.0' }), status: 200 },
];

/** What a legacy client can get wrong. */
const session = id => ({ ...plain, 'Mcp-Session-Id': id, 'MCP-Protocol-Version': '2025-11-25' });
const kLegacy = [
  { name: 'no session', headers: { ...plain, 'MCP-Protocol-Version': '2025-11-25' },
    body: text(rpc('tools/list', {})), status: 400 },
  { name: 'an unknown session', headers: session('no-such-session'), body: text(rpc('tools/list', {})), status: 404 },
  { name: 'a session id of 9,000 bytes', headers: session('s'.repeat(9000)),
    body: text(rpc('tools/list', {})), status: 431,
    sdk: kNode },
  { name: 'DELETE of an unknown session', method: 'DELETE', headers: session('no-such-session'), status: 404 },
  { name: 'GET with an unknown session', method: 'GET',
    headers: { ...session('no-such-session'), Accept: 'text/event-stream' },
    status: 404 },
];

describe('bad input over HTTP', { timeout: 180_000 }, () => {
  let fixture;
  let weir;
  let port;
  let path;
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    weir = direct ? undefined : await startWeir({ up: fixture });
    port = weir?.port ?? fixture.port;
    path = direct ? '/mcp' : '/mcp/up';
  });
  after(() => stopAll(weir, fixture));

  const groups = { message: kMessage, envelope: kEnvelope, ladder: kLadder, legacy: kLegacy };
  for (const [group, cases] of Object.entries(groups)) {
    for (const entry of cases) {
      test(`${group}: ${entry.name}`, { skip: direct && entry.sdk }, async () => {
        const answer = await request(port, { path, ...entry });
        const seen = `${answer.status} ${answer.body.slice(0, 300)}`;
        assert.ok([entry.status].flat().includes(answer.status), `${seen}, not ${entry.status}`);
        if (entry.code) assert.ok([entry.code].flat().includes(answer.json?.error?.code), `${seen}, not ${entry.code}`);
        if (entry.id !== undefined) assert.strictEqual(answer.json.id, entry.id);
        if (entry.code === -32022) {
          assert.equal(answer.json.error.data.requested, entry.requested);
          assert.ok(answer.json.error.data.supported.includes(kProtocol));
        }
        if (entry.status === 202) assert.equal(answer.body, '');
        if (entry.status === 405) assert.ok(answer.headers.allow?.includes('POST') || direct, 'Allow names POST');
      });
    }
  }

  test('paths that do not exist are 404', { skip: direct && kNode }, async () => {
    for (const wrong of ['/', '/mc', '/mcpx', '/mcp/nobody', '/mcp/up/more', '/mcp/../mcp/up', '/MCP']) {
      const { status } = await request(port, { path: wrong, ...modern(text(echo)) });
      assert.ok([400, 404].includes(status), `${wrong}: ${status}`);
    }
  });

  test('a legacy session opens, works, ends with DELETE and is then unknown', async () => {
    const opened = await request(port, { path, headers: plain, body: text(rpc('initialize', {
      protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } }, 0)) });
    assert.equal(opened.status, 200);
    assert.equal(opened.json.id, 0);
    assert.equal(opened.json.result.protocolVersion, '2025-11-25');
    const id = opened.headers['mcp-session-id'];
    assert.match(id, /^[\x21-\x7e]{16,}$/);
    const ready = text({ jsonrpc: '2.0', method: 'notifications/initialized' });
    assert.equal((await request(port, { path, headers: session(id), body: ready })).status, 202);
    const listed = await request(port, { path, headers: session(id), body: text(rpc('tools/list', {}, 'l')) });
    assert.equal(listed.json.id, 'l');
    assert.ok(listed.json.result.tools.length > 0);
    const odd = { ...session(id), 'MCP-Protocol-Version': '1999-01-01' };
    assert.equal((await request(port, { path, headers: odd, body: text(rpc('tools/list', {})) })).status, 400);
    const ended = await request(port, { path, method: 'DELETE', headers: session(id) });
    assert.ok([200, 202, 204].includes(ended.status), String(ended.status));
    const gone = await request(port, { path, headers: session(id), body: text(rpc('tools/list', {})) });
    assert.equal(gone.status, 404);
  });

  test('two sessions have different ids', async () => {
    const open = () => request(port, { path, headers: plain, body: text(rpc('initialize', {
      protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } })) });
    const [first, second] = [await open(), await open()];
    assert.notEqual(first.headers['mcp-session-id'], second.headers['mcp-session-id']);
    assert.equal(first.json.result.protocolVersion, '2025-06-18');
  });
});
