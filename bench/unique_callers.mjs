// Memory under many callers: requests from unique JWT callers through the HTTP edge, each exchanged for a token at the
// server, in rounds over all callers; then the slope of resident memory over the last half (0 ± 2 %, T-31).
//
//   node bench/unique_callers.mjs --weir build/release/bin/weir --requests 100000 --callers 10000 [--seconds 120]
//
// Everything is on this machine and in this process but Weir itself. Needs no package. Prints one JSON object; exit
// code 1 when the slope is over its bound, a call failed or the exchanged tokens were more than their cap of 5000.
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: given } = parseArgs({ options: { weir: { type: 'string', default: 'build/release/bin/weir' },
  requests: { type: 'string', default: '100000' }, callers: { type: 'string', default: '10000' },
  seconds: { type: 'string', default: '120' }, at_once: { type: 'string', default: '32' } } });
const [kRequests, kCallers, kSeconds, kAtOnce] = ['requests', 'callers', 'seconds', 'at_once'].map(name => Number(given[name]));
const kSlopeMax = 0.02;
const kSamples = 400;
const kProtocol = '2026-07-28';

const folder = mkdtempSync(join(tmpdir(), 'weir-callers-'));
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
const listen = handler => new Promise(done => {
  const server = createServer(handler);
  server.keepAliveTimeout = 600_000;
  server.listen(0, '127.0.0.1', () => done(server));
});
const bodyOf = async req => { let text = ''; for await (const some of req) text += some; return text; };
const say = (res, body) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));

let exchanges = 0;
const issuer = await listen(async (req, res) => {
  const form = new URLSearchParams(await bodyOf(req));
  if (req.url === '/keys') return say(res, { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256', use: 'sig' }] });
  exchanges += form.get('grant_type')?.endsWith('token-exchange') ? 1 : 0;
  return say(res, { access_token: randomBytes(24).toString('hex'), token_type: 'Bearer', expires_in: 3600,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
});
const issuerUrl = `http://127.0.0.1:${issuer.address().port}`;

const results = {
  'server/discover': { resultType: 'complete', supportedVersions: [kProtocol], capabilities: { tools: {} },
    serverInfo: { name: 'plain', version: '1' } },
  'tools/list': { resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools: [{ name: 'hello', inputSchema: { type: 'object' } }] },
  'tools/call': { resultType: 'complete', content: [{ type: 'text', text: 'hello' }] },
};
const server = await listen(async (req, res) => {
  const { id, method } = JSON.parse(await bodyOf(req));
  say(res, { jsonrpc: '2.0', id, result: results[method] });
});

const freePort = async () => {
  const probe = await listen(() => {});
  const { port } = probe.address();
  await new Promise(done => probe.close(done));
  return port;
};
const port = await freePort();
const adminPort = await freePort();
writeFileSync(join(folder, 'weir.yaml'), JSON.stringify({
  listeners: [{ name: 'agents', bind: `127.0.0.1:${port}`, auth: ['jwt'] }], admin: { bind: `127.0.0.1:${adminPort}` },
  auth: { resource: 'https://mcp.example.com/mcp', jwt: { issuer: issuerUrl, jwks_url: `${issuerUrl}/keys`, audience: 'weir' } },
  observability: { log: { access: false } },
  servers: { plain: { url: `http://127.0.0.1:${server.address().port}/mcp`,
    auth: { type: 'exchange', token_url: `${issuerUrl}/token`, client_id: 'weir', client_secret: 'of-the-run' } } } }));

const weir = spawn(given.weir, ['run', '--quiet', join(folder, 'weir.yaml')], { stdio: ['ignore', 'ignore', 'pipe'],
  env: { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8' } });
let log = '';
weir.stderr.on('data', text => { log = (log + text).slice(-4000); });
process.on('exit', () => { weir.kill('SIGKILL'); rmSync(folder, { recursive: true, force: true }); });
for (let i = 0; ; ++i) {
  const ready = await fetch(`http://127.0.0.1:${adminPort}/readyz`).then(answer => answer.ok, () => false);
  if (ready) break;
  if (i > 200) throw new Error(`weir did not start:\n${log}`);
  await new Promise(done => setTimeout(done, 50));
}

function tokenOf(caller) {
  const now = Math.floor(Date.now() / 1000);
  const text = `${part({ alg: 'ES256', kid: 'k', typ: 'JWT' })}.${part({ iss: issuerUrl, aud: 'weir', sub: `caller-${caller}`,
    iat: now, exp: now + 3600, jti: createHash('sha256').update(String(caller)).digest('hex') })}`;
  return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}
const tokens = Array.from({ length: kCallers }, (_, caller) => tokenOf(caller));

const agent = new Agent({ keepAlive: true, maxSockets: kAtOnce });
const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'hello', arguments: {},
  _meta: { 'io.modelcontextprotocol/protocolVersion': kProtocol, 'io.modelcontextprotocol/clientInfo': { name: 'run', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {} } } });
const call = token => new Promise(done => {
  const sent = request({ port, host: '127.0.0.1', path: '/mcp/plain', method: 'POST', agent, headers: { Authorization: `Bearer ${token}`,
    'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', 'MCP-Protocol-Version': kProtocol,
    'Mcp-Method': 'tools/call', 'Mcp-Name': 'hello', 'Content-Length': body.length } }, async answer => {
    const text = await bodyOf(answer);
    done(answer.statusCode === 200 && text.includes('"hello"') ? '' : `${answer.statusCode} ${text.slice(0, 300)}`);
  });
  sent.on('error', error => done(error.message)).end(body);
});

const residentKib = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${weir.pid}/status`, 'utf8'))[1]);
const samples = [];
let next = 0;
let failed = 0;
let firstFailure = '';
const begun = Date.now();
const over = () => next >= kRequests || Date.now() - begun > kSeconds * 1000;
const every = Math.max(1, Math.floor(kRequests / kSamples));
await Promise.all(Array.from({ length: kAtOnce }, async () => {
  while (!over()) {
    const number = next++;
    const why = await call(tokens[number % kCallers]);
    failed += why ? 1 : 0;
    firstFailure ||= why;
    if (number % every === 0) samples.push([number, residentKib()]);
  }
}));

/** Least squares over the last half: growth over it, as a share of its mean. */
function slope() {
  const half = samples.filter(([at]) => at >= next / 2);
  const mean = index => half.reduce((sum, one) => sum + one[index], 0) / half.length;
  const [x, y] = [mean(0), mean(1)];
  const perRequest = half.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0) / half.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
  return perRequest * (half.at(-1)[0] - half[0][0]) / y;
}
const grown = slope();
const good = failed === 0 && Math.abs(grown) <= kSlopeMax && next >= kRequests;
console.log(JSON.stringify({ requests: next, callers: kCallers, exchanges, failed, ...(firstFailure && { firstFailure }),
  seconds: (Date.now() - begun) / 1000, rss_mib: { first: samples[0][1] / 1024, half: samples[samples.length >> 1][1] / 1024,
    last: samples.at(-1)[1] / 1024 }, slope_last_half: grown, bound: kSlopeMax, good }));
process.exit(good ? 0 : 1);
