// Commands of the gateway's program, each run to its end.
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnv, kStartMs, scratch, weirBin } from './harness.mjs';

/** Runs a command to its end; gives {code, out, err}. */
export function weir(args, { cwd = scratch(), env = {}, input = '' } = {}) {
  const end = spawnSync(weirBin, args, { cwd, env: cleanEnv(env), input, encoding: 'utf8', timeout: kStartMs });
  return { code: end.status ?? end.signal, out: end.stdout, err: end.stderr };
}

/** The same with a full disk behind stdout. */
export function weirOnFullDisk(args) {
  const full = openSync('/dev/full', 'w');
  const end = spawnSync(weirBin, args, { cwd: scratch(), env: cleanEnv({}), stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8', timeout: kStartMs });
  closeSync(full);
  return { code: end.status ?? end.signal, err: end.stderr };
}

/** A folder with these files, by name. */
export function folder(files) {
  const dir = scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), typeof text === 'string' ? text : JSON.stringify(text, null, 1));
  }
  return dir;
}
