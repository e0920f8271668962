// `weir chaos` as a person uses it: servers that fail, an account of every answer, and nothing left afterwards.
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { descendants, direct, entryOf, eventually, gone, killAll, scratch, startFixture, startProgram, stdioFixture,
  stopAll } from './harness.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway process' };
const kRunMs = 120_000;

/** Runs `weir chaos` with these servers and words; gives {code, out, err, left}: left are files it did not remove. */
async function chaos(servers, args, { files = {}, ...more } = {}) {
  const dir = scratch();
  const temporary = scratch();
  const entries = Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, entryOf(server)]));
  writeFileSync(join(dir, 'weir.yaml'), JSON.stringify({ servers: entries, ...more }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const child = startProgram(['chaos', ...args], { cwd: dir, env: { TMPDIR: temporary } });
  let below = [];
  await eventually(`weir chaos to end\n${child.err}`, () => {
    below = child.end ? below : descendants(child.pid);
    return child.end;
  }, kRunMs);
  await gone(below);
  return { code: child.end.code, out: child.out, err: child.err, left: readdirSync(temporary) };
}

describe('weir chaos', kSkip, () => {
  let docs;
  before(async () => { docs = await startFixture('http_dual.mjs', ['--id', 'docs', '--read-ttl', 50]); });
  after(() => stopAll(docs).finally(killAll));
  // Without a breaker, which would keep most of the faults from a server.
  const soon = { degradation: { docs: { timeout_ms: 1000, breaker: { enabled: false } } } };

  test('accounts for every call while an HTTP server fails', async () => {
    const { code, out, err, left } = await chaos({ docs },
      ['--calls', '400', '--seed', '7', '--faults', '30%', '--json'], soon);
    const report = JSON.parse(out);
    assert.equal(report.calls, 400);
    assert.equal(report.answered, 400);
    assert.deepEqual([report.lost, report.duplicated, report.crossed], [0, 0, 0], err);
    assert.equal(Object.values(report.answers).reduce((sum, n) => sum + n), 400);
    assert.ok(report.faults.harmed > 0.1 * report.faults.answers, JSON.stringify(report.faults));
    for (const kind of ['reset', 'black_hole', 'truncate', 'malformed', 'wrong_id', '5xx']) {
      assert.ok(report.faults.kinds[kind] > 0, `${kind} was applied: ${JSON.stringify(report.faults)}`);
    }
    assert.equal(code, report.passed ? 0 : 1);
    assert.deepEqual(report.servers, ['docs']);
    assert.deepEqual(left, []);
  });

  test('without faults everything is fresh and it passes', async () => {
    const { code, out } = await chaos({ docs }, ['docs', '--calls', '200', '--faults', '0%', '--seed', '1']);
    assert.equal(code, 0, out);
    assert.match(out, /^useful {3}100\.00 %$/m);
    assert.match(out, /^ledger {3}0 lost, 0 duplicated, 0 crossed, 0 late$/m);
    assert.match(out, /^passed {3}seed 1$/m);
  });

  test('kills and stops a program, and leaves no process behind', async () => {
    const local = stdioFixture('stdio_modern.mjs');
    const { out, err } = await chaos({ local }, ['--calls', '60', '--concurrency', '4', '--seed', '3', '--script',
      'outage.yaml', '--json'], { degradation: { local: { timeout_ms: 1500 } }, files: {
      'outage.yaml': 'steps: [{share: 20%, stopped: 300ms}]' } });
    const report = JSON.parse(out || '{}');
    assert.ok(report.faults?.kills > 0 && report.faults.stops > 0, out + err);
    assert.deepEqual([report.lost, report.duplicated, report.crossed], [0, 0, 0], out);
  });

  test('calls a tool that writes only when it is named, and then each call is executed once at most', async () => {
    const executed = () => docs.ledger().filter(line => JSON.stringify(line).includes('"from chaos"')).length;
    await chaos({ docs }, ['--calls', '50', '--faults', '0%', '--seed', '1']);
    assert.equal(executed(), 0);
    const { out, err } = await chaos({ docs }, ['docs', '--tool', 'counter', '--args', '{"id":"from chaos"}',
      '--calls', '200', '--faults', '30%', '--seed', '5', '--json'], soon);
    const report = JSON.parse(out || '{}');
    assert.equal(report.answered, 200, out + err);
    assert.ok(executed() > 100 && executed() <= 200, `${executed()} of 200 calls were executed`);
  });

  test('says what is wrong with the words it got', async () => {
    for (const [args, code, said] of [
      [['dosc'], 64, /did you mean `docs`/],
      [['--tool', 'echo'], 64, /--tool needs one server/],
      [['docs', '--tool', 'no_such'], 69, /it has no tool `no_such`/],
      [['--faults', 'many'], 65, /--faults must be a share like 20%/],
      [['--script', 'bad.yaml'], 65, /bad\.yaml:1:\d+: there is no fault `rest`/],
      [['docs', '--tool', 'echo', '--args', '{'], 65, /--args/],
    ]) {
      const told = await chaos({ docs, other: docs }, args, {
        files: { 'bad.yaml': 'steps: [{mix: {rest: 1}}]' } });
      assert.equal(told.code, code, `${args}: ${told.err}`);
      assert.match(told.err, said);
      assert.equal(told.out, '');
      assert.deepEqual(told.left, []);
    }
  });
});
