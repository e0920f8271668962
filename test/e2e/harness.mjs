// Starts fixture servers and Weir for the end-to-end tests, and proves afterwards that nothing is left running.
// Environment: WEIR_BIN (the gateway; default <repo>/build/dev/bin/weir), WEIR_E2E=direct (clients talk to the
// fixtures without a gateway, which proves the tests themselves), WEIR_TEST_WORKERS=3 (worker threads of every Weir
// whose test does not say; default: Weir's own). Ports are below 32768, on 127.0.0.1 only.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repo } from '../fixtures/peers.mjs';

export const direct = process.env.WEIR_E2E === 'direct';
export const weirBin = process.env.WEIR_BIN ?? join(repo, 'build/dev/bin/weir');
export const testWorkers = Number(process.env.WEIR_TEST_WORKERS ?? 0);
export const fixtureDir = join(repo, 'test/fixtures');

/** Generous limits in milliseconds: they only turn a hang into a failure. */
export const kStartMs = 20_000;
export const kHangMs = 10_000;
const kPollMs = 20;
const kFirstPort = 20_000;
const kLastPort = 32_000;

// Children are ended when this process exits; a signal must therefore be an orderly exit.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

export const sleep = ms => new Promise(done => setTimeout(done, ms));

/** Fails with every sentence of the list, when there is one. */
export function none(wrong) {
  if (wrong.length) throw new Error(`${wrong.length} wrong:\n${wrong.join('\n')}`);
}

/** Calls check until it returns something true; fails after limit milliseconds. */
export async function eventually(what, check, limit = kHangMs) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await sleep(kPollMs);
  }
}

