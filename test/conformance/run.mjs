// The official conformance suite, directly against the dual fixture and through Weir in front of it, scenario by
// scenario and check by check. A run is a set; or a set at a server of the other era only ("2025-11-25/modern",
// "2026-07-28/legacy"): then what passes directly against the dual fixture must pass through Weir's bridge; or the
// scenarios of a set for clients, with Weir as the client ("2025-11-25/client"): then a real client alone is "direct";
// or a set at a Weir that asks who calls ("2025-11-25/keys", "2026-07-28/jwt"): a forwarder adds the credential.
// Usage: run.mjs [--direct] [--through URL] [--run RUN]... [--out FILE]
// Without --through, Weir is started from $WEIR_BIN in front of the fixtures, and /mcp/{server} is tested. Prints a
// table and writes {passed, failed, skipped: [{name, reason}], sets} to FILE (default <repo>/build/conformance.json).
// expected.json lists the checks that may fail through Weir: [{run, scenario, checks, reason}]. Exit code 1: an
// unexpected failure, or an expected one that passes.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request as forward } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { freePort, scratch, startFixture, startWeir, stopAll } from '../e2e/harness.mjs';
import { kAudience, startIssuer } from '../e2e/issuers.mjs';
import { repo } from '../fixtures/peers.mjs';
import { whyUntried } from './oauth_ways.mjs';
import { forClients, kOldest, kSets, runClients, runSet, Scenario, scoredOf } from './suite.mjs';

/** Run → the set of scenarios and, unless they are for clients, the server that Weir has behind it. */
const kRuns = {
  ...Object.fromEntries(kSets.map(set => [set, { set, server: 'dual' }])),
  '2025-11-25/modern': { set: '2025-11-25', server: 'modern' },
  '2026-07-28/legacy': { set: '2026-07-28', server: 'legacy' },
  '2025-11-25/client': { set: '2025-11-25' },
  '2026-07-28/client': { set: '2026-07-28' },
  [`${kOldest}/client`]: { set: kOldest },
  '2025-11-25/keys': { set: '2025-11-25', server: 'dual', shows: 'key' },
  '2026-07-28/jwt': { set: '2026-07-28', server: 'dual', shows: 'token' },
};
const kKey = 'the-key-of-the-suite';

const here = dirname(fileURLToPath(import.meta.url));
const { values: given } = parseArgs({ options: {
  direct: { type: 'boolean', default: false }, through: { type: 'string' },
  run: { type: 'string', multiple: true, default: Object.keys(kRuns) },
  out: { type: 'string', default: join(repo, 'build/conformance.json') } } });
const expected = JSON.parse(readFileSync(join(here, 'expected.json'), 'utf8'));
for (const entry of expected) {
  if (!kRuns[entry.run] || !entry.checks?.length || !entry.reason) {
    throw new Error(`not excusable: ${JSON.stringify(entry)}`);
  }
}
const missing = new Scenario(undefined);
const subject = how => `${process.execPath} ${join(here, 'subject.mjs')} ${how}`;
const clientScenarios = set => forClients(set).filter(name => !whyUntried(name));

/** Answers 404 to everything: a scenario that passes here proves nothing. */
async function startNothing() {
  const port = await freePort();
  const server = createServer((req, res) => { req.resume(); res.writeHead(404).end(); });
  await new Promise(done => server.listen(port, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${port}/mcp`, stop: () => { server.closeAllConnections(); server.close(); } };
}

/** Hands requests on to a port as they are, with one field more. */
async function startForwarder(port, authorization) {
  const server = createServer((req, res) => {
    const headers = [...req.rawHeaders, 'Authorization', authorization];
    const onward = forward({ port, host: '127.0.0.1', method: req.method, path: req.url, headers }, answer => {
      res.writeHead(answer.statusCode, answer.rawHeaders);
      res.flushHeaders();
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}/mcp/dual`,
    stop: () => new Promise(done => { server.closeAllConnections(); server.close(done); }) };
}

/** A Weir that asks who calls, and a door to it for each credential. */
async function startGuarded() {
  const issuer = await startIssuer();
  const hash = `sha256:${createHash('sha256').update(kKey).digest('hex')}`;
  const guarded = await startWeir({ dual: fixture }, { listener: { auth: ['jwt', 'keys'] },
    config: { auth: { jwt: { issuer: issuer.url, audience: kAudience }, keys: [{ name: 'suite', hash }] } } });
  const closed = await fetch(guarded.url('dual'), { method: 'POST' });
  if (closed.status !== 401) throw new Error(`Weir lets anybody in: ${closed.status}`);
  const key = await startForwarder(guarded.port, `Bearer ${kKey}`);
  const token = await startForwarder(guarded.port, `Bearer ${await issuer.token()}`);
  return { doors: { key, token }, stop: () => stopAll(key, token, guarded, issuer) };
}

/** One row per scored scenario: how it went directly and through Weir, and whether that is as it should be. */
function judge(run, { direct, through, empty }) {
  const { set, server } = kRuns[run];
  const scenarios = server ? scoredOf(set) ?? [...direct.keys()] : clientScenarios(set);
  return scenarios.map(scenario => {
    const here = direct.get(scenario) ?? missing;
    const there = through && (through.get(scenario) ?? missing);
    const entry = expected.find(one => one.run === run && one.scenario === scenario);
    const worse = there ? there.worseThan(here) : [];
    const passed = there ? proves(there, here) && worse.length === 0 : here.passed;
    const vacuous = (empty.get(scenario)?.good ?? 0) >= (there ?? here).good;
    const problem = server && !here.passed ? `fails directly: ${here.why}`
      : there && problemOf(there, here, worse, entry?.checks ?? []);
    return { scenario, here, there, reason: entry?.reason, passed, vacuous, problem };
  });
}

/** Some scenarios of the suite only warn, at the server itself too: they count as vacuous. */
const proves = (there, here) => there.ran && (there.good > 0 || here.good === 0);

function problemOf(there, here, worse, excused) {
  if (!proves(there, here)) return there.why || 'no check passed';
  const passing = excused.filter(id => !worse.includes(id));
  if (passing.length) return `expected.json says that they fail, but they pass: ${passing.join(', ')}`;
  const unexpected = worse.filter(id => !excused.includes(id));
  return unexpected.length ? `${unexpected.join(', ')} <- ${there.why || 'weaker than directly'}` : undefined;
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
    + `/${count(row => row.here.passed)} of ${rows.length} (${run})`);
  console.log(`  checks passing of run, through: ${through(checks)};`
    + ` direct: ${sum(row => row.here.good)} of ${sum(row => row.here.total)} (${run})`);
  console.log(`  passing without proving anything: ${vacuous.join(', ') || 'none'}`);
}

