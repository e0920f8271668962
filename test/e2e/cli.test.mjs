// The commands as a person uses them: what they print and where, exit codes, suggestions, consent, --json.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { nodeDir, repo } from '../fixtures/peers.mjs';
import { connect } from './clients.mjs';
import { folder, weir } from './commands.mjs';
import { cleanEnv, direct, eventually, freePort, kStartMs, killAll, scratch, sleep, startFixture, startProgram,
  startWeir, stdioFixture, weirBin } from './harness.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway process' };
const kEscape = '\x1b';

/** Two free ports as the environment that makes Weir use them. */
async function ports() {
  const listen = `127.0.0.1:${await freePort()}`;
  const admin = `127.0.0.1:${await freePort()}`;
  return { listen, admin, env: { WEIR_LISTEN: listen, WEIR_ADMIN: admin } };
}

const entry = ({ command, args, env }) => ({ command, args, env });
const settled = child => eventually(`the start-up table\n${child.err}`, () => {
  if (child.end) throw new Error(`weir ended with ${JSON.stringify(child.end)}: ${child.err}`);
  return /servers ready/.test(child.out);
}, kStartMs);

describe('help and usage', kSkip, () => {
  test('help lists the commands, and explains one without running it', () => {
    for (const args of [['help'], ['--help'], []]) {
      const { code, out, err } = weir(args);
      assert.equal(code, 0);
      assert.equal(err, '');
      for (const name of ['run', 'check', 'call', 'status', 'help', 'version']) assert.match(out, RegExp(`  ${name} `));
      assert.ok(out.indexOf('weir run') < out.indexOf('Usage:'), 'examples come first');
    }
    assert.deepEqual(weir(['help', 'run']), weir(['run', '--help']));
    assert.match(weir(['help', 'run']).out, /Usage: weir run \[OPTIONS\] \[FILE\]/);
    assert.match(weir(['help', 'e012']).out, /WEIR-E012/);
    assert.deepEqual([weir(['help', 'nothing']).code, weir(['help', 'nothing']).out], [64, '']);
  });

  test('a wrong word is told on stderr with what was meant, exit 64', () => {
    for (const [args, said] of [
      [['rn'], /there is no command `rn`\n  = did you mean `run`\?/],
      [['xyzzy'], /no command `xyzzy`\n  = `weir help` lists them/],
      [['run', '--lisen', 'x'], /`weir run` has no option `--lisen`\n  = did you mean `--listen`\?/],
      [['status', '--jsn'], /`weir status` has no option `--jsn`\n  = did you mean `--json`\?/],
      [['check', 'a', 'b'], /`weir check` does not take `b`/],
      [['call'], /TARGET/],
      [['check', '--format', 'xml'], /xml/],
    ]) {
      const { code, out, err } = weir(args);
      assert.deepEqual([code, out], [64, ''], args.join(' '));
      assert.match(err, said);
    }
  });

  test('what stderr does not take changes no exit code', () => {
    const full = openSync('/dev/full', 'w');
    for (const [args, code] of [[['rn'], 64], [['run', 'gone.yaml'], 66], [['check', '--from', 'gone.json'], 66],
      [['help', 'nothing'], 64], [['status', '--admin', '127.0.0.1:9'], 69]]) {
      const end = spawnSync(weirBin, args, { cwd: scratch(), env: cleanEnv({}), stdio: ['ignore', 'ignore', full],
        timeout: kStartMs });
      assert.deepEqual([end.status, end.signal], [code, null], args.join(' '));
    }
    closeSync(full);
  });

  test('version is one line, or JSON', () => {
    assert.match(weir(['version']).out, /^weir \d+\.\d+\.\d+/);
    assert.equal(weir(['version']).out, weir(['--version']).out);
    assert.equal(JSON.parse(weir(['version', '--json']).out).version, 1);
  });
});

