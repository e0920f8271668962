// What surrounds a result: progress, cancellation, log levels, completions, pages, large bodies. Every client at every
// kind of server, through one endpoint that shows all of them.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, kHangMs } from './harness.mjs';
import { kForm, kFormAnswer, Person } from './person.mjs';
import { kDoors, kServers, serversFor, startWorld } from './sdk_world.mjs';

const kMebibyte = 1 << 20;
const textOf = result => {
  assert.ok(!result.isError, JSON.stringify(result));
  return result.content[0].text;
};

describe('around a call', { timeout: 200_000 }, () => {
  let world;
  before(async () => { world = await startWorld(); });
  after(() => world?.stop());

  for (const door of kDoors) {
    const able = new Person();
    const second = new Person('second');
    for (const server of serversFor(door)) {
      describe(`${door.name}, ${server}`, () => {
        let seat;
        before(async () => { seat = await world.seat(door, server, able); });
        const tag = name => `${door.era} ${door.via} ${name}`;
        const fact = (event, name) => () => world.facts(server, event, tag(name)).length > 0;
        flowTests(door, () => seat, tag, () => world.seat(door, server, second));
        cancelTests(() => seat, tag, fact);
      });
    }
    if (!direct) describe(`${door.name}, all at once`, () => aggregateTests(door, able, () => world));
  }
});

function flowTests(door, seat, tag, other) {
  test('progress of calls side by side, each to its own', async () => {
    const calls = [3, 4, 5].map(async steps => {
      const seen = [];
      const onprogress = ({ progress, total, message }) => seen.push(`${progress}/${total} ${message}`);
      await seat().call('slow', { steps, stepMs: 40, tag: tag(`side ${steps}`) }, { onprogress });
      assert.deepEqual(seen, Array.from({ length: steps }, (_, i) => `${i + 1}/${steps} step ${i + 1}`));
    });
    await Promise.all(calls);
  });

  test('log messages from the level on that was asked for, for each client its own', async () => {
    const levels = ['debug', 'info', 'warning', 'error'];
    const logged = (at, level) => at.client.callLogged(at.name('log_at'), { levels }, level);
    const second = await other();
    assert.deepEqual(await logged(seat(), 'debug'), levels);
    assert.deepEqual(await logged(second, 'error'), ['error']);
    assert.deepEqual(await logged(seat(), 'warning'), ['warning', 'error']);
    assert.deepEqual(await logged(second, ''), door.era === 'legacy' ? ['error'] : []);
    assert.deepEqual(await logged(seat(), 'info'), ['info', 'warning', 'error']);
  });

  test('completions of prompts and templates', async () => {
    const prompt = await seat().client.complete({ type: 'ref/prompt', name: seat().name('greet') }, 'who', 'Ad');
    assert.deepEqual(prompt.completion.values, ['Ada', 'Adele']);
    const uri = `${seat().server}://items/{item}`;
    const item = await seat().client.complete({ type: 'ref/resource', uri }, 'item', '2');
    assert.deepEqual(item.completion, { values: ['200'], total: 1, hasMore: false });
  });

  test('one mebibyte both ways, and as a resource', async () => {
    const text = 'é"\\'.repeat(kMebibyte / 4);
    assert.equal(textOf(await seat().call('echo', { text })), text);
    assert.equal((await seat().read('large')).contents[0].text.length, kMebibyte);
  });
}

function cancelTests(seat, tag, fact) {
  /** Starts a call, aborts it when began() is true, and waits until the server has seen it. */
  async function aborted(tool, name, began) {
    const stop = new AbortController();
    const failed = assert.rejects(seat().call(tool, { steps: 400, stepMs: 50, tag: tag(name) }, { signal: stop.signal }));
    await eventually('the call to begin', began);
    stop.abort();
    await failed;
    await eventually('the server to see its signal', fact('cancelled', name), kHangMs / 2);
  }

  test('a cancelled call ends at the server, and only that one', async () => {
    const other = seat().call('slow', { steps: 10, stepMs: 50, tag: tag('kept') });
    await aborted('slow', 'ended', fact('started', 'ended'));
    assert.equal(textOf(await other), '10 steps');
  });

  test('a call cancelled after its question was answered ends at the server', async () => {
    seat().user.forget();
    await aborted('ask_and_work', 'answered', fact('answered', 'answered'));
  });

  test('a call cancelled while its question is open leaves nothing in the way', async () => {
    let open = false;
    const stop = new AbortController();
    seat().user.replies[kForm] = () => new Promise((_, gone) => {
      open = true;
      stop.signal.addEventListener('abort', () => gone(new Error('closed')));
    });
    const failed = assert.rejects(seat().call('ask_form', {}, { signal: stop.signal }));
    await eventually('the question', () => open);
    stop.abort();
    await failed;
    seat().user.forget();
    assert.deepEqual(JSON.parse(textOf(await seat().call('ask_form'))), kFormAnswer);
  });
}

function aggregateTests(door, user, world) {
  test('every tool, prompt and resource of every server, in pages, each once', async () => {
    const { client } = await world().seat(door, 'oldpipe', user);
    for (const [kind, key] of [['tools', 'name'], ['prompts', 'name'], ['resources', 'uri'],
      ['resourceTemplates', 'uriTemplate']]) {
      const { entries } = await client.all(kind);
      const keys = entries.map(entry => entry[key]);
      assert.equal(new Set(keys).size, keys.length, kind);
      for (const server of Object.keys(kServers)) assert.ok(keys.some(name => name.startsWith(server)), `${kind} ${server}`);
    }
  });

  test('calls to all servers at once, each with its own question', async () => {
    user.forget();
    const seats = await Promise.all(Object.keys(kServers).map(server => world().seat(door, server, user)));
    const answers = await Promise.all(seats.map(seat => seat.call('ask_form')));
    for (const answer of answers) assert.deepEqual(JSON.parse(textOf(answer)), kFormAnswer);
    assert.equal(user.asked.length, seats.length);
  });
}