const plain = rows => rows.map(({ scenario, here, there, passed, vacuous, problem }) => ({
  scenario, passed, vacuous, problem, direct: [here.good, here.total], through: there && [there.good, there.total] }));

const fixture = await startFixture('http_dual.mjs');
const modern = await startFixture('http_dual.mjs', ['--eras', 'modern']);
const legacy = await startFixture('http_dual.mjs', ['--eras', 'legacy']);
const nothing = await startNothing();
const weir = given.direct || given.through ? undefined : await startWeir({ dual: fixture, modern, legacy });
const guarded = weir && given.run.some(run => kRuns[run].shows) ? await startGuarded() : undefined;
const dir = scratch();

/** Run → {direct, through, empty} of a set. Runs that share no server and no gateway's home go on at once. */
async function resultsOf(set, runs) {
  const at = run => join(dir, run.replaceAll('/', '-'));
  const through = run => {
    const { server, shows } = kRuns[run];
    const url = given.through ?? (shows ? guarded?.doors[shows].url : weir?.url(server));
    return url && runSet(set, url, join(at(run), 'through'));
  };
  const crossed = runs.filter(run => kRuns[run].server !== 'dual');
  const [direct, empty, ...others] = await Promise.all([
    runSet(set, fixture.url, join(at(set), 'direct')), runSet(set, nothing.url, join(at(set), 'nothing')),
    ...crossed.map(through)]);
  const results = new Map(crossed.map((run, i) => [run, { direct, empty, through: others[i] }]));
  for (const run of runs.filter(one => !crossed.includes(one))) {
    results.set(run, { direct, empty, through: await through(run) });
  }
  return results;
}

/** The same of the scenarios for clients. */
async function clientResultsOf(run) {
  const { set } = kRuns[run];
  const results = {};
  for (const [way, command] of Object.entries({ direct: subject('direct'), empty: 'true', through: subject('weir') })) {
    if (way === 'through' && !weir) continue;
    results[way] = await runClients(set, clientScenarios(set), command, join(dir, run.replaceAll('/', '-'), way));
  }
  return results;
}

const summary = { passed: 0, failed: 0, skipped: [], sets: {} };
try {
  const results = new Map();
  for (const set of kSets) {
    const runs = given.run.filter(run => kRuns[run].set === set && kRuns[run].server);
    if (runs.length) for (const [run, found] of await resultsOf(set, runs)) results.set(run, found);
  }
  for (const run of given.run) {
    const found = results.get(run) ?? await clientResultsOf(run);
    const rows = judge(run, found);
    print(run, rows);
    for (const row of rows) {
      if (row.problem) summary.failed++;
      else if (row.reason && row.there) summary.skipped.push({ name: `${run} ${row.scenario}`, reason: row.reason });
      else summary.passed++;
    }
    if (!kRuns[run].server) {
      for (const name of forClients(kRuns[run].set).filter(whyUntried)) {
        summary.skipped.push({ name: `${run} ${name}`, reason: whyUntried(name) });
        console.log(`  not run: ${name}: ${whyUntried(name)}`);
      }
    }
    summary.sets[run] = plain(rows);
  }
} finally {
  await stopAll(weir, guarded, fixture, modern, legacy);
  nothing.stop();
}
mkdirSync(dirname(given.out), { recursive: true });
writeFileSync(given.out, JSON.stringify(summary, null, 1) + '\n');
console.log(`\n${summary.passed} passed, ${summary.failed} failed, ${summary.skipped.length} skipped`);
process.exitCode = summary.failed ? 1 : 0;
