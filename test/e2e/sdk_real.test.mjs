// The published servers as users have them, five behind one endpoint, and real clients of both eras before it:
// server-everything on stdio, over Streamable HTTP and over HTTP+SSE, server-filesystem, server-memory.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { direct, eventually } from './harness.mjs';
import { kForm, kFormAnswer, kModelAnswer, kRoots, Person } from './person.mjs';
import { kFiles, kRealServers } from './real_servers.mjs';
import { kDoors, serversFor, startWorld } from './sdk_world.mjs';

const kMebibyte = 1 << 20;
const textOf = result => {
  assert.ok(!result.isError, JSON.stringify(result));
  return result.content[0].text;
};
const failureOf = call => call.then(
  result => { assert.equal(result.isError, true, JSON.stringify(result)); return result.content[0].text; },
  error => error.message);

const kOfSession = 'Weir lists what its own session sees; this server shows it to the session that made it only';

describe('published servers', { timeout: 300_000 }, () => {
  let world;
  before(async () => { world = await startWorld(kRealServers); });
  after(() => world?.stop());

  for (const door of kDoors) {
    const able = new Person();
    const rootless = new Person('without roots', { elicitation: {} });  // alone with a client, files goes by its roots
    for (const server of serversFor(door, kRealServers)) {
      describe(`${door.name}, ${server}`, () => {
        let seat;
        const user = direct && server === 'files' ? rootless : able;
        before(async () => {
          seat = await world.seat(door, server, user);
          // It asks for roots once, soon after its start, of whoever has a call in flight then: let it be this one.
          if (server.startsWith('every')) await seat.call('get-roots-list');
        });
        beforeEach(() => user.forget());
        if (server === 'files') fileTests(door, () => seat);
        else if (server === 'memory') memoryTests(door, () => seat);
        else everythingTests(door, server, () => seat);
      });
    }
  }
});

function everythingTests(door, server, seat) {
  const web = !direct && server === 'everyweb';

  test('results of every shape', async () => {
    assert.equal(textOf(await seat().call('echo', { message: 'grüße' })), 'Echo: grüße');
    assert.match(textOf(await seat().call('get-sum', { a: 2, b: 3 })), /\b5\b/);
    const { structuredContent } = await seat().call('get-structured-content', { location: 'Chicago' });
    assert.equal(typeof structuredContent.temperature, 'number');
    const image = (await seat().call('get-tiny-image')).content.find(({ type }) => type === 'image');
    assert.match(image.data, /^iVBOR/);
    const marked = await seat().call('get-annotated-message', { messageType: 'error', includeImage: true });
    assert.deepEqual(marked.content[0].annotations, { priority: 1, audience: ['user', 'assistant'] });
    const reference = await seat().call('get-resource-reference', { resourceType: 'Text', resourceId: 2 });
    assert.ok(reference.content.some(part => part.type === 'resource' && part.resource.uri.endsWith('/text/2')));
    assert.match(await failureOf(seat().call('get-sum', { a: 'x' })), /invalid|expected/i);
  });

  test('prompts, and completions that depend on other arguments', async () => {
    const { messages } = await seat().prompt('args-prompt', { city: 'Köln' });
    assert.match(messages[0].content.text, /Köln/);
    const complete = (argument, context) => seat().client.client.complete({
      ref: { type: 'ref/prompt', name: seat().name('completable-prompt') }, argument, context });
    const { completion } = await complete({ name: 'department', value: 'S' });
    assert.deepEqual(completion.values, ['Sales', 'Support']);
    const names = await complete({ name: 'name', value: '' }, { arguments: { department: 'Sales' } });
    assert.deepEqual(names.completion.values, ['David', 'Eve', 'Frank']);
  });

  test('progress', async () => {
    const steps = [];
    const onprogress = ({ progress }) => steps.push(progress);
    await seat().call('trigger-long-running-operation', { duration: 0.4, steps: 4 }, { onprogress });
    assert.deepEqual(steps.slice(0, 3), [1, 2, 3]);  // the fourth comes together with the result
  });

  test('sampling, a form of every kind of field, a page to open', async () => {
    const sampled = textOf(await seat().call('trigger-sampling-request', { prompt: 'hm', maxTokens: 7 }));
    assert.deepEqual(JSON.parse(sampled.slice(sampled.indexOf('{'))), kModelAnswer);
    const filled = await seat().call('trigger-elicitation-request');
    assert.match(filled.content.at(-1).text, new RegExp(kFormAnswer.content.name.slice(0, 3)));
    const fields = seat().user.asked.at(-1).params.requestedSchema.properties;
    assert.equal(fields.titledMultipleSelectEnum.items.anyOf[2].title, 'Trout');
    assert.equal(fields.legacyTitledEnum.enumNames[4], 'Reptiles');
    seat().user.replies[kForm] = () => ({ action: 'decline' });
    assert.match(textOf(await seat().call('trigger-elicitation-request')), /declined/);
    seat().user.forget();
    const url = `https://example.org/${door.era}/${door.via}?a=1`;
    assert.match(textOf(await seat().call('trigger-url-elicitation', { url })), /completed/);
    assert.equal(seat().user.asked[0].params.url, url);
  });

  test('a page demanded by an error (-32042)', async () => {
    const args = { url: `https://example.org/${door.era}/${door.via}/first`, errorPath: true };
    if (door.era === 'legacy') {
      const error = await seat().call('trigger-url-elicitation', args).catch(thrown => thrown);
      assert.equal(error.code, -32042);
      assert.equal(error.data.elicitations[0].url, 'https://modelcontextprotocol.io');
    }
    assert.match(textOf(await seat().call('trigger-url-elicitation', args)), /completed/);
    const pages = seat().user.asked.map(({ params }) => params.url);
    assert.deepEqual(pages, door.era === 'legacy' ? [args.url] : ['https://modelcontextprotocol.io', args.url]);
  });

  test('roots', async () => {
    assert.match(textOf(await seat().call('get-roots-list')), new RegExp(kRoots.roots[0].uri));
  });

  test('resources by template and by link', async () => {
    // Three servers have the same template here: a client uses the URI that it is shown.
    const shown = await seat().call('get-resource-reference', { resourceType: 'Text', resourceId: 7 });
    const { contents } = await seat().client.readResource(shown.content.find(part => part.resource).resource.uri);
    assert.match(contents[0].text, /Resource 7/);
    const links = (await seat().call('get-resource-links', { count: 2 })).content
      .filter(({ type }) => type === 'resource_link');
    assert.equal(links.length, 2);
    for (const { uri } of links) assert.ok((await seat().client.readResource(uri)).contents[0], uri);
  });

  test('a resource that a call made', { skip: web && kOfSession }, async () => {
    const name = `${door.era}-${door.via}-${server}.gz`;
    const data = `data:text/plain;base64,${Buffer.from('zip me').toString('base64')}`;
    const zipped = await seat().call('gzip-file-as-resource', { name, data, outputType: 'resourceLink' });
    const { uri } = zipped.content.find(({ type }) => type === 'resource_link');
    await eventually('the resource in the list', async () =>
      (await seat().client.all('resources')).entries.some(entry => entry.uri === uri));
    assert.match((await seat().client.readResource(uri)).contents[0].blob, /^H4sI/);
  });

  test('one mebibyte both ways', async () => {
    const message = 'é'.repeat(kMebibyte / 2);
    assert.equal(textOf(await seat().call('echo', { message })), `Echo: ${message}`);
  });
}

