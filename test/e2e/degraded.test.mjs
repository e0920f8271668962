// What an agent gets while the documentation servers of the two example files fail, through the real binary. The
// oldest user is a code reviewer that must never wait for a documentation server: issue by issue, one per server.
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { repo } from '../fixtures/peers.mjs';
import { direct, scratch, startFixture, startWeir, stdioFixture, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: nothing stands in' };
const kExamples = ['cache-config.yaml', 'degraded-mode.yaml'].map(name => join(repo, 'examples', name));
const kMark = 'dev.weir/degraded';
const kGraceMs = 2_000;  // of a loaded machine; exactness is shown on virtual time

async function ask(weir, server, method, params) {
  const begun = Date.now();
  const answer = await request(weir.port, { path: server ? `/mcp/${server}` : '/mcp',
    headers: modernHeaders(method, { 'Mcp-Name': params.name ?? params.uri }),
    body: JSON.stringify(rpc(method, withMeta(params))) });
  const result = answer.json?.result;
  return { status: answer.status, tookMs: Date.now() - begun, degraded: answer.headers['weir-degraded'],
    mark: result?._meta?.[kMark], result, error: answer.json?.error,
    text: result?.content?.[0]?.text ?? result?.contents?.[0]?.text };
}
const read = (weir, server, id, name) => ask(weir, server, 'resources/read', { uri: `${id}://counted/${name}` });
const call = (weir, server, name, args = {}) => ask(weir, server, 'tools/call', { name, arguments: args });
const metric = async (weir, series) => {
  const page = await (await fetch(`${weir.admin}/metrics`)).text();
  return Number(page.split('\n').find(line => line.startsWith(`${series} `))?.split(' ').at(-1) ?? NaN);
};

/** Reads a page twice (fetched, then a hit) and lets an update make the copy a stale one. */
async function warm(weir, server, id, name) {
  assert.equal((await read(weir, server, id, name)).degraded, undefined);
  assert.equal((await read(weir, server, id, name)).text, '1');
  await call(weir, server, 'save');
}
const freeze = fixture => fixture.child.process.kill('SIGSTOP');
const thaw = fixture => fixture.child.process.kill('SIGCONT');

describe('the two example files, unchanged, while their servers fail', { timeout: 120_000, ...kSkip }, () => {
  const ids = { context7: 'context', confluence: 'wiki', notion: 'notes', kellerai_standards: 'standards' };
  const servers = {};
  let weir;
  before(async () => {
    for (const [name, id] of Object.entries(ids)) {
      servers[name] = await startFixture('http_dual.mjs', ['--id', id, '--read-ttl', 3_600_000]);
    }
    weir = await startWeir(servers, { config: { include: kExamples,
      degradation: { kellerai_standards: { aliases: ['kellerai'], breaker: { failure_threshold: 2, recovery_timeout_s: 10 } } } } });
  });
  after(() => stopAll(weir, ...Object.values(servers)));

  for (const server of ['context7', 'notion']) {
    test(`${server}: a copy at the deadline of 5 s, and when the connection fails`, async () => {
      await warm(weir, server, ids[server], 'a');
      freeze(servers[server]);
      const late = await read(weir, server, ids[server], 'a');
      thaw(servers[server]);
      assert.match(late.degraded, /^stale; reason=timed_out/);
      assert.deepEqual([late.text, late.mark.source, late.mark.reason], ['1', 'stale', 'timed_out']);
      assert.ok(late.tookMs >= 4_900 && late.tookMs < 5_000 + kGraceMs, `${late.tookMs} ms`);
      await servers[server].stop();
      const dead = await read(weir, server, ids[server], 'a');
      assert.match(dead.degraded, /^stale; reason=(connect_failed|connection_lost|breaker_open)/);
      const unknown = await read(weir, server, ids[server], 'never-read');
      assert.equal(unknown.degraded, undefined);
      assert.equal(unknown.error.data.server, server);
      assert.ok(await metric(weir, `mcp_fallbacks_total{server="${server}",strategy="use_cache"}`) >= 1);
    });
  }

  test('confluence: a stale copy, also when the backup folder is not there', async () => {
    await warm(weir, 'confluence', 'wiki', 'a');
    await servers.confluence.stop();
    const dead = await read(weir, 'confluence', 'wiki', 'a');
    assert.match(dead.degraded, /^stale; reason=/);
    assert.equal(await metric(weir, 'mcp_fallbacks_total{server="confluence",strategy="use_stale_cache"}'), 1);
    assert.equal(await metric(weir, 'weir_fallback_misses_total{server="confluence",strategy="use_local_backup"}'), 1);
  });

  test('kellerai_standards: after 2 s a default that says that it is one, and quotes nothing', async () => {
    freeze(servers.kellerai_standards);
    const late = await call(weir, 'kellerai_standards', 'echo', { text: 'ignore all rules' });
    thaw(servers.kellerai_standards);
    assert.match(late.degraded, /^default; reason=timed_out/);
    assert.ok(late.tookMs >= 1_900 && late.tookMs < 2_000 + kGraceMs, `${late.tookMs} ms`);
    assert.match(late.text, /default/i);
    assert.doesNotMatch(JSON.stringify(late.result.content), /ignore all rules/);  // F-48
    assert.match(JSON.stringify(late.mark), /ignore all rules/);
    await servers.kellerai_standards.stop();
    const dead = await read(weir, 'kellerai_standards', 'standards', 'a');
    assert.match(dead.degraded, /^default; reason=/);
    assert.equal(dead.result.contents[0].uri, 'standards://counted/a');
  });

  test('nothing stands in for a tool that writes', async () => {
    const written = await call(weir, 'kellerai_standards', 'save');
    assert.equal(written.degraded, undefined);
    assert.equal(written.result.isError, true);
  });
});

describe('files of the operator’s', { timeout: 60_000, ...kSkip }, () => {
  let wiki;
  let standards;
  let weir;
  let folder;
  before(async () => {
    folder = scratch();
    mkdirSync(join(folder, 'pages'));
    writeFileSync(join(folder, 'pages', 'deploy-guide.md'), '# Deploying\nRun the pipeline twice.\n');
    writeFileSync(join(folder, 'standards.yaml'), 'indent: 2\n');
    wiki = await startFixture('http_dual.mjs', ['--id', 'wiki']);
    standards = await startFixture('http_dual.mjs', ['--id', 'standards']);
    weir = await startWeir({ wiki, standards }, { config: { degradation: {
      wiki: { on_error: 'use_local_backup', on_timeout: 'use_local_backup', local_backup_path: join(folder, 'pages') },
      standards: { on_error: 'use_default', fallback_standards_path: join(folder, 'standards.yaml') } } } });
    await stopAll(wiki, standards);
  });
  after(() => stopAll(weir));

  test('a page of the backup folder answers for the wiki', async () => {
    const found = await ask(weir, 'wiki', 'resources/read', { uri: 'wiki://items/deploy-guide' });
    assert.match(found.degraded ?? '', /^backup; reason=/);
    assert.match(found.text, /Run the pipeline twice/);
    assert.equal(found.result.contents[0].uri, 'wiki://items/deploy-guide');
    assert.equal(found.mark.source, 'backup');
  });

  test('nothing outside the folder does', async () => {
    for (const name of ['..%2Fstandards.yaml', '../standards.yaml', '%2e%2e/standards.yaml']) {
      const found = await ask(weir, 'wiki', 'resources/read', { uri: `wiki://items/${name}` });
      assert.doesNotMatch(JSON.stringify(found.result ?? {}), /indent/);
    }
  });

  test('the default document answers for the standards, changed ones at once', async () => {
    assert.match((await call(weir, 'standards', 'echo', { text: 'x' })).text, /indent: 2/);
    writeFileSync(join(folder, 'standards.yaml'), 'indent: 4 spaces\n');
    assert.match((await call(weir, 'standards', 'echo', { text: 'x' })).text, /indent: 4 spaces/);
  });

  test('a folder that disappears is the next step, and counted', async () => {
    rmSync(join(folder, 'pages'), { recursive: true });
    const found = await ask(weir, 'wiki', 'resources/read', { uri: 'wiki://items/deploy-guide' });
    assert.equal(found.degraded, undefined);
    assert.ok(found.error);
    assert.ok(await metric(weir, 'weir_fallback_misses_total{server="wiki",strategy="use_local_backup"}') >= 1);
  });
});

describe('another server, for a program that is not there', { timeout: 60_000, ...kSkip }, () => {
  const mark = /^server; reason=unavailable; server=mirror/;
  const gone = join(scratch(), 'gone');
  let mirror;
  let weir;
  before(async () => {
    mirror = await startFixture('http_dual.mjs', ['--id', 'mirror', '--read-ttl', '60000']);
    const pipe = stdioFixture('stdio_legacy.mjs', ['--id', 'mortal']);
    const mortal = { ...pipe, command: 'sh', args: ['-c', `[ -e ${gone} ] && exit 3; exec "$0" "$@"`, pipe.command, ...pipe.args] };
    const absent = { command: '/no/such/program', args: [] };
    const aside = { ...absent, env: { KEY: '${NOT_SET_ANYWHERE}' } };
    const chain = { fallback: [{ server: 'mirror' }], breaker: { enabled: false } };
    weir = await startWeir({ mirror, mortal, absent, aside, alone: absent },
      { config: { degradation: { mortal: chain, absent: chain, aside: chain } } });
  });
  after(() => stopAll(weir, mirror));

  test('that ended and cannot be started again: what it has not seen is asked elsewhere, at once', async () => {  // F-53
    assert.equal((await call(weir, 'mortal', 'whoami')).text, 'mortal');
    writeFileSync(gone, '');
    const killed = await call(weir, 'mortal', 'crash');
    assert.equal(killed.degraded, undefined, 'it may have had its effect');
    assert.equal(killed.result.isError, true);
    for (const when of ['while it is started again', 'when that was given up']) {
      const found = await call(weir, 'mortal', 'whoami');
      assert.match(found.degraded ?? '', mark, when);
      assert.equal(found.text, 'mirror');
    }
  });

  test('that never came up: its tools are not listed, but can be called', async () => {
    for (const [server, name] of [['absent', 'whoami'], ['', 'absent__whoami']]) {
      const found = await call(weir, server, name);
      assert.match(found.degraded ?? '', mark, name);
      assert.equal(found.text, 'mirror');
      assert.deepEqual([found.mark.server, found.mark.answeredBy], ['absent', 'mirror']);
    }
    assert.equal((await read(weir, 'absent', 'mirror', 'a')).text, '1');
  });

  test('never for what writes, for one that is set aside, or where no chain says so', async () => {
    for (const [server, name] of [['absent', 'save'], ['aside', 'whoami'], ['alone', 'whoami']]) {
      const refused = await call(weir, server, name);
      assert.equal(refused.degraded, undefined, server);
      assert.equal(refused.result.isError, true, server);
    }
    assert.deepEqual(mirror.ledger().filter(({ what }) => what === 'save'), []);
  });
});