describe('weir check', kSkip, () => {
  const kBad = 'servers:\n  a: { comand: x }\n  b: { url: "http://h/${NOT_SET_ANYWHERE}" }\nshutdown: { drain: soon }\n';

  test('shows every problem at once with line, caret and what was meant, on stdout', () => {
    const { code, out, err } = weir(['check'], { cwd: folder({ 'weir.yaml': kBad }) });
    assert.deepEqual([code, err], [78, '']);
    assert.match(out, /error\[WEIR-E012\]: unknown key `comand`\n  --> weir\.yaml:2:8\n2 \|   a: { comand: x }\n {2}\| {8}\^{6} did you mean `command`\?/);
    assert.match(out, /error\[WEIR-E031\]: \$\{NOT_SET_ANYWHERE\} is not set\n  --> weir\.yaml:3:/);
    assert.match(out, /E016.*soon|soon.*E016|expected a duration/);
    assert.match(out, /weir\.yaml: \d errors\n$/);
    assert.ok(!out.includes(kEscape), 'no colours in a pipe');
  });

  test('--json and --format sarif hold the same problems', () => {
    const cwd = folder({ 'weir.yaml': kBad });
    const json = JSON.parse(weir(['check', '--json'], { cwd }).out);
    assert.equal(json.version, 1);
    const places = json.problems.map(({ line, column }) => line * 1000 + column);
    assert.deepEqual(places, [...places].sort((a, b) => a - b));
    assert.equal(json.errors, json.problems.filter(({ severity }) => severity === 'error').length);
    const sarif = JSON.parse(weir(['check', '--format', 'sarif'], { cwd }).out);
    assert.equal(sarif.version, '2.1.0');
    assert.equal(sarif.runs[0].results.length, json.problems.length);
  });

  test('a good file is one line and exit 0; a missing one is exit 66; broken text names its place', () => {
    const good = weir(['check', 'w.yaml'], { cwd: folder({ 'w.yaml': 'servers: { a: { command: x } }' }) });
    assert.deepEqual([good.code, good.out], [0, 'w.yaml: ok, 1 server\n']);
    assert.equal(weir(['check', 'none.yaml']).code, 66);
    assert.equal(weir(['check', '--from', 'none.json']).code, 66);
    for (const text of ['servers: [a', '{"mcpServers": {', 'servers:\n\t- x', '\0\0']) {
      const broken = weir(['check'], { cwd: folder({ 'weir.yaml': text }) });
      assert.equal(broken.code, 78, text);
      assert.match(broken.out, /error\[WEIR-E\d+\]: .*\n  --> weir\.yaml:\d+:\d+/);
    }
  });

  test('names what a file asks for and this version does not do', () => {
    const cwd = folder({ 'weir.yaml': 'observability: { audit: { file: a } }\nsessions: { store: redis }\n' });
    const { code, out } = weir(['check'], { cwd });
    assert.equal(code, 0);
    assert.match(out, /parts of `observability`: accepted; not in effect/);
    assert.match(out, /sessions\.store/);
  });

  test('--explain tells where a value comes from', () => {
    const cwd = folder({ 'weir.yaml': 'shutdown: { drain: 3s }\n' });
    assert.match(weir(['check', '--explain=shutdown.drain'], { cwd }).out, /3s.*weir\.yaml:1/);
    assert.equal(weir(['check', '--explain=shutdown.dran'], { cwd }).code, 64);
  });

  test('.env files count in development only, and a line that is none ends it with file and line (R-050)', () => {
    const file = { 'weir.yaml': { servers: { a: { url: 'http://127.0.0.1:1/mcp', headers: { 'X-Key': '${A_KEY}' } } } } };
    const cwd = folder({ ...file, '.env': 'A_KEY=weak\n', '.env.local': "export A_KEY='of the file'\n" });
    const develop = { env: { WEIR_ENV: 'development' }, cwd };
    assert.match(weir(['check'], { cwd }).out, /A_KEY/);
    assert.match(weir(['check'], { cwd, env: { WEIR_ENV: 'production' } }).out, /A_KEY/);
    assert.doesNotMatch(weir(['check'], develop).out, /A_KEY/);
    writeFileSync(join(cwd, '.env.local'), '# first\nno line of a secret\n');
    const broken = weir(['check'], develop);
    assert.equal(broken.code, 78);
    assert.match(broken.err, /^error: \.env\.local:2: the line is no NAME=value\n  = fix: /);
    assert.doesNotMatch(broken.err, /of a secret/);
    assert.notEqual(weir(['check'], { cwd }).code, 64);
  });

  test('finds client files of each kind', () => {
    const server = { command: 'x' };
    for (const [file, text] of [
      ['.mcp.json', { mcpServers: { a: server } }],
      ['.cursor/mcp.json', '{ // with a comment\n "mcpServers": { "a": { "command": "x", }, } }'],
      ['.vscode/mcp.json', { servers: { a: { type: 'stdio', ...server } }, inputs: [] }],
    ]) {
      const { code, out } = weir(['check'], { cwd: folder({ [file]: text }) });
      assert.deepEqual([code, out], [0, `${file}: ok, 1 server\n`]);
    }
    const home = folder({ '.claude.json': { mcpServers: { a: server } }, '.codex/config.toml': '[mcp_servers.b]\ncommand = "x"\n' });
    assert.match(weir(['check'], { env: { HOME: home } }).out, /ok, 2 servers\n$/);
  });
});