function fileTests(door, seat) {
  const path = name => join(kFiles, `${door.era}-${door.via}-${name}`);

  test('one mebibyte is written and read', async () => {
    const content = 'ø'.repeat(kMebibyte / 2);
    await seat().call('write_file', { path: path('big'), content });
    assert.equal(readFileSync(path('big'), 'utf8'), content);
    assert.equal(textOf(await seat().call('read_text_file', { path: path('big') })), content);
  });

  test('folders, edits, pictures', async () => {
    await seat().call('create_directory', { path: path('dir') });
    assert.match(textOf(await seat().call('list_directory', { path: kFiles })), /\[DIR\]/);
    writeFileSync(path('note'), 'one\ntwo\n');
    await seat().call('edit_file', { path: path('note'), edits: [{ oldText: 'two', newText: 'zwei' }] });
    assert.equal(readFileSync(path('note'), 'utf8'), 'one\nzwei\n');
    writeFileSync(path('dot.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    const { content } = await seat().call('read_media_file', { path: path('dot.png') });
    assert.equal(content[0].data, 'iVBORw0KGgo=');
  });

  test('what lies outside its folder is refused as a result', async () => {
    assert.match(await failureOf(seat().call('read_text_file', { path: '/etc/hostname' })), /denied|outside/i);
  });

  test('the folders of the command line stand: clients share the process, so their roots do not replace them', async () => {
    assert.match(textOf(await seat().call('list_allowed_directories')), new RegExp(kFiles));
  });
}

function memoryTests(door, seat) {
  const name = `${door.era} ${door.via}`;

  test('keeps what it is told', async () => {
    await seat().call('create_entities', { entities: [{ name, entityType: 'client', observations: ['speaks MCP'] }] });
    await seat().call('add_observations', { observations: [{ entityName: name, contents: ['twice'] }] });
    const { structuredContent } = await seat().call('open_nodes', { names: [name] });
    assert.deepEqual(structuredContent.entities, [{ name, entityType: 'client', observations: ['speaks MCP', 'twice'] }]);
    const graph = JSON.parse(textOf(await seat().call('search_nodes', { query: name })));
    assert.equal(graph.entities.length, 1);
  });

  test('shows its graph as a resource', async () => {
    const { entries } = await seat().client.all('resources');
    const { uri } = entries.find(entry => entry.name.endsWith('knowledge-graph'));
    const { contents } = await seat().client.readResource(uri);
    assert.ok(JSON.parse(contents[0].text).entities.some(entity => entity.name === name));
  });
}
