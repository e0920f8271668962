// Runs one set of scenarios of the official conformance suite against one URL and reads what it wrote.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { node24, peerFile } from '../fixtures/peers.mjs';

/** The sets of scenarios: two frozen requirement sets of the current suite, and the stable suite as a whole. */
export const kSets = ['2025-11-25', '2026-07-28', 'stable'];

const kScenarioMs = 10_000;
const kRunMs = 240_000;
const kAlpha = '@modelcontextprotocol/conformance';

/** The scenarios of a frozen set that count, in the suite's order; undefined for the stable suite: all count. */
export function scoredOf(set) {
  if (set === 'stable') return undefined;
  const yaml = readFileSync(peerFile(kAlpha, `requirements/${set}.yaml`), 'utf8');
  const server = /^server:\n((?:\s*(?:-|#).*\n|\n)+)/m.exec(yaml)[1];
  return [...server.matchAll(/^\s*- (\S+)/gm)].map(match => match[1]);
}

/** Runs a set against url, at most four minutes; gives Map of scenario → Scenario. */
export async function runSet(set, url, dir) {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, 'home'), { recursive: true });
  const out = join(dir, 'results');
  const which = set === 'stable' ? ['--suite', 'all'] : ['--requirements', set, '--timeout', String(kScenarioMs)];
  const main = peerFile(set === 'stable' ? 'conformance-stable' : kAlpha, 'dist/index.js');
  const child = spawn(node24, [main, 'server', '--url', url, ...which, '-o', out],
    { env: { PATH: process.env.PATH, HOME: join(dir, 'home'), NO_COLOR: '1' }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', chunk => { said = (said + chunk).slice(-4000); });
  const timer = setTimeout(() => child.kill('SIGKILL'), kRunMs);
  await new Promise(done => child.on('close', done));
  clearTimeout(timer);
  const results = readResults(out);
  if (results.size === 0) throw new Error(`the suite left no results for ${set} at ${url}: ${said}`);
  return results;
}

function readResults(out) {
  const results = new Map();
  let names = [];
  try { names = readdirSync(out).sort(); } catch { return results; }
  for (const name of names) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    if (!scenario) continue;
    let checks;
    try { checks = JSON.parse(readFileSync(join(out, name, 'checks.json'), 'utf8')); } catch { checks = undefined; }
    results.set(scenario, new Scenario(checks));
  }
  return results;
}

/** The checks of one scenario. It passes when it ran to its end and no check failed, as the suite itself scores. */
export class Scenario {
  constructor(checks) {
    this.ran = checks !== undefined;
    this.checks = (checks ?? []).filter(check => ['SUCCESS', 'FAILURE', 'WARNING'].includes(check.status));
  }
  get passed() { return this.ran && !this.checks.some(check => check.status === 'FAILURE'); }
  get good() { return this.checks.filter(check => check.status === 'SUCCESS').length; }
  get total() { return this.checks.length; }
  get why() {
    if (!this.ran) return 'it did not run to its end';
    return this.checks.filter(check => check.status === 'FAILURE')
      .map(check => `${check.id}: ${check.errorMessage ?? check.description}`).join(' | ');
  }
  /** The ids of checks that go worse here than in other. Checks that ran on one side only do not count. */
  weakerThan(other) {
    return [...other.worst()].filter(([id, status]) => status > (this.worst().get(id) ?? status)).map(([id]) => id);
  }
  /** The worst status of each check id, as a number: 2 success, 1 warning, 0 failure. */
  worst() {
    const found = new Map();
    for (const { id, status } of this.checks) {
      found.set(id, Math.min(found.get(id) ?? 2, ['FAILURE', 'WARNING', 'SUCCESS'].indexOf(status)));
    }
    return found;
  }
}
