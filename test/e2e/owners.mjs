// A thousand callers with a thousand questions over one tier: nobody ever gets another's answer (T-22). One file of
// tests for each tier: owners_memory, owners_disk and owners_redis make a hundred thousand reads together.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, freePort, killAll, kStartMs, scratch, startFixture, startProgram, stopAll, writeConfig }
  from './harness.mjs';
import { modernHeaders, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no cache' };
const kCallers = 1000;
const kQuestions = 1000;
const kReads = process.env.WEIR_TEST_TIER === 'long' ? 200_000 : 34_000;
const kAtOnce = 16;
const keyOf = i => `the-key-of-${i}`;
const keys = Array.from({ length: kCallers }, (_, i) => (
  { name: `c${i}`, hash: `sha256:${createHash('sha256').update(keyOf(i)).digest('hex')}` }));

/** The same numbers in every run. */
function dice(seed) {
  let state = seed;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function startRedis() {
  const port = await freePort();
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no',
    '--dir', scratch()], { stdio: ['ignore', 'pipe', 'ignore'] });
  let out = '';
  child.stdout.on('data', chunk => { out += chunk; });
  await eventually('Redis to start', () => /Ready to accept/.test(out), kStartMs);
  return { port, stop: () => new Promise(done => child.once('exit', done) && child.kill('SIGTERM')) };
}

export function testOwners(tier) {
  describe(`owners of answers in ${tier}`, { timeout: 600_000, ...kSkip }, () => {
    let web;
    let redis;
    let gate;
    before(async () => {
      web = await startFixture('http_dual.mjs', ['--read-ttl', 60_000]);
      if (tier === 'redis') redis = await startRedis();
      const caching = { tools: { 'web.wait': { ttl: '600s' } }, l1_in_memory: { enabled: tier === 'memory', max_size: 100_000 },
        ...(tier === 'memory' && { l2: { type: 'none' } }), ...(tier === 'disk' && { l2: { path: join(scratch(), 'kept') } }),
        ...(tier === 'redis' && { l2_redis: { host: '127.0.0.1', port: redis.port } }) };
      const { file, port, adminPort } = await writeConfig({ web }, { auth: { keys }, caching }, { auth: ['keys'] });
      gate = { child: startProgram(['run', file]), url: `http://127.0.0.1:${port}/mcp/web`, admin: `http://127.0.0.1:${adminPort}` };
      await eventually('the start', () => /servers ready/.test(gate.child.out), kStartMs);
    });
    after(() => stopAll(gate.child, web, redis).finally(killAll));

    test(`${kReads} reads by ${kCallers} callers, none crossed`, async () => {
      const roll = dice(7);
      const seen = new Map();  // whose answer: the count that the server gave for "caller question"
      let crossed = 0;
      let hits = 0;
      // Most questions are the same few, as agents' are; each caller's argument says nothing of who it is.
      const next = () => [roll(kCallers), roll(10) === 0 ? roll(kQuestions) : roll(3)];
      const ask = async () => {
        const [caller, question] = next();
        const answer = await fetch(gate.url, { method: 'POST',
          headers: modernHeaders('tools/call', { 'Mcp-Name': 'wait', Authorization: `Bearer ${keyOf(caller)}` }),
          body: JSON.stringify(rpc('tools/call', withMeta({ name: 'wait', arguments: { q: `q${question}` } }))) });
        const { result } = await answer.json();
        if (/hit/.test(answer.headers.get('cache-status'))) hits++;
        const of = `${caller} ${question}`;
        const whose = `${question} ${result.content[0].text}`;  // the server counts for each question: one number, one caller
        if (seen.has(whose) && seen.get(whose) !== of) crossed++;
        seen.set(whose, of);
      };
      let left = kReads;
      await Promise.all(Array.from({ length: kAtOnce }, async () => { while (left-- > 0) await ask(); }));
      assert.equal(crossed, 0);
      assert.ok(hits > kReads / 10, `${hits} hits`);
    });
  });
}