const portsGiven = new Set(); // so that two that are asked for in a row are two
export async function freePort() {
  for (;;) {
    const port = kFirstPort + Math.floor(Math.random() * (kLastPort - kFirstPort));
    if (portsGiven.has(port)) continue;
    const free = await new Promise(done => {
      const probe = createServer().once('error', () => done(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
    });
    if (!free) continue;
    portsGiven.add(port);
    return port;
  }
}

/** A directory that is removed when the test process ends. */
export function scratch() {
  const dir = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The environment of children: a scratch HOME, so that no user's client files are found. */
export const cleanEnv = more => ({ PATH: process.env.PATH, HOME: scratchHome(), LANG: 'C.UTF-8',
  WEIR_NODE_DIR: process.env.WEIR_NODE_DIR ?? '', ...more });
let home;
function scratchHome() { return home ??= scratch(); }

const live = new Set();
process.once('exit', killAll);

/** Kills every child that still runs: for tests that failed half-way. */
export function killAll() {
  for (const child of live) child.process.kill('SIGKILL');
}

/** Stops fixtures, gateways and clients in this order, also when one of them fails; throws the first failure. */
export async function stopAll(...things) {
  const failures = [];
  for (const thing of things) {
    await (thing?.stop ? thing.stop() : thing?.close?.())?.catch?.(error => failures.push(error));
  }
  if (failures.length) throw failures[0];
}

/** A child process whose output is kept. */
class Child {
  constructor(command, args, env, stdio = ['pipe', 'pipe', 'pipe'], cwd = undefined) {
    this.name = args[0] ?? command;
    this.out = '';
    this.err = '';
    this.process = spawn(command, args, { env, stdio, cwd });
    this.pid = this.process.pid;
    this.process.stdout?.on('data', chunk => { this.out += chunk; });
    this.process.stderr?.on('data', chunk => { this.err += chunk; });
    this.exited = new Promise(done => {
      this.process.on('error', error => { this.err += error.message; done({ code: -1 }); });
      this.process.on('exit', (code, signal) => done({ code, signal }));
    });
    this.exited.then(end => { this.end = end; });
    live.add(this);
    this.exited.then(() => live.delete(this));
  }

  /** Ends the process with a signal; gives {code, signal}; kills it when it does not obey. */
  async stop(signal = 'SIGTERM', limit = kHangMs) {
    let timer;
    const late = new Promise(done => { timer = setTimeout(done, limit); });
    this.process.kill(signal);
    const end = await Promise.race([this.exited, late]);
    clearTimeout(timer);
    if (end) return end;
    this.process.kill('SIGKILL');
    await this.exited;
    throw new Error(`${this.name} did not end within ${limit} ms of ${signal}`);
  }
}

/** Starts the gateway's program with these words in a folder; gives the child. */
export const startProgram = (args, { env = {}, cwd } = {}) =>
  new Child(weirBin, args, cleanEnv(env), ['pipe', 'pipe', 'pipe'], cwd);

/** Starts an HTTP fixture; gives {url, port, ledger(), stop()}. */
export async function startFixture(file, args = []) {
  const port = await freePort();
  const book = ledgerFile();
  const child = new Child(process.execPath, [join(fixtureDir, file), '--port', String(port), ...args.map(String)],
    cleanEnv({ WEIR_LEDGER: book.path, WEIR_FIXTURE_WATCHES_STDIN: '1' }));
  const url = await eventually(`${file} to listen\n${child.err}`, () => {
    if (child.end) throw new Error(`${file} ended: ${child.err}`);
    return /^listening (\S+)$/m.exec(child.out)?.[1];
  }, kStartMs);
  return { url, port, child, ledger: book.read, stop: () => child.stop() };
}

/** Describes a stdio fixture as a server entry of weir.yaml (and as a child for a direct client). */
export function stdioFixture(file, args = []) {
  const book = ledgerFile();
  return {
    command: process.execPath,
    args: [join(fixtureDir, file), ...args.map(String)],
    env: { WEIR_LEDGER: book.path, WEIR_NODE_DIR: process.env.WEIR_NODE_DIR ?? '' },
    ledger: book.read,
    stop: () => {},
  };
}

function ledgerFile() {
  const path = join(scratch(), 'ledger.jsonl');
  writeFileSync(path, '');
  const lines = () => readFileSync(path, 'utf8').split('\n').filter(Boolean);
  return { path, read: () => lines().map(line => JSON.parse(line)) };
}

/** The part of a server that goes into weir.yaml. */
export const entryOf = ({ url, command, args, env }) => (url ? { url } : { command, args, env });

/** Writes weir.yaml (JSON is YAML) with free ports; gives {file, port, adminPort}. */
export async function writeConfig(servers, more = {}, listener = {}) {
  const port = await freePort();
  const adminPort = await freePort();
  const file = join(scratch(), 'weir.yaml');
  const entries = Object.fromEntries(Object.entries(servers).map(([name, server]) => [name, entryOf(server)]));
  writeFileSync(file, JSON.stringify({
    listeners: [{ name: 'agents', bind: `127.0.0.1:${port}`, ...listener }], admin: { bind: `127.0.0.1:${adminPort}` },
    servers: entries, ...(testWorkers && { workers: testWorkers }), ...more }, null, 1));
  return { file, port, adminPort };
}

/** Starts Weir in front of the servers and waits until it is ready. `listener`: keys of its one listener. */
export async function startWeir(servers, { config = {}, env = {}, listener = {} } = {}) {
  if (!existsSync(weirBin)) throw new Error(`no gateway at ${weirBin}: set WEIR_BIN`);
  const { file, port, adminPort } = await writeConfig(servers, config, listener);
  const child = new Child(weirBin, ['run', file], cleanEnv(env));
  const admin = `http://127.0.0.1:${adminPort}`;
  await eventually('Weir to be ready', async () => {
    if (child.end) throw new Error(`weir ended with ${JSON.stringify(child.end)}`);
    return fetch(`${admin}/readyz`).then(answer => answer.ok, () => false);
  }, kStartMs).catch(error => {
    child.process.kill('SIGKILL');
    throw new Error(`${error.message}\n${child.out}${child.err}`);
  });
  return new Weir(child, port, admin, file);
}

class Weir {
  constructor(child, port, admin, file) {
    this.file = file;
    this.child = child;
    this.port = port;
    this.admin = admin;
    this.pid = child.pid;
    this.mcp = `http://127.0.0.1:${port}/mcp`;
  }

  url(server) { return `${this.mcp}/${server}`; }

  /** Stops Weir: exit code 0, and none of the processes below it left. */
  async stop() {
    const below = descendants(this.pid);
    const end = await this.child.stop();
    if (end.code !== 0) throw new Error(`weir ended with ${JSON.stringify(end)}:\n${this.child.err.slice(-4000)}`);
    await gone(below);
  }
}

/** Waits until none of these processes exists; fails with their command lines. */
export async function gone(pids) {
  await eventually('no process left', () => pids.every(({ pid, start }) => statOf(pid)?.start !== start))
    .catch(() => {
      const left = pids.filter(({ pid, start }) => statOf(pid)?.start === start);
      throw new Error(`left running: ${left.map(({ pid }) => `${pid} ${commandOf(pid)}`).join('; ')}`);
    });
}

/** Every live process below pid, or in a session that one of them leads, as {pid, start}. */
export function descendants(pid) {
  const all = readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number)
    .map(id => ({ pid: id, ...statOf(id) })).filter(entry => entry.start !== undefined);
  const found = new Map();
  let grown = true;
  while (grown) {
    grown = false;
    for (const entry of all) {
      if (entry.pid === pid || found.has(entry.pid)) continue;
      if (entry.parent === pid || found.has(entry.parent) || found.has(entry.session)) {
        found.set(entry.pid, entry);
        grown = true;
      }
    }
  }
  return [...found.values()];
}

function statOf(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return fields[0] === 'Z' ? undefined : { parent: Number(fields[1]), session: Number(fields[3]), start: fields[19] };
  } catch {
    return undefined;
  }
}

function commandOf(pid) {
  try { return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '); } catch { return ''; }
}
