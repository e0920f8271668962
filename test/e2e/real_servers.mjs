// The published servers that users have, as entries of a world (sdk_world.mjs) and of weir.yaml.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { peerBin } from '../fixtures/peers.mjs';
import { scratch, startFixture } from './harness.mjs';

const program = (pkg, args = [], env = {}) => ({ command: process.execPath,
  args: [peerBin(`@modelcontextprotocol/${pkg}`, `mcp-${pkg}`), ...args], env });

/** The folder that server-filesystem may touch. */
export const kFiles = join(scratch(), 'files');
mkdirSync(kFiles);

const everything = via => () => startFixture('everything.mjs', ['--via', via]);
export const kRealServers = {
  everything: { eras: ['legacy'], make: () => program('server-everything') },
  everyweb: { eras: ['legacy'], make: everything('streamableHttp') },
  everysse: { eras: ['legacy'], sse: true, make: everything('sse') },
  files: { eras: ['legacy'], make: () => program('server-filesystem', [kFiles]) },
  memory: { eras: ['legacy'],
    make: () => program('server-memory', [], { MEMORY_FILE_PATH: join(scratch(), 'memory.json') }) },
};
