// Real clients of each era watch a resource of each kind of server through Weir's /mcp/{server}.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, sleep, startFixture, startWeir, stdioFixture, stopAll } from './harness.mjs';

const kUri = 'fixture://greeting';
const kOther = 'fixture://large';
const kQuietMs = 500;
const kServers = {
  stdio_legacy: () => stdioFixture('stdio_legacy.mjs'),
  stdio_modern: () => stdioFixture('stdio_modern.mjs'),
  http_legacy: () => startFixture('http_legacy.mjs'),
  http_modern: () => startFixture('http_dual.mjs', ['--eras', 'modern']),
  http_dual: () => startFixture('http_dual.mjs'),
  sse_legacy: () => startFixture('sse_legacy.mjs'),
};

/** Notes what a client hears of resources; gives {heard, stop()}. */
async function watch(client, uri) {
  const heard = [];
  return { heard, stop: await client.onUpdated(uri, of => heard.push(of)) };
}

for (const [name, make] of direct ? [] : Object.entries(kServers)) {
  describe(`resources of ${name}`, { timeout: 120_000 }, () => {
    let fixture;
    let weir;
    const clients = [];

    before(async () => {
      fixture = await make();
      weir = await startWeir({ up: fixture });
      for (const era of ['legacy', 'legacy', 'modern', 'modern']) {
        clients.push(await connect(era, { url: weir.url('up') }));
      }
    });
    after(() => stopAll(...clients, weir, fixture));

    test('each client of either era that watches is told once, and no more after it stopped', async () => {
      assert.ok(clients.every(client => client.capabilities.resources.subscribe));
      const watches = [];
      for (const client of clients) watches.push(await watch(client, kUri));
      await sleep(kQuietMs);  // subscriptions of modern clients are acknowledged before the server has them
      for (const { heard } of watches) heard.length = 0;
      await clients[0].call('touch', { uri: kUri });
      await clients[0].call('touch', { uri: kOther });
      await eventually('all to hear of it', () => watches.every(({ heard }) => heard.length > 0));
      await sleep(kQuietMs);
      assert.deepEqual(watches.map(({ heard }) => heard), watches.map(() => [kUri]));

      await watches[0].stop();
      await watches[2].stop();
      await clients[0].call('touch', { uri: kUri });
      await eventually('the others to hear of it', () => [1, 3].every(i => watches[i].heard.length > 1));
      await sleep(kQuietMs);
      assert.deepEqual(watches.map(({ heard }) => heard.length), [1, 2, 1, 2]);
      await watches[1].stop();
      await watches[3].stop();
    });
  });
}
