// Many clients of both eras at once, over four workers and shared servers. The SDKs number requests from 0, so all of
// them use the same ids and progress tokens all the time: every answer, step and question must reach its own client.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { direct } from './harness.mjs';
import { kForm, Person } from './person.mjs';
import { kDoors, kServers, startWorld } from './sdk_world.mjs';

const kEach = 20;  // clients of each era
const kRounds = 3;
// A server on stdio or HTTP+SSE that asks in several calls at once names none of them, so nobody is asked.
const kAsking = ['oldweb', 'newpipe', 'newweb', 'dual'];

describe('a crowd with identical ids', { timeout: 120_000, skip: direct && 'direct: no servers are shared' }, () => {
  let world;
  before(async () => { world = await startWorld(kServers, { config: { workers: 4 } }); });
  after(() => world?.stop());

  test('nothing is crossed', async t => {
    let answers = 0;
    const doors = kDoors.filter(({ via }) => via === 'http');
    await Promise.all(Array.from({ length: 2 * kEach }, async (_, number) => {
      const me = new Person(`client ${number}`);
      me.replies[kForm] = () => ({ action: 'accept', content: { name: me.name } });
      const mine = async (server, round) => {
        const seat = await world.seat(doors[number % 2], server, me);
        const text = `${me.name} ${server} ${round}`;
        assert.equal((await seat.call('echo', { text })).content[0].text, text);
        const steps = [];
        const onprogress = ({ progress, total }) => steps.push(`${progress}/${total}`);
        await seat.call('slow', { steps: 2 + number, stepMs: 2 }, { onprogress });
        assert.ok(steps.every(step => step.endsWith(`/${2 + number}`)), `${me.name}: ${steps}`);
        answers += 2;
        if (!kAsking.includes(server)) return;
        const { content } = await seat.call('ask_form');
        assert.equal(JSON.parse(content[0].text).content.name, me.name);
        answers++;
      };
      for (let round = 0; round < kRounds; round++) {
        await Promise.all(Object.keys(kServers).map(server => mine(server, round)));
      }
    }));
    t.diagnostic(`${answers} answers`);
    assert.equal(answers, 2 * kEach * kRounds * (2 * Object.keys(kServers).length + kAsking.length));
  });
});
