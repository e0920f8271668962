// The official conformance suite, directly against the dual fixture and through Weir in front of it, scenario by
// scenario and check by check. A run is a set, or a set at a server of the other era only ("2025-11-25/modern",
// "2026-07-28/legacy"): then what passes directly against the dual fixture must pass through Weir's bridge.
// Usage: run.mjs [--direct] [--through URL] [--run RUN]... [--out FILE]
// Without --through, Weir is started from $WEIR_BIN in front of the fixtures, and /mcp/{server} is tested. Prints a
// table and writes {passed, failed, skipped: [{name, reason}], sets} to FILE (default <repo>/build/conformance.json).
// expected.json lists what may fail through Weir: [{run, scenario, reason}]. Exit code 1: an unexpected failure, or
// an expected one that passes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, scratch, startFixture, startWeir, stopAll } from '../e2e/harness.mjs';
import { repo } from '../fixtures/peers.mjs';
import { kSets, runSet, Scenario, scoredOf } from './suite.mjs';

/** Run → the set of scenarios and the server that Weir has behind it. */
const kRuns = {
  ...Object.fromEntries(kSets.map(set => [set, { set, server: 'dual' }])),
  '2025-11-25/modern': { set: '2025-11-25', server: 'modern' },
  '2026-07-28/legacy': { set: '2026-07-28', server: 'legacy' },
};

const here = dirname(fileURLToPath(import.meta.url));
const { values: given } = parseArgs({ options: {
  direct: { type: 'boolean', default: false }, through: { type: 'string' },
  run: { type: 'string', multiple: true, default: kSets },
  out: { type: 'string', default: join(repo, 'build/conformance.json') } } });
const expected = JSON.parse(readFileSync(join(here, 'expected.json'), 'utf8'));
for (const entry of expected) {
  if (!kRuns[entry.run] || !entry.reason) throw new Error(`not excusable: ${JSON.stringify(entry)}`);
}
const missing = new Scenario(undefined);

/** Answers 404 to everything: a scenario that passes here proves nothing. */
async function startNothing() {
  const port = await freePort();
  const server = createServer((req, res) => { req.resume(); res.writeHead(404).end(); });
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${port}/mcp`, stop: () => { server.closeAllConnections(); server.close(); } };
}

/** One row per scored scenario: how it went directly and through Weir, and whether that is as it should be. */
function judge(run, direct, through, nothing) {
  return (scoredOf(kRuns[run].set) ?? [...direct.keys()]).map(scenario => {
    const here = direct.get(scenario) ?? missing;
    const there = through && (through.get(scenario) ?? missing);
    const reason = expected.find(entry => entry.run === run && entry.scenario === scenario)?.reason;
    const weaker = there ? there.weakerThan(here) : [];
    const passed = there ? there.passed && weaker.length === 0 : here.passed;
    const vacuous = (nothing.get(scenario)?.passed ?? false) || (here.passed && here.good === 0);
    const problem = problemOf({ here, there, reason, passed, weaker });
    return { scenario, here, there, reason, passed, vacuous, problem };
  });
}

function problemOf({ here, there, reason, passed, weaker }) {
  if (!here.passed) return `fails directly: ${here.why}`;
  if (!there) return undefined;
  if (reason && passed) return 'passes, but expected.json says that it fails: remove the entry';
  if (!reason && !passed) return there.why || `weaker than directly: ${weaker.join(', ')}`;
  return undefined;
}

function noteOf({ problem, reason, there, vacuous }) {
  if (problem) return `  <-- ${problem}`;
  if (reason && there) return `  expected: ${reason}`;
  return vacuous ? '  vacuous' : '';
}

function print(run, rows) {
  const word = (scenario, passed = scenario?.passed) =>
    (scenario ? `${passed ? 'pass' : 'FAIL'} ${scenario.good}/${scenario.total}` : '-');
  console.log(`\n${run}: scenario, through, direct (checks passing/run)`);
  for (const row of rows) {
    const cells = `${word(row.there, row.passed).padEnd(12)} ${word(row.here).padEnd(12)}`;
    console.log(`  ${row.scenario.padEnd(46)} ${cells}${noteOf(row)}`);
  }
  const count = pick => rows.filter(pick).length;
  const sum = pick => rows.reduce((total, row) => total + (pick(row) ?? 0), 0);
  const through = text => (rows[0].there ? text : '-');
  const checks = `${sum(row => row.there?.good)} of ${sum(row => row.there?.total)}`;
  const vacuous = rows.filter(row => row.vacuous).map(row => row.scenario);
  console.log(`  scenarios passing, through/direct: ${through(count(row => row.passed))}`
    + `/${count(row => row.here.passed)} of ${rows.length}`);
  console.log(`  checks passing of run, through: ${through(checks)};`
    + ` direct: ${sum(row => row.here.good)} of ${sum(row => row.here.total)}`);
  console.log(`  passing without proving anything: ${vacuous.join(', ') || 'none'}`);
}

const plain = rows => rows.map(({ scenario, here, there, passed, vacuous, problem }) => ({
  scenario, passed, vacuous, problem, direct: [here.good, here.total], through: there && [there.good, there.total] }));

const fixture = await startFixture('http_dual.mjs');
const modern = await startFixture('http_dual.mjs', ['--eras', 'modern']);
const legacy = await startFixture('http_dual.mjs', ['--eras', 'legacy']);
const nothing = await startNothing();
const weir = given.direct || given.through ? undefined : await startWeir({ dual: fixture, modern, legacy });
const dir = scratch();
const summary = { passed: 0, failed: 0, skipped: [], sets: {} };
try {
  const proof = new Map();
  for (const run of given.run) {
    const { set, server } = kRuns[run];
    if (!proof.has(set)) {
      proof.set(set, [await runSet(set, fixture.url, join(dir, 'direct')),
        await runSet(set, nothing.url, join(dir, 'nothing'))]);
    }
    const [direct, empty] = proof.get(set);
    const throughUrl = given.through ?? weir?.url(server);
    const through = throughUrl && await runSet(set, throughUrl, join(dir, 'through'));
    const rows = judge(run, direct, through, empty);
    print(run, rows);
    for (const row of rows) {
      if (row.problem) summary.failed++;
      else if (row.reason && through) summary.skipped.push({ name: `${run} ${row.scenario}`, reason: row.reason });
      else summary.passed++;
    }
    summary.sets[run] = plain(rows);
  }
} finally {
  await weir?.stop();
  await stopAll(fixture, modern, legacy);
  nothing.stop();
}
mkdirSync(dirname(given.out), { recursive: true });
writeFileSync(given.out, JSON.stringify(summary, null, 1) + '\n');
console.log(`\n${summary.passed} passed, ${summary.failed} failed, ${summary.skipped.length} skipped`);
process.exitCode = summary.failed ? 1 : 0;
