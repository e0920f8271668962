// Many servers as one at /mcp: prefixes, routing, order, and one broken server that must not hide the others.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, freePort, startFixture, startWeir, stdioFixture, stopAll } from './harness.mjs';

const kSkip = { skip: direct && 'direct: without a gateway there is nothing to aggregate' };
const textOf = result => result.content[0].text;
const codeOf = promise => promise.then(() => 'no error', error => error.code);
const paged = id => ['--page-size', 4, '--id', id];

/** The servers of each era that a client of that era must see, and how they are reached. */
const kWorlds = {
  legacy: {
    pipe: () => stdioFixture('stdio_legacy.mjs', paged('pipe')),
    web: () => startFixture('http_legacy.mjs', paged('web')),
    old: () => startFixture('sse_legacy.mjs', paged('old')),
  },
  modern: {
    pipe: () => stdioFixture('stdio_modern.mjs', paged('pipe')),
    web: () => startFixture('http_dual.mjs', paged('web')),
  },
};

for (const [era, world] of Object.entries(kWorlds)) {
  describe(`${era} client at /mcp`, { timeout: 180_000, ...kSkip }, () => {
    const names = Object.keys(world);
    const servers = {};
    let weir;
    let client;

    before(async () => {
      for (const name of names) servers[name] = await world[name]();
      const dead = { url: `http://127.0.0.1:${await freePort()}/mcp` };
      const broken = { command: process.execPath, args: ['-e', 'console.error("no database"); process.exit(3)'] };
      const absent = { command: '/no/such/program', args: [] };
      const silent = { command: process.execPath, args: ['-e', 'process.stdin.resume()'] };
      weir = await startWeir({ ...servers, dead, broken, absent, silent });
      client = await connect(era, { url: weir.mcp });
      await eventually('every healthy server in the list', async () => {
        const listed = await client.toolNames();
        return names.every(name => listed.includes(`${name}__whoami`));
      });
    });
    after(() => stopAll(client, weir, ...Object.values(servers)));

    test('shows the tools of every server under its prefix, each once, broken servers hiding none', async () => {
      const listed = await client.toolNames();
      assert.equal(new Set(listed).size, listed.length);
      for (const name of listed) assert.ok(names.some(server => name.startsWith(`${server}__`)), name);
      for (const server of names) {
        for (const tool of ['echo', 'slow', 'counter', 'remove_tool']) assert.ok(listed.includes(`${server}__${tool}`));
      }
    });

    test('lists in the same order every time, also for another client', async () => {
      const first = await client.toolNames();
      assert.deepEqual(await client.toolNames(), first);
      const other = await connect(era, { url: weir.mcp });
      assert.deepEqual(await other.toolNames(), first);
      await other.close();
    });

    test('routes each call to its own server', async () => {
      for (const name of names) assert.equal(textOf(await client.call(`${name}__whoami`)), name);
    });

    test('knows no tool by its bare name, and none of a broken server: -32602', async () => {
      assert.equal(await codeOf(client.call('whoami')), -32602);
      assert.equal(await codeOf(client.call('nobody__whoami')), -32602);
      assert.equal(await codeOf(client.call('pipe__no_such_tool')), -32602);
    });

    test('routes resources by URI and by template', async () => {
      const uris = (await client.all('resources')).entries.map(resource => resource.uri);
      for (const name of names) {
        assert.ok(uris.includes(`${name}://greeting`), String(uris));
        assert.equal((await client.readResource(`${name}://greeting`)).contents[0].text, 'hello from the fixture');
        assert.equal((await client.readResource(`${name}://items/7`)).contents[0].text, '{"item":"7"}');
      }
      const templates = (await client.all('resourceTemplates')).entries.map(entry => entry.uriTemplate);
      for (const name of names) assert.ok(templates.includes(`${name}://items/{item}`), String(templates));
      assert.equal(await codeOf(client.readResource('nowhere://at/all')), era === 'modern' ? -32602 : -32002);  // P080
    });

    test('routes prompts and completions', async () => {
      const prompts = (await client.all('prompts')).entries.map(prompt => prompt.name);
      for (const name of names) {
        assert.ok(prompts.includes(`${name}__greet`), String(prompts));
        const prompt = await client.getPrompt(`${name}__greet`, { who: name });
        assert.equal(prompt.messages[0].content.text, `Say hello to ${name}.`);
        const done = await client.complete({ type: 'ref/prompt', name: `${name}__greet` }, 'who', 'G');
        assert.deepEqual(done.completion.values, ['Grace']);
        const item = await client.complete({ type: 'ref/resource', uri: `${name}://items/{item}` }, 'item', '2');
        assert.deepEqual(item.completion.values, ['200']);
      }
    });

    test('merges capabilities and instructions', () => {
      for (const part of ['tools', 'resources', 'prompts', 'completions']) assert.ok(client.capabilities[part], part);
      for (const name of names) assert.match(client.instructions, new RegExp(`Fixture server ${name}\\.`));
    });

    test('sees a tool that one server added while running', async () => {
      await client.call('web__add_tool', { name: 'fresh' });
      await eventually('the new tool in the list', async () => (await client.toolNames()).includes('web__fresh'));
      assert.equal(textOf(await client.call('web__fresh')), 'I am fresh');
      const listed = await client.toolNames();
      assert.ok(names.filter(name => name !== 'web').every(name => !listed.includes(`${name}__fresh`)));
    });

    test('goes on after one server died, which comes back', async () => {
      await client.call('pipe__crash').catch(() => {});
      assert.equal(textOf(await client.call('web__whoami')), 'web');
      await eventually('the server to be back', async () =>
        client.call('pipe__whoami').then(result => !result.isError && textOf(result) === 'pipe', () => false));
    });

    test('calls across servers at once without mixing them up', async () => {
      const calls = Array.from({ length: 60 }, (_, i) =>
        client.call(`${names[i % names.length]}__echo`, { text: `${names[i % names.length]} ${i}` }));
      const answers = (await Promise.all(calls)).map(textOf);
      assert.deepEqual(answers, answers.map((_, i) => `${names[i % names.length]} ${i}`));
    });
  });
}
