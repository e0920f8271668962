// Runs scenarios of the official conformance suite, at one URL or with one command as their client, and reads what it
// wrote.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { node24, peerFile } from '../fixtures/peers.mjs';

/** The sets of scenarios: two frozen requirement sets of the current suite, and the stable suite as a whole. */
export const kSets = ['2025-11-25', '2026-07-28', 'stable'];

/** The revision before metadata, with the scenarios that the suite keeps for it. */
export const kOldest = '2025-03-26';
/** What a client says last, when it has done all that it wanted to. */
export const kFinished = 'finished';

const kScenarioMs = 10_000;
const kClientMs = 30_000;  // a fresh gateway and a client are started within it
const kRunMs = 240_000;
const kClientsAtOnce = 6;
const kAlpha = '@modelcontextprotocol/conformance';

/** The scenarios of a frozen set that count, in the suite's order; undefined for the stable suite: all count. */
export function scoredOf(set, leg = 'server') {
  if (set === 'stable') return undefined;
  const yaml = readFileSync(peerFile(kAlpha, `requirements/${set}.yaml`), 'utf8');
  const scored = new RegExp(`^${leg}:\\n((?:\\s*(?:-|#).*\\n|\\n)+)`, 'm').exec(yaml)[1];
  return [...scored.matchAll(/^\s*- (\S+)/gm)].map(match => match[1]);
}

/** The scenarios for clients of a set: those that count, and the extensions' under auth/, which nobody must pass. */
export function forClients(set) {
  if (set === kOldest) return ['metadata-backcompat', 'endpoint-fallback'].map(name => `auth/${kOldest}-oauth-${name}`);
  const yaml = readFileSync(peerFile(kAlpha, `requirements/${set}.yaml`), 'utf8');
  const extensions = [...yaml.matchAll(/- scenario: (auth\/\S+)\n\s*leg: client\n\s*reason: extension/g)];
  return [...scoredOf(set, 'client'), ...extensions.map(match => match[1])];
}

/** Runs a set against url, at most four minutes; gives Map of scenario → Scenario. */
export async function runSet(set, url, dir) {
  const which = set === 'stable' ? ['--suite', 'all'] : ['--requirements', set, '--timeout', String(kScenarioMs)];
  const { said, out } = await suite(set, ['server', '--url', url, ...which], dir);
  const results = readResults(out);
  if (results.size === 0) throw new Error(`the suite left no results for ${set} at ${url}: ${said}`);
  return results;
}

/** Runs scenarios for clients with this command as the client; gives Map of scenario → Scenario. */
export async function runClients(set, scenarios, command, dir) {
  const results = new Map();
  const waiting = [...scenarios];
  const one = async scenario => {
    const { code, said, out } = await suite(set, ['client', '--command', command, '--scenario', scenario,
      '--spec-version', set, '--force', '--timeout', String(kClientMs)], join(dir, scenario));
    const result = readResults(out).get(scenario) ?? new Scenario(undefined);
    const silent = scenario.startsWith('auth/') && !result.finished;  // the suite lets some of these fail
    if (code !== 0 || silent) result.spoil(`the client failed: ${said.slice(-400)}`);
    results.set(scenario, result);
  };
  const worker = async () => { while (waiting.length) await one(waiting.shift()); };
  await Promise.all(Array.from({ length: kClientsAtOnce }, worker));
  return results;
}

async function suite(set, args, dir) {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, 'home'), { recursive: true });
  const out = join(dir, 'results');
  const main = peerFile(set === 'stable' ? 'conformance-stable' : kAlpha, 'dist/index.js');
  const { WEIR_BIN = '', WEIR_NODE_DIR = '' } = process.env;
  const child = spawn(node24, [main, ...args, '-o', out], { stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: join(dir, 'home'), NO_COLOR: '1', ...(WEIR_BIN && { WEIR_BIN }),
      ...(WEIR_NODE_DIR && { WEIR_NODE_DIR }) } });
  let said = '';
  child.stderr.on('data', chunk => { said = (said + chunk).slice(-4000); });
  const timer = setTimeout(() => child.kill('SIGKILL'), kRunMs);
  const code = await new Promise(done => child.on('close', done));
  clearTimeout(timer);
  return { code, said, out };
}

function readResults(out) {
  const results = new Map();
  const textOf = path => { try { return readFileSync(join(out, path), 'utf8'); } catch { return undefined; } };
  let names = [];
  try { names = readdirSync(out, { recursive: true }).sort(); } catch { return results; }
  for (const name of names) {
    const scenario = /^(?:server-)?(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    if (!scenario) continue;
    let checks;
    try { checks = JSON.parse(textOf(join(name, 'checks.json'))); } catch { checks = undefined; }
    results.set(scenario, new Scenario(checks, textOf(join(name, 'stdout.txt'))?.includes(kFinished)));
  }
  return results;
}

/** The checks of one scenario. It passes when it ran to its end and no check failed, as the suite itself scores. */
export class Scenario {
  constructor(checks, finished = false) {
    this.ran = checks !== undefined;
    this.finished = finished;
    this.checks = (checks ?? []).filter(check => ['SUCCESS', 'FAILURE', 'WARNING'].includes(check.status));
  }
  /** A failure of the client, unless it did all that it wanted to and only a check tells of one. */
  spoil(why) {
    if (this.passed || !this.finished) {
      this.checks.push({ id: 'client', status: 'FAILURE', errorMessage: why.replace(/\s+/g, ' ') });
    }
  }
  get passed() { return this.ran && !this.checks.some(check => check.status === 'FAILURE'); }
  get good() { return this.checks.filter(check => check.status === 'SUCCESS').length; }
  get total() { return this.checks.length; }
  get why() {
    if (!this.ran) return 'it did not run to its end';
    return this.checks.filter(check => check.status === 'FAILURE')
      .map(check => `${check.id}: ${check.errorMessage ?? check.description}`).join(' | ');
  }
  /** The ids of checks that fail, or that go worse here than in other. Checks that ran on one side only count as
   * failures only. */
  worseThan(other) {
    const there = other.worst();
    return [...this.worst()].filter(([id, status]) => status === 0 || status < (there.get(id) ?? 0)).map(([id]) => id);
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
