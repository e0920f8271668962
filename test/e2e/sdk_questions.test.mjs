// What a server asks in the middle of a call: sampling, elicitation by form and by page, roots. Every client at every
// kind of server, through one endpoint; and once more over four workers, where a question, its answer and its server
// are on different threads.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { kForm as kAskedForm, kPage, kSampling as kAskedSampling } from '../fixtures/asking_surface.mjs';
import { direct } from './harness.mjs';
import { kForm, kFormAnswer, kModelAnswer, kPageAnswer, kRoots, kRootsList, kSampling, Person } from './person.mjs';
import { kDoors, serversFor, startWorld } from './sdk_world.mjs';

const dataOf = result => {
  assert.ok(!result.isError, result.content[0].text);
  return JSON.parse(result.content[0].text);
};
const failureOf = call => call.then(
  result => { assert.equal(result.isError, true, JSON.stringify(result)); return result.content[0].text; },
  error => error.message);
const bare = new Person('without capabilities', {});
const forms = new Person('with forms only', { elicitation: {} });
const kWorkers = direct ? [0] : [1, 4];

for (const workers of kWorkers) {
  describe(`questions of servers, ${workers || 'no'} workers`, { timeout: 300_000 }, () => {
    let world;
    before(async () => { world = await startWorld(undefined, { config: { workers } }); });
    after(() => world?.stop());
    for (const door of workers > 1 ? kDoors.filter(({ via }) => via === 'http') : kDoors) {
      const able = new Person();
      for (const server of serversFor(door)) {
        describe(`${door.name}, ${server}`, () => {
          let seat;
          before(async () => { seat = await world.seat(door, server, able); });
          beforeEach(() => able.forget());
          answered(door, () => seat);
          unanswered(() => seat, user => world.seat(door, server, user));
        });
      }
    }
  });
}

function answered(door, seat) {
  const asked = () => seat().user.asked;

  test('sampling: question and answer come through whole', async () => {
    assert.deepEqual(dataOf(await seat().call('ask_model')), kModelAnswer);
    assert.deepEqual(asked(), [{ method: kSampling, params: kAskedSampling }]);
  });

  test('a form: accepted, declined, cancelled', async () => {
    for (const answer of [kFormAnswer, { action: 'decline' }, { action: 'cancel' }]) {
      seat().user.forget();
      seat().user.replies[kForm] = () => answer;
      assert.deepEqual(dataOf(await seat().call('ask_form')), answer);
      assert.deepEqual(asked(), [{ method: kForm, params: kAskedForm }]);
    }
  });

  test('a page to open: its URL unchanged, an id for legacy clients only', async () => {
    assert.deepEqual(dataOf(await seat().call('ask_page')), kPageAnswer);
    assert.equal(asked().length, 1);
    const { elicitationId, ...params } = asked()[0].params;
    assert.deepEqual(params, kPage);
    assert.equal(typeof elicitationId, door.era === 'legacy' ? 'string' : 'undefined');
  });

  test('roots: asked anew each time', async () => {
    assert.deepEqual(dataOf(await seat().call('ask_roots')), kRoots);
    seat().user.replies[kRootsList] = () => ({ roots: [] });
    assert.deepEqual(dataOf(await seat().call('ask_roots')), { roots: [] });
  });

  test('three questions at once, and two one after the other', async () => {
    assert.deepEqual(dataOf(await seat().call('ask_three')), { who: kFormAnswer, model: kModelAnswer, where: kRoots });
    assert.deepEqual(asked().map(({ method }) => method).sort(), [kForm, kSampling, kRootsList].sort());
    assert.deepEqual(dataOf(await seat().call('ask_twice')), { first: kFormAnswer, second: kModelAnswer });
    assert.equal(asked().length, 5);
  });

  test('before a prompt, and before a resource is read', async () => {
    const { messages } = await seat().prompt('advice');
    assert.deepEqual(JSON.parse(messages[0].content.text), kFormAnswer);
    const { contents } = await seat().read('sealed');
    assert.deepEqual(JSON.parse(contents[0].text), kFormAnswer);
    assert.equal(asked().length, 2);
  });

  test('progress before and after a question', async () => {
    const steps = [];
    const result = await seat().call('ask_between', {}, { onprogress: ({ message }) => steps.push(message) });
    assert.deepEqual(dataOf(result), kFormAnswer);
    const ofServer = steps.filter(step => step === 'before' || step === 'after');  // clients add steps of their own
    assert.deepEqual(ofServer, ['before', 'after'], String(steps));
  });
}

function unanswered(seat, other) {
  test('a user who refuses to sample ends the call, and the next one works', async () => {
    seat().user.replies[kSampling] = () => { throw new Error('no, thank you'); };
    assert.match(await failureOf(seat().call('ask_model')), /no, thank you/);
    seat().user.forget();
    assert.deepEqual(dataOf(await seat().call('ask_model')), kModelAnswer);
  });

  test('what a client did not declare is not asked (P059)', async () => {
    const mute = await other(bare);
    for (const tool of ['ask_model', 'ask_form', 'ask_page', 'ask_roots']) {
      assert.ok(await failureOf(mute.call(tool)), tool);
    }
    forms.forget();
    const shy = await other(forms);
    assert.deepEqual(dataOf(await shy.call('ask_form')), kFormAnswer);
    assert.ok(await failureOf(shy.call('ask_page')));
    assert.ok(await failureOf(shy.call('ask_model')));
    assert.deepEqual(forms.asked.map(({ method }) => method), [kForm]);
  });

  test('a server that never stops asking is stopped (P063)', async () => {
    assert.match(await failureOf(seat().call('ask_forever')), /round|asking|input/i);
  });
}
