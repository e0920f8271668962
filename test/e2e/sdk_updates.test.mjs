// What a server tells without being asked: resources that were updated, lists that changed. Every client at every kind
// of server, through one endpoint, and at the published servers that offer it.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually, sleep } from './harness.mjs';
import { Person } from './person.mjs';
import { kRealServers } from './real_servers.mjs';
import { kDoors, kServers, serversFor, startWorld } from './sdk_world.mjs';

const { memory, everything } = kRealServers;
const kAll = { ...kServers, memory, everything };
const kQuietMs = 300;  // in which something would have come

describe('what servers tell', { timeout: 200_000 }, () => {
  let world;
  before(async () => { world = await startWorld(kAll); });
  after(() => world?.stop());

  for (const door of kDoors) {
    const user = new Person();
    for (const server of serversFor(door, kAll)) {
      describe(`${door.name}, ${server}`, () => {
        let seat;
        before(async () => { seat = await world.seat(door, server, user); });
        if (server === 'memory') graphTest(door, () => seat);
        else if (server === 'everything') simulatedTest(() => seat);
        else toldTests(() => seat);
      });
    }
  }
});

/** Watches a resource while work() runs, which must lead to an update; then proves that unwatched means untold. */
async function watched(seat, uri, work) {
  const told = [];
  const end = await seat.client.onUpdated(uri, updated => told.push(updated));
  await work();
  await eventually('the update', () => told.length > 0);
  assert.deepEqual([...new Set(told)], [uri]);
  await end();
  await sleep(kQuietMs);
  told.length = 0;
  await work();
  await sleep(kQuietMs);
  assert.deepEqual(told, []);
}

function toldTests(seat) {
  test('updates of the resource that it watches, as long as it does', async () => {
    const uri = `${seat().server}://greeting`;
    await watched(seat(), uri, async () => {
      await seat().call('touch', { uri: `${seat().server}://pixels` });
      await seat().call('touch', { uri });
    });
  });

  test('that a list changed', async () => {
    let told = 0;
    const end = await seat().client.onToolsChanged(() => { told++; });
    await sleep(kQuietMs);
    await seat().call('add_tool', { name: 'brought' });
    await eventually('the notification', () => told > 0);
    await eventually('the list with it', async () =>
      (await seat().client.toolNames()).includes(seat().name('brought')));
    await seat().call('remove_tool', { name: 'brought' });
    await eventually('the list without it', async () =>
      !(await seat().client.toolNames()).includes(seat().name('brought')));
    await end();
  });
}

function graphTest(door, seat) {
  test('updates of the knowledge graph', async () => {
    let count = 0;
    const { entries } = await seat().client.all('resources');
    const { uri } = entries.find(entry => entry.name.endsWith('knowledge-graph'));
    await watched(seat(), uri, () => seat().call('create_entities', { entities: [
      { name: `${door.name} ${count++}`, entityType: 'e', observations: [] }] }));
  });
}

function simulatedTest(seat) {
  test('simulated updates', async () => {
    const uri = 'demo://resource/dynamic/text/1';
    await watched(seat(), uri, async () => {
      await seat().call('toggle-subscriber-updates');
      await seat().call('toggle-subscriber-updates');
    });
  });
}