describe('weir run', { timeout: 240_000, ...kSkip }, () => {
  after(killAll);

  test('in an empty folder serves nothing and says how to add a server', async () => {
    const { env, admin } = await ports();
    const child = startProgram(['run'], { env, cwd: scratch() });
    await settled(child);
    assert.match(child.out, /0\/0 servers ready/);
    assert.match(child.out, /servers: \{ files: \{ command: npx/);
    assert.equal((await fetch(`http://${admin}/readyz`)).status, 200);
    assert.equal((await child.stop()).code, 0);
  });

  test("a project's file starts nothing without consent; --trust is remembered until it changes", async () => {  // P111
    const { env } = await ports();
    const home = scratch();
    const marker = join(scratch(), 'started');
    const project = text => ({ mcpServers: { a: { command: 'sh', args: ['-c', `touch ${marker}; ${text}`] } } });
    const cwd = folder({ '.mcp.json': project('exit 1') });
    const more = { ...env, HOME: home };
    const refused = weir(['run'], { cwd, env: more });
    assert.deepEqual([refused.code, refused.out], [77, '']);
    assert.match(refused.err, /\.mcp\.json can start programs.*\n.*--trust/);
    assert.throws(() => readFileSync(marker), /ENOENT/);
    for (const args of [['run', '--trust'], ['run'], ['run', '--from', '.mcp.json']]) {
      const child = startProgram(args, { cwd, env: more });
      await settled(child);
      await child.stop();
    }
    writeFileSync(join(cwd, '.mcp.json'), JSON.stringify(project('exit 2')));
    assert.equal(weir(['run'], { cwd, env: more }).code, 77);
  });

  test('shows each failed server with its cause, and serves the others', async () => {
    const { env } = await ports();
    const cwd = folder({ 'weir.yaml': { servers: {
      good: entry(stdioFixture('stdio_legacy.mjs')),
      crash: { command: process.execPath, args: ['-e', "throw new Error('KEY is not set')"] },
      absent: { command: 'no-such-program-here' },
      refuses: { url: 'http://127.0.0.1:9/mcp' },
      unset: { url: 'http://127.0.0.1:9/mcp', headers: { 'X-Key': '${NOT_SET_ANYWHERE}' } },
      leaks: { command: 'sh', args: ['-c', 'echo "bad token $OWN" >&2; exit 1'], env: { OWN: 'tok-SECRET-4711' } },
    } } });
    const child = startProgram(['run'], { env, cwd });
    await settled(child);
    for (const line of [/good .* ok\n/, /crash .*FAILED  exit 1: "Error: KEY is not set"/,
      /absent .*FAILED  exit 127: no-such-program-here: not found/,
      /refuses .*FAILED  cannot connect to 127\.0\.0\.1:9: Connection refused/,
      /unset .*FAILED  \$\{NOT_SET_ANYWHERE\} is not set/, /leaks .*FAILED  exit 1: "bad token \*\*\*"/,
      /1\/6 servers ready/]) assert.match(child.out, line);
    assert.match(child.err, /error\[WEIR-E031\][^]*server `unset` disabled; 5 others still start/);
    assert.ok(!child.out.includes(kEscape) && !child.err.includes(kEscape), 'no colours in a pipe');
    const status = weir(['status'], { env, cwd });
    assert.equal(status.code, 1, 'something is down');
    assert.match(status.out, /crash +FAILED .*KEY is not set/);
    const json = weir(['status', '--json'], { env, cwd });
    assert.match(json.out, /"stderr":"bad token \*\*\*"/);
    assert.ok(![child.out, child.err, status.out, json.out].join('').includes('SECRET-4711'), 'a secret is shown nowhere');
    const called = weir(['call', 'crash.tool'], { env, cwd });
    assert.deepEqual([called.code, called.out], [69, '']);
    assert.match(called.err, /KEY is not set/);
    await child.stop();
  });

  test('the three servers of ./dev run are ready, and can be called as the README says', async () => {
    const { env } = await ports();
    const dual = await startFixture('http_dual.mjs');
    const more = { ...env, WEIR_NODE_DIR: nodeDir, WEIR_DEMO_DIR: scratch(), WEIR_DEMO_URL: dual.url };
    const child = startProgram(['run', join(repo, 'tools/demo.yaml')], { env: more, cwd: scratch() });
    await settled(child);
    assert.match(child.out, /3\/3 servers ready/);
    for (const name of ['everything', 'files', 'dual']) assert.match(child.out, new RegExp(`${name} .* ok\\n`));
    const { code, out } = weir(['call', 'everything.echo', 'message=hi'], { env: more });
    assert.deepEqual([code, /hi/.test(out)], [0, true], out);
    await child.stop();
    await dual.stop();
  });

  test('--json prints one line, --quiet nothing; logs go to stderr as JSON', async () => {
    const { env } = await ports();
    const child = startProgram(['run', '--json', '-v'], { env, cwd: scratch() });
    const line = await eventually('the line', () => /^\{.*\}\n$/.exec(child.out)?.[0], kStartMs);
    assert.equal(JSON.parse(line).version, 1);
    await child.stop();
    for (const logged of child.err.trim().split('\n')) assert.ok(JSON.parse(logged).event, logged);
    const quiet = startProgram(['run', '-q'], { env, cwd: scratch() });
    await eventually('the log', () => /gateway\.start/.test(quiet.err), kStartMs);
    await sleep(300);
    await quiet.stop();
    assert.equal(quiet.out, '');
  });

  test('a busy port: exit 69, its owner and a free port', async () => {
    const { env, listen } = await ports();
    const first = startProgram(['run'], { env, cwd: scratch() });
    await settled(first);
    const { code, out, err } = weir(['run'], { env });
    assert.deepEqual([code, out], [69, '']);
    assert.match(err, RegExp(`port ${listen.split(':')[1]} is in use by .*${first.pid}`));
    assert.match(err, /= fix: \d+ is free: use --listen/);
    const other = weir(['run'], { env: { ...env, WEIR_LISTEN: `127.0.0.1:${await freePort()}` } });
    assert.match(other.err, /= fix: \d+ is free: use --admin/, 'the port that is taken is the console\'s');
    await first.stop();
  });

  test('refuses what would leave a door open, unless told otherwise', async () => {
    const { env } = await ports();
    for (const text of ['listeners: [ { bind: "0.0.0.0:20017" } ]', 'admin: { bind: "0.0.0.0:20018" }',
      'policies: [ { who: ci, allow: ["*"] } ]', 'listeners: [ { auth: [jwt] } ]', 'listeners: [ { tls: { cert: c, key: k } } ]',
      'listeners: [ { bind: "unix:/tmp/weir.sock" } ]']) {
      const end = weir(['run'], { cwd: folder({ 'weir.yaml': text }) });
      assert.deepEqual([end.code, end.out], [78, ''], text);
      assert.match(end.err, /error\[WEIR-E\d+\][^]*= fix: /, text);
    }
    const cwd = folder({ 'weir.yaml': 'security: { allow_exec_secrets: true }' });
    const child = startProgram(['run', '--insecure'], { env, cwd });
    await settled(child);
    assert.match(child.err, /warning\[WEIR-E061\]: `security\.allow_exec_secrets`/);
    await child.stop();
  });

  test('a second signal ends it at once, as by that signal', async () => {
    const gate = await startWeir({ a: stdioFixture('stdio_legacy.mjs') }, { config: { shutdown: { drain: '60s' } } });
    const call = weirCallSlow(gate);
    await eventually('the call to run', async () => (await (await fetch(`${gate.admin}/api/v1/status`)).json()).in_flight > 0);
    gate.child.process.kill('SIGTERM');
    // Two signals that wait are one: the second goes when the first has been taken.
    await eventually('it to drain', async () => (await fetch(`${gate.admin}/readyz`)).status === 503);
    await sleep(300);
    assert.equal(gate.child.end, undefined, 'the first one waits for the call');
    gate.child.process.kill('SIGTERM');
    assert.equal((await gate.child.exited).code, 143);
    await call;
  });
});

const weirCallSlow = gate =>
  startProgram(['call', 'a.slow', 'steps:=100', 'stepMs:=100', 'tag=t', '--admin', gate.admin.slice(7)]).exited;

describe('reload', { timeout: 120_000, ...kSkip }, () => {
  after(killAll);

  test('a changed file takes effect on SIGHUP: names, servers, level; a bad one changes nothing', async () => {
    const server = entry(stdioFixture('stdio_legacy.mjs'));
    const gate = await startWeir({ a: server });
    const config = JSON.parse(readFileSync(gate.file, 'utf8'));
    const hup = change => {
      writeFileSync(gate.file, typeof change === 'string' ? change : JSON.stringify({ ...config, ...change }));
      gate.child.process.kill('SIGHUP');
    };
    const success = async () => /^mcp_config_last_reload_success (\d)/m.exec(
      await (await fetch(`${gate.admin}/metrics`)).text())[1];
    const names = () => weir(['call', 'a', '--json', '--url', gate.mcp.replace('/mcp', '')]).out;
    assert.equal(await success(), '1');
    hup('servers: [not, a, map');
    await eventually('the failed reload', async () => await success() === '0');
    await eventually('the reason', () => /error\[WEIR-E003\][^]*"config\.reload"/.test(gate.child.err));
    assert.match(names(), /whoami/);
    hup({ observability: { log: { level: 'error' } }, names: { prefix: '{server}-' } });
    await eventually('the good reload', async () => await success() === '1');
    const client = await connect('legacy', { url: gate.mcp });
    assert.ok((await client.toolNames()).includes('a-whoami'), 'the new prefix');
    await client.close();
    const before = gate.child.err.length;
    assert.match(names(), /whoami/);
    await sleep(200);
    assert.doesNotMatch(gate.child.err.slice(before), /"event":"call"/, 'calls are no longer logged');
    const figure = async name => Number(RegExp(`^${name}{server="a"} (\\d+)`, 'm').exec(
      await (await fetch(`${gate.admin}/metrics`)).text())[1]);
    assert.equal(await figure('mcp_upstream_up'), 1);
    assert.ok(await figure('mcp_catalog_tokens') > 0 && await figure('mcp_upstream_rss_bytes') > 0);
    hup({ servers: {} });
    await eventually('the gauges of what is gone', async () =>
      await figure('mcp_upstream_up') === 0 && await figure('mcp_catalog_tools') === 0 &&
      await figure('mcp_catalog_tokens') === 0 && await figure('mcp_upstream_rss_bytes') === 0);
    await gate.stop();
  });

  test("a client's file is read again; a changed project file needs consent again", async () => {
    const { env, admin } = await ports();
    const server = entry(stdioFixture('stdio_legacy.mjs'));
    const cwd = folder({ 'mine.json': { mcpServers: { a: server } } });
    const child = startProgram(['run', '--from', 'mine.json'], { env, cwd });
    await settled(child);
    writeFileSync(join(cwd, 'mine.json'), JSON.stringify({ mcpServers: { b: server } }));
    child.process.kill('SIGHUP');
    await eventually('server b', async () => /"name":"b"/.test(await (await fetch(`http://${admin}/api/v1/status`)).text()));
    await child.stop();

    const project = folder({ '.mcp.json': { mcpServers: { a: server } } });
    const trusted = startProgram(['run', '--from', join(project, '.mcp.json')], { env, cwd: project });
    await settled(trusted);
    await trusted.stop();
    const home = scratch();
    for (const args of [['run', '--trust'], ['run']]) {  // the first consents to what is there, both to nothing later
      writeFileSync(join(project, '.mcp.json'), JSON.stringify({ mcpServers: { a: server } }));
      const asked = startProgram(args, { env: { ...env, HOME: home }, cwd: project });
      await settled(asked);
      writeFileSync(join(project, '.mcp.json'), JSON.stringify({ mcpServers: { b: server } }));
      asked.process.kill('SIGHUP');
      await eventually('the refusal', () => /has changed and nobody has agreed to it/.test(asked.err));
      assert.doesNotMatch(await (await fetch(`http://${admin}/api/v1/status`)).text(), /"name":"b"/);
      await asked.stop();
    }
  });
});
