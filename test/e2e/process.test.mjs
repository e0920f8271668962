// Weir as a process: stdio downstream, orderly stop, no orphans even when it is killed, busy ports, bad config.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { cleanEnv, descendants, direct, eventually, freePort, gone, kHangMs, kStartMs, killAll, sleep,
  startFixture, startWeir, stdioFixture, stopAll, weirBin, writeConfig } from './harness.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway process' };
const textOf = result => result.content[0].text;
const weir = (...args) => spawnSync(weirBin, args, { env: cleanEnv(), encoding: 'utf8', timeout: kStartMs });

for (const era of ['legacy', 'modern']) {
  describe(`${era} client, weir run --stdio`, { timeout: 120_000, ...kSkip }, () => {
    let client;
    let http;
    before(async () => {
      http = await startFixture('http_dual.mjs', ['--id', 'web', '--eras', era]);
      const pipe = stdioFixture(`stdio_${era}.mjs`, ['--id', 'pipe']);
      const { file } = await writeConfig({ web: http, pipe });
      client = await connect(era, { command: weirBin, args: ['run', '--stdio', file], env: {} });
    });
    after(() => stopAll(client, http));

    test('lists and calls, with progress and one mebibyte', async () => {
      await eventually('both servers', async () => {
        const names = await client.toolNames();
        return names.includes('web__echo') && names.includes('pipe__echo');
      });
      assert.equal(textOf(await client.call('pipe__whoami')), 'pipe');
      assert.equal(textOf(await client.call('web__whoami')), 'web');
      const seen = [];
      const onprogress = step => seen.push(step.progress);
      await client.call('pipe__slow', { steps: 3, stepMs: 50, tag: 'p' }, { onprogress });
      assert.deepEqual(seen, [1, 2, 3]);
      const text = 'z'.repeat(1 << 20);
      assert.equal(textOf(await client.call('web__echo', { text })), text);
    });

    test('ends with its client, and its children with it', async () => {
      const { pid } = client.transport;
      const below = descendants(pid);
      assert.ok(below.length >= 1, 'the stdio server runs below it');
      await client.close();
      client = undefined;
      await gone(below);
    });
  });
}

