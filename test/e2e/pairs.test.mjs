// A real client of each era against each kind of server, through Weir's /mcp/{server} (bare names) or,
// with WEIR_E2E=direct, without a gateway.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, kHangMs, sleep, startFixture, startWeir, stdioFixture, stopAll } from './harness.mjs';

const kMebibyte = 1 << 20;
const kPageSize = 5;
const paged = ['--page-size', kPageSize];

const kPairs = [
  { era: 'legacy', name: 'stdio_legacy', make: () => stdioFixture('stdio_legacy.mjs', paged) },
  { era: 'legacy', name: 'http_legacy', make: () => startFixture('http_legacy.mjs', paged) },
  { era: 'legacy', name: 'http_legacy_json', make: () => startFixture('http_legacy.mjs', [...paged, '--json', 1]) },
  { era: 'legacy', name: 'http_dual', make: () => startFixture('http_dual.mjs', [...paged, '--eras', 'legacy']) },
  { era: 'legacy', name: 'sse_legacy', make: () => startFixture('sse_legacy.mjs', paged) },
  { era: 'legacy', name: 'stdio_modern', cross: true, make: () => stdioFixture('stdio_modern.mjs', paged) },
  { era: 'legacy', name: 'http_modern', cross: true,
    make: () => startFixture('http_dual.mjs', [...paged, '--eras', 'modern']) },
  { era: 'legacy', name: 'stdio_legacy', front: 'sse', make: () => stdioFixture('stdio_legacy.mjs', paged) },
  { era: 'legacy', name: 'http_modern', front: 'sse', cross: true,
    make: () => startFixture('http_dual.mjs', [...paged, '--eras', 'modern']) },
  { era: 'modern', name: 'stdio_legacy', cross: true, make: () => stdioFixture('stdio_legacy.mjs', paged) },
  { era: 'modern', name: 'http_legacy', cross: true, make: () => startFixture('http_legacy.mjs', paged) },
  { era: 'modern', name: 'sse_legacy', cross: true, make: () => startFixture('sse_legacy.mjs', paged) },
  { era: 'modern', name: 'stdio_modern', make: () => stdioFixture('stdio_modern.mjs', paged) },
  { era: 'modern', name: 'http_dual', make: () => startFixture('http_dual.mjs', paged) },
  { era: 'modern', name: 'http_modern', make: () => startFixture('http_dual.mjs', [...paged, '--eras', 'modern']) },
];

/** HTTP+SSE is off unless asked for; POSTs of one client reach more than one worker. */
const kOldFront = { listener: { protocol: { legacy_sse: true } }, config: { workers: 4 } };

const textOf = result => result.content[0].text;
const codeOf = promise => promise.then(() => 'no error', error => error.code);
const isJson = name => name.endsWith('_json');
const kNoStream = 'this server answers with plain JSON, so nothing can precede the result';

