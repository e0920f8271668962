// Commands that ask a gateway which runs: what they print and where, exit codes, suggestions, --json.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { folder, weir, weirOnFullDisk } from './commands.mjs';
import { direct, eventually, kStartMs, killAll, scratch, startFixture, startProgram, startWeir, stdioFixture,
  stopAll } from './harness.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway process' };
const kEscape = '\x1b';
const entry = ({ command, args, env }) => ({ command, args, env });

describe('weir call and status', { timeout: 120_000, ...kSkip }, () => {
  let gate;
  let http;
  let at;
  before(async () => {
    http = await startFixture('http_dual.mjs', ['--id', 'web']);
    gate = await startWeir({ pipe: stdioFixture('stdio_legacy.mjs', ['--id', 'pipe']), web: http });
    at = ['--admin', gate.admin.slice(7)];
    await eventually('both servers', () => weir(['status', '-q', ...at]).code === 0);
  });
  after(() => stopAll(gate, http));

  for (const server of ['pipe', 'web']) {
    test(`lists, calls, reads and shows schemas of a server (${server})`, () => {
      assert.match(weir(['call', server, ...at]).out, /^echo +Returns its text$/m);
      assert.deepEqual(weir(['call', `${server}.echo`, 'text=hi there', ...at]), { code: 0, out: 'hi there\n', err: '' });
      assert.equal(weir(['call', `${server}.whoami`, ...at]).out, `${server}\n`);
      const typed = weir(['call', `${server}.arguments`, 'n:=1', 'list:=[1,"a"]', 's=1', ...at]);
      assert.deepEqual(JSON.parse(typed.out), { n: 1, list: [1, 'a'], s: typeof JSON.parse(typed.out).s === 'number' ? 1 : '1' });
      assert.equal(weir(['call', `${server}.echo`, '--args', '-', ...at], { input: '{"text":"from stdin"}' }).out, 'from stdin\n');
      assert.equal(weir(['call', `${server}__echo`, '-', ...at], { input: '{"text":"of agents"}' }).out, 'of agents\n');
      assert.equal(JSON.parse(weir(['call', `${server}.echo`, '--schema', ...at]).out).type, 'object');
      assert.equal(JSON.parse(weir(['call', `${server}.echo`, 'text=x', '--json', ...at]).out).content[0].text, 'x');
      assert.ok(JSON.parse(weir(['call', server, '--json', ...at]).out).tools.length > 3);
    });
  }

  test('says what is wrong, on stderr, with the exit code of its kind', () => {
    for (const [args, code, said] of [
      [['pip.echo'], 64, /no server `pip`\n  = did you mean `pipe`\?/],
      [['pipe.eco'], 64, /no tool `eco`\n  = did you mean `echo`\?/],
      [['pipe', 'echo', 'text=a'], 64, /`echo` is no argument[^]*\n  = did you mean `weir call pipe\.echo`\?/],
      [['pipe', 'a=1'], 64, /no tool of `pipe` to take them\n  = name it: `weir call pipe\.TOOL …`/],
      [['pipe.echo', 'text'], 65, /not of the form name=value/],
      [['pipe.echo', '--args', '{bad'], 65, /not JSON/],
      [['pipe.echo', 'a=1', '--args', '{}'], 65, /do not go together/],
      [['pipe.echo', '-', 'a=1'], 65, /do not go together/],
    ]) {
      const end = weir(['call', ...args, ...at]);
      assert.deepEqual([end.code, end.out], [code, ''], args.join(' '));
      assert.match(end.err, said);
    }
    const none = weir(['status', '--config', join(folder({ 'w.yaml': 'listeners: []' }), 'w.yaml')]);
    assert.deepEqual([none.code, none.out], [78, '']);
    assert.match(none.err, /`listeners` is empty/);
    const nobody = weir(['call', 'a.b', '--admin', '127.0.0.1:9']);
    assert.equal(nobody.code, 69);
    assert.match(nobody.err, /no gateway answers at .*\n  = fix: start one with `weir run`/);
    assert.equal(weir(['status', '--admin', '127.0.0.1:9']).code, 69);
  });

  test('what leaves in doubt which gateway is meant ends the command, and no other one is asked', () => {
    const cwd = folder({ 'weir.yaml': 'admin: { bind: [', 'slip.yaml': 'admni: { bind: 127.0.0.1:9 }\n' });
    const env = { WEIR_ADMIN: gate.admin.slice(7) };  // the one that would have been asked
    for (const verb of [['status'], ['call', 'pipe'], ['ctl', 'purge', '*', '--yes'], ['secrets'], ['tools']]) {
      for (const [more, code, said] of [
        [[], 78, /weir\.yaml:\d/],
        [['--config', 'slip.yaml'], 78, /slip\.yaml:1:1\b/],
        [['--config', 'gone.yaml'], 66, /`gone\.yaml` cannot be read/],
        [['--config', ''], 64, /--config/],
        [['--admin', 'nowhere'], 64, /--admin nowhere/],
        [['--admin', ''], 64, /--admin/],
        [['--admin', '127.0.0.1:9'], 69, /no gateway answers at 127\.0\.0\.1:9/],
      ]) {
        const end = weir([...verb, ...more], { cwd, env });
        assert.deepEqual([end.code, end.out], [code, ''], `${[...verb, ...more].join(' ')}: ${end.err}`);
        assert.match(end.err, said);
      }
    }
    const listen = gate.mcp.slice(7, -4);
    const nobody = weir(['call', 'pipe', '--admin', '127.0.0.1:9'], { env: { WEIR_LISTEN: listen } });
    assert.deepEqual([nobody.code, nobody.out], [69, ''], 'the listener of another gateway is not asked');
    assert.equal(weir(['status', '-q', ...at], { cwd }).code, 0, 'a file that is not needed is not read');
  });

  test('an object on stdin that is none is told with its line and column', () => {
    const end = weir(['call', 'pipe.echo', '-', ...at], { input: '{"text":\n "x",}\n' });
    assert.deepEqual([end.code, end.out], [65, '']);
    assert.match(end.err, /`stdin` is not JSON: .* at line 2, column 6\n   "x",\}\n {7}\^/);
  });

  test('what cannot be written is no success, whatever the command', () => {
    for (const args of [['status', ...at], ['call', 'pipe', ...at], ['call', 'pipe', '--json', ...at],
      ['call', 'pipe.echo', 'text=x', ...at], ['version'], ['help', 'run'], ['--help']]) {
      const { code, err } = weirOnFullDisk(args);
      assert.equal(code, 73, args.join(' '));
      assert.match(err, /^error: the output could not be written.*\n$/);
    }
    assert.deepEqual(weirOnFullDisk(['status', '-q', ...at]), { code: 0, err: '' });
  });

  test('the gateway says whether a server can be called, and the status why it cannot', async () => {
    const dead = join(scratch(), 'dead');
    const pipe = entry(stdioFixture('stdio_legacy.mjs', ['--id', 'pipe']));
    const script = `[ -e ${dead} ] && echo 'the disk is gone' >&2 && exit 3; exec "$0" "$@"`;
    const mortal = { ...pipe, command: 'sh', args: ['-c', script, pipe.command, ...pipe.args] };
    const own = await startWeir({ pipe, mortal, alone: mortal },
      { config: { degradation: { mortal: { fallback: [{ server: 'pipe' }] } } } });
    const there = ['--admin', own.admin.slice(7)];
    await eventually('all servers', () => weir(['status', '-q', ...there]).code === 0, kStartMs);
    writeFileSync(dead, '');
    for (const server of ['mortal', 'alone']) {
      weir(['call', `${server}.crash`, ...there]);
      await eventually('its end', () => JSON.parse(weir(['status', '--json', ...there]).out).servers
        .find(({ name }) => name === server).state === 'failed', kStartMs);
    }
    await eventually('another server to answer', () => weir(['call', 'mortal.whoami', ...there]).out === 'pipe\n', kStartMs);
    const end = weir(['call', 'alone.whoami', ...there]);
    assert.equal(end.code, 69);
    assert.match(end.err, /= status of `alone`: failed, .*the disk is gone/);
    await own.stop();
  });

  test('status --watch shows one look after another until it is interrupted', async () => {
    const child = startProgram(['status', '--watch', ...at]);
    await eventually('two looks', () => /^gateway [^]*\n\ngateway /.test(child.out), kStartMs);
    child.process.kill('SIGINT');
    await child.exited;
    assert.equal(weir(['status', '-w', '-q', ...at]).code, 64);
  });

  test('status: one screen, --json, and -q for the exit code alone', () => {
    const text = weir(['status', ...at]);
    assert.equal(text.code, 0);
    assert.match(text.out, /gateway  ready[^]*servers  2 ok\n[^]*pipe +ok +stdio[^]*web +ok +http/);
    assert.ok(!text.out.includes(kEscape));
    const json = JSON.parse(weir(['status', '--json', ...at]).out);
    assert.deepEqual([json.version, json.ready, json.servers.map(({ name, state }) => `${name} ${state}`)],
      [1, true, ['pipe ok', 'web ok']]);
    assert.deepEqual(weir(['status', '-q', ...at]), { code: 0, out: '', err: '' });
    assert.ok(weir(['status', '--color', 'always', ...at]).out.includes(kEscape));
    assert.ok(!weir(['status', ...at], { env: { NO_COLOR: '1', CLICOLOR_FORCE: '' } }).out.includes(kEscape));
  });
});