for (const [what, input] of [['nothing', ''], ['half a message', '{"jsonrpc":"2.0","id":1,"meth']]) {
  test(`a stdio client that sends ${what} and goes ends the process with 0`, kSkip, async () => {
    const { file } = await writeConfig({});
    const pipeline = `printf %s "$1" | timeout ${kHangMs / 1000} "$0" run --stdio "$2"`;
    const run = spawnSync('sh', ['-c', pipeline, weirBin, input, file], { env: cleanEnv(), encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    for (const line of run.stdout.split('\n').filter(Boolean)) assert.equal(JSON.parse(line).jsonrpc, '2.0');
  });
}

describe('weir as a process', { timeout: 180_000, ...kSkip }, () => {
  after(killAll);
  const servers = () => ({ a: stdioFixture('stdio_legacy.mjs'), b: stdioFixture('stdio_modern.mjs') });

  test('stops on SIGTERM with exit code 0 and leaves no process', async () => {
    const gate = await startWeir(servers());
    await eventually('both children', () => descendants(gate.pid).length >= 2);
    await gate.stop();
  });

  test('takes signals while it looks up names', async () => {
    const web = await startFixture('http_dual.mjs');
    const gate = await startWeir({ named: { url: web.url.replace('127.0.0.1', 'localhost') }, a: servers().a });
    gate.child.process.kill('SIGHUP');
    const client = await connect('legacy', { url: gate.url('named') });
    assert.equal(textOf(await client.call('whoami')), 'fixture');
    await client.close();
    await gate.stop();
    await web.stop();
  });

  test('stops on SIGINT too', async () => {
    const gate = await startWeir(servers());
    const below = descendants(gate.pid);
    const end = await gate.child.stop('SIGINT');
    assert.equal(end.code, 0);
    await gone(below);
  });

  test('finishes a call in flight before it stops', async () => {
    const gate = await startWeir(servers());
    const client = await connect('legacy', { url: gate.url('a') });
    const call = client.call('slow', { steps: 10, stepMs: 50, tag: 'drain' });
    await sleep(150);
    const stopped = gate.stop();
    assert.equal(textOf(await call), '10 steps');
    await client.close().catch(() => {});
    await stopped;
  });

  test('leaves no orphan when it is killed', async () => {
    const gate = await startWeir(servers());
    await eventually('both children', () => descendants(gate.pid).length >= 2);
    const below = descendants(gate.pid);
    await gate.child.stop('SIGKILL');
    await gone(below);
  });

  test('ends children that ignore everything but SIGKILL', async () => {
    const gate = await startWeir({ deaf: stdioFixture('stdio_legacy.mjs', ['--deaf', 1]), a: servers().a });
    const client = await connect('legacy', { url: gate.url('deaf') });
    assert.equal(textOf(await client.call('whoami')), 'fixture');
    await client.close();
    const below = descendants(gate.pid);
    const end = await gate.child.stop('SIGTERM', 30_000);
    assert.equal(end.code, 0);
    await gone(below);
  });

  test('names the owner of a busy port', async () => {
    const { file, port } = await writeConfig(servers());
    const squatter = createServer();
    await new Promise(done => squatter.listen(port, '127.0.0.1', done));
    const end = weir('run', file);
    squatter.close();
    assert.notEqual(end.status, 0);
    assert.match(end.stderr, new RegExp(`${port}`));
    assert.match(end.stderr, new RegExp(`${process.pid}`));
  });

  test('refuses a public listener without authentication', async () => {
    const { file } = await writeConfig(servers(), { listeners: [{ name: 'agents', bind: '0.0.0.0:20001' }] });
    const end = weir('run', file);
    assert.ok([77, 78].includes(end.status), `${end.status} ${end.stderr}`);
  });

  test('refuses an unknown key and suggests the right one', async () => {
    const { file } = await writeConfig({}, { severs: {} });
    const end = weir('check', file);
    assert.equal(end.status, 78, end.stderr);
    assert.match(`${end.stdout}${end.stderr}`, /servers/);
  });

  test('disables only the server whose variable is not set', async () => {
    const gate = await startWeir({ a: servers().a, unset: { url: 'http://127.0.0.1:9/${WEIR_E2E_NOT_SET}' } });
    const client = await connect('legacy', { url: gate.url('a') });
    assert.equal(textOf(await client.call('whoami')), 'fixture');
    await client.close();
    await gate.stop();
  });

  test('shows URLs that can be used, for IPv6 too', async () => {
    const port = await freePort();
    const config = { listeners: [{ name: 'six', bind: `[::1]:${port}` }] };
    const gate = await startWeir({ a: servers().a }, { config });
    const status = await fetch(`${gate.admin}/api/v1/status`).then(answer => answer.json());
    assert.deepEqual(status.mcp, [`http://[::1]:${port}/mcp`]);
    const end = weir('call', '--admin', new URL(gate.admin).host, 'a.whoami');
    assert.equal(end.stdout, 'fixture\n', end.stderr);
    await gate.stop();
  });

  test('reloads on SIGHUP: new servers appear, a bad file keeps the old ones', async () => {
    const gate = await startWeir({ a: servers().a });
    const client = await connect('legacy', { url: gate.mcp });
    const has = name => async () => (await client.toolNames()).includes(name);
    await eventually('server a', has('a__whoami'));
    const config = JSON.parse(readFileSync(gate.file, 'utf8'));
    config.servers.c = config.servers.a;
    config.servers.tls = { url: `https://127.0.0.1:${await freePort()}/mcp` };  // the first one that needs TLS
    writeFileSync(gate.file, JSON.stringify(config));
    gate.child.process.kill('SIGHUP');
    await eventually('server c', has('c__whoami'));
    const causeOfTls = async () => (await fetch(`${gate.admin}/api/v1/status`).then(answer => answer.json()))
      .servers.find(server => server.name === 'tls')?.cause;
    await eventually('a cause', causeOfTls);
    assert.match(await causeOfTls(), /cannot connect/);
    writeFileSync(gate.file, 'servers: [not, a, map');
    gate.child.process.kill('SIGHUP');
    await sleep(500);
    assert.ok(await has('c__whoami')(), 'the old configuration stays');
    assert.equal(textOf(await client.call('a__whoami')), 'fixture');
    await client.close();
    await gate.stop();
  });
});