for (const pair of kPairs) {
  if (direct && (pair.cross || pair.front)) continue;  // without a gateway they do not understand each other
  describe(`${pair.era} client${pair.front ? ' over HTTP+SSE' : ''}, ${pair.name}`, { timeout: 120_000 }, () => {
    let fixture;
    let weir;
    let client;

    before(async () => {
      fixture = await pair.make();
      if (!direct) weir = await startWeir({ up: fixture }, pair.front && kOldFront);
      client = await connect(pair.era, targetOf(pair, fixture, weir), { Authorization: 'Bearer downstream-secret' });
    });
    after(() => stopAll(client, weir, fixture));

    test('opens with the revision of its era', () => {
      assert.equal(client.revision ?? '2025-11-25', pair.era === 'modern' ? '2026-07-28' : '2025-11-25');
      for (const part of ['tools', 'resources', 'prompts', 'completions']) assert.ok(client.capabilities[part], part);
      assert.match(client.instructions, /Fixture server fixture/);
    });

    test('lists everything, page by page, each entry once', async () => {
      const { entries, pages } = await client.all('tools');
      const names = entries.map(tool => tool.name);
      assert.equal(new Set(names).size, names.length);
      for (const name of ['echo', 'slow', 'big', 'fail', 'log', 'counter']) assert.ok(names.includes(name), name);
      if (direct) assert.ok(pages > 1, 'the fixture pages');
      const echo = entries.find(tool => tool.name === 'echo');
      assert.deepEqual(echo.annotations, { readOnlyHint: true, idempotentHint: true });
      assert.deepEqual(echo.inputSchema,
        { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] });
      const resources = (await client.all('resources')).entries.map(resource => resource.uri);
      assert.ok(resources.includes('fixture://greeting') && resources.includes('fixture://large'), String(resources));
      const templates = (await client.all('resourceTemplates')).entries.map(template => template.uriTemplate);
      assert.ok(templates.includes('fixture://items/{item}'), String(templates));
      const prompts = (await client.all('prompts')).entries.map(prompt => prompt.name);
      assert.ok(prompts.includes('greet') && prompts.includes('plain'), String(prompts));
    });

    test('lists in the same order twice', async () => {
      assert.deepEqual(await client.toolNames(), await client.toolNames());
    });

    test('refuses an unknown cursor with -32602', async () => {
      assert.equal(await codeOf(client.page('tools', 'no such cursor')), -32602);
    });

    // Servers of the SDKs refuse whoever does not accept both kinds of answer; the fixtures give one each.
    test('calls a tool and gets its result', async () => {  // P038
      const text = 'grüße 🌊 \u0000 "quoted"';
      assert.equal(textOf(await client.call('echo', { text })), text);
      const structured = await client.call('structured', { n: 7 });
      assert.deepEqual(structured.structuredContent, { n: 7 });
    });

    test('receives progress in time and in order', { skip: isJson(pair.name) && kNoStream }, async () => {
      const seen = [];
      const started = Date.now();
      const onprogress = step => seen.push({ ...step, at: Date.now() - started });
      const result = await client.call('slow', { steps: 4, stepMs: 150, tag: 'progress' }, { onprogress });
      const end = Date.now() - started;
      assert.equal(textOf(result), '4 steps');
      assert.deepEqual(seen.map(step => step.progress), [1, 2, 3, 4]);
      assert.equal(seen[0].total, 4);
      assert.equal(seen[0].message, 'step 1');
      // Four steps of 150 ms: the first must arrive while at least two more are still to come.
      assert.ok(end - seen[0].at >= 300, `first progress after ${seen[0].at} ms of ${end} ms`);
    });

    test('keeps ten calls in flight apart', async () => {
      const calls = Array.from({ length: 10 }, (_, i) =>
        client.call('slow', { steps: i + 1, stepMs: 20 * (10 - i), tag: `c${i}` }));
      const answers = await Promise.all(calls);
      assert.deepEqual(answers.map(textOf), answers.map((_, i) => `${i + 1} steps`));
    });

    test('relays log messages of a call that wants them', { skip: isJson(pair.name) && kNoStream }, async () => {
      assert.deepEqual(await client.callLogged('log', { count: 3 }), ['line 0', 'line 1', 'line 2']);
    });

    test('reads text, bytes, a template and one mebibyte', async () => {
      const [greeting] = (await client.readResource('fixture://greeting')).contents;
      assert.deepEqual(greeting, { uri: 'fixture://greeting', mimeType: 'text/plain', text: 'hello from the fixture' });
      const [pixels] = (await client.readResource('fixture://pixels')).contents;
      assert.equal(Buffer.from(pixels.blob, 'base64').subarray(1, 4).toString(), 'PNG');
      const [item] = (await client.readResource('fixture://items/42')).contents;
      assert.equal(item.text, '{"item":"42"}');
      const [large] = (await client.readResource('fixture://large')).contents;
      assert.equal(large.text.length, kMebibyte);
    });

    test('gets prompts with and without arguments', async () => {
      const greet = await client.getPrompt('greet', { who: 'Ada' });
      assert.equal(greet.messages[0].content.text, 'Say hello to Ada.');
      const plain = await client.getPrompt('plain');
      assert.equal(plain.messages[0].content.text, 'Just answer.');
    });

    test('completes arguments of prompts and templates', async () => {
      const { completion } = await client.complete({ type: 'ref/prompt', name: 'greet' }, 'who', 'Ad');
      assert.deepEqual(completion.values, ['Ada', 'Adele']);
      const items = await client.complete({ type: 'ref/resource', uri: 'fixture://items/{item}' }, 'item', '1');
      assert.deepEqual(items.completion.values, ['100', '101']);
    });

    test('carries its cancellation to the server', async () => {
      const stop = new AbortController();
      const call = client.call('slow', { steps: 200, stepMs: 50, tag: 'cancelled' }, { signal: stop.signal });
      const failed = assert.rejects(call);
      const has = event => () => fixture.ledger().some(fact => fact.event === event && fact.tag === 'cancelled');
      await eventually('the call to start', has('started'));
      stop.abort();
      await failed;
      await eventually('the server to learn of it', has('cancelled'), kHangMs / 2);
      assert.equal(textOf(await client.call('echo', { text: 'still here' })), 'still here');
    });

    test('sends and receives one mebibyte', async () => {
      const text = 'é'.repeat(kMebibyte / 2);
      assert.equal(textOf(await client.call('length', { text })), String(kMebibyte / 2));
      assert.equal(textOf(await client.call('echo', { text })), text);
      assert.equal(textOf(await client.call('big', { bytes: kMebibyte })).length, kMebibyte);
    });

    test('gets a failing tool as a result, and what is unknown as -32602', async () => {
      const failed = await client.call('fail');
      assert.equal(failed.isError, true);
      assert.match(textOf(failed), /failed on purpose/);
      assert.equal(await codeOf(client.call('no_such_tool')), -32602);
      assert.equal(await codeOf(client.getPrompt('no_such_prompt')), -32602);
      const unknown = pair.cross && pair.era === 'legacy' ? -32002 : -32602;  // P080; native fixtures say -32602
      assert.equal(await codeOf(client.readResource('fixture://no/such/thing')), unknown);
    });

    test('runs a call exactly once', async () => {
      const id = `${pair.era}-${pair.name}`;
      await client.call('counter', { id });
      assert.equal(fixture.ledger().filter(fact => fact.event === 'counted' && fact.id === id).length, 1);
    });

    test('shows a tool that was added while running', async () => {
      await client.call('add_tool', { name: 'added_later' });
      await eventually('the new tool in the list', async () => (await client.toolNames()).includes('added_later'));
      assert.equal(textOf(await client.call('added_later')), 'I am added_later');
    });

    test('is told that the list changed', async t => {
      if (!client.capabilities.tools.listChanged) return t.skip('the gateway does not announce tools.listChanged');
      let told = 0;
      const end = await client.onToolsChanged(() => { told++; });
      await sleep(100);
      await client.call('remove_tool', { name: 'added_later' });
      await eventually('the notification', () => told > 0);
      await end();
      return undefined;
    });

    test('answers what the server asks of it', { skip: isJson(pair.name) && kNoStream }, async t => {
      assert.equal(textOf(await client.call('confirm')), 'accept true');
      return undefined;
    });

    test('does not pass its credentials on', async t => {
      if (direct) return t.skip('direct: there is no gateway that could keep them');
      const headers = JSON.parse(textOf(await client.call('headers')));
      assert.equal(headers.authorization, undefined);
      assert.ok(!JSON.stringify(headers).includes('downstream-secret'));
      return undefined;
    });

    test('mirrors the argument that the schema asks for into a header, for modern servers over HTTP only', async () => {
      const mirrored = pair.name === 'http_modern' || (pair.name === 'http_dual' && pair.era === 'modern');  // P032, P036
      await client.client.listTools();
      for (const [region, header] of [['eu-west', 'eu-west'], ['Zürich', '=?base64?WsO8cmljaA==?=']]) {
        assert.equal(textOf(await client.call('region', { region })), `${region} ${mirrored ? header : 'none'}`);
      }
    });
  });
}



function targetOf(pair, fixture, weir) {
  if (weir) return pair.front ? { sse: weir.url('up') } : { url: weir.url('up') };
  if (pair.name.startsWith('sse')) return { sse: fixture.url };
  return fixture;
}