describe('weir ctl', { timeout: 120_000, ...kSkip }, () => {
  after(killAll);

  test('a gateway goes on when nobody reads what it says of a bad file', async () => {
    const gate = await startWeir({ a: entry(stdioFixture('stdio_legacy.mjs')) });
    const good = readFileSync(gate.file, 'utf8');
    gate.child.process.stderr.destroy();
    gate.child.process.stdout.destroy();
    for (const text of ['servers: [not, a, map', `{"surprise": 1, ${good.slice(1)}`]) {
      writeFileSync(gate.file, text);
      assert.equal(weir(['ctl', 'reload', '--admin', gate.admin.slice(7)]).code, 78);
    }
    writeFileSync(gate.file, good);
    assert.equal(weir(['ctl', 'reload', '--admin', gate.admin.slice(7)]).code, 0);
    await gate.stop();
  });

  test('reload says what was taken over, and why nothing was', async () => {
    const server = entry(stdioFixture('stdio_legacy.mjs'));
    const gate = await startWeir({ a: server });
    const at = ['--admin', gate.admin.slice(7)];
    const config = JSON.parse(readFileSync(gate.file, 'utf8'));
    const write = change => writeFileSync(gate.file, typeof change === 'string' ? change : JSON.stringify({ ...config, ...change }));
    write({ servers: { ...config.servers, b: server } });
    const taken = weir(['ctl', 'reload', ...at]);
    assert.deepEqual([taken.code, taken.err], [0, '']);
    assert.equal(taken.out, 'taken over: servers: 1 added, 0 removed, 0 changed, the rest keeps running\n');
    const names = JSON.parse(weir(['status', '--json', ...at]).out).servers.map(({ name }) => name);
    assert.deepEqual(names, ['a', 'b'], 'it is in effect when the command ends');
    write('servers: {}\nshutdown: { drain: soon }\nlisteners: 7\n');
    const refused = weir(['ctl', 'reload', ...at]);
    assert.deepEqual([refused.code, refused.out], [78, '']);
    assert.match(refused.err, /^error: the configuration was not taken over: it has errors: .*:2:\d+: .*WEIR-E\d+.*; .*:3:\d+: /);
    assert.equal(JSON.parse(weir(['status', '--json', ...at]).out).servers.length, 2, 'nothing has changed');
    write({});
    const json = weir(['ctl', 'reload', '--json', ...at]);
    assert.deepEqual(JSON.parse(json.out), { version: 1, servers: { added: 0, removed: 1, changed: 0 } });
    const bare = await fetch(`${gate.admin}/api/v1/reload`, { method: 'POST' });
    assert.equal(bare.status, 403, 'a page in a browser cannot');
    assert.equal((await fetch(`${gate.admin}/api/v1/reload`)).status, 405);
    assert.equal(weir(['ctl', 'reload', '--admin', '127.0.0.1:9']).code, 69);
    await gate.stop();
  });
});
