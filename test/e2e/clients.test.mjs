// The official Inspector's command line and mcporter, listing and calling the tools of real servers through Weir.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { node24, peerBin, peerFile } from '../fixtures/peers.mjs';
import { cleanEnv, direct, scratch, startFixture, startWeir, stopAll } from './harness.mjs';

const run = promisify(execFile);
const kRunMs = 60_000;
const home = scratch();
const env = cleanEnv({ HOME: home, PATH: `${dirname(node24)}:${process.env.PATH}`, NO_COLOR: '1' });

async function json(args) {
  const { stdout } = await run(node24, args, { env, cwd: home, timeout: kRunMs, maxBuffer: 16 << 20 });
  return JSON.parse(stdout);
}

const inspector = (url, method, ...more) => json(
  [peerFile('@modelcontextprotocol/inspector', 'clients/launcher/build/index.js'), '--cli', url,
    '--transport', 'http', '--method', method, ...more]);

/** Runs mcporter with one server, named gate. */
function mcporter(url, ...args) {
  const config = join(home, 'mcporter.json');
  writeFileSync(config, JSON.stringify({ mcpServers: { gate: { url } }, imports: [] }));
  return json([peerFile('mcporter', 'dist/cli.js'), '--config', config, ...args]);
}

const real = (pkg, args = []) => ({ command: process.execPath,
  args: [peerBin(`@modelcontextprotocol/${pkg}`, `mcp-${pkg}`), ...args] });

describe('Inspector CLI and mcporter', { timeout: 300_000 }, () => {
  let dual;
  let weir;
  let url;
  const files = join(home, 'files');

  before(async () => {
    mkdirSync(files);
    writeFileSync(join(files, 'note.txt'), 'a note');
    dual = await startFixture('http_dual.mjs', ['--id', 'dual']);
    if (direct) {
      url = () => dual.url;
      return;
    }
    weir = await startWeir({
      everything: real('server-everything'), files: real('server-filesystem', [files]),
      memory: { ...real('server-memory'), env: { MEMORY_FILE_PATH: join(home, 'memory.json') } }, dual });
    url = name => (name ? weir.url(name) : weir.mcp);
  });
  after(() => stopAll(weir, dual));

  const kAggregate = { skip: direct && 'direct: without a gateway there is nothing to aggregate' };

  test('the Inspector lists and calls a server of both eras', async () => {
    const { tools } = await inspector(url('dual'), 'tools/list');
    assert.ok(tools.some(tool => tool.name === 'echo'));
    const result = await inspector(url('dual'), 'tools/call', '--tool-name', 'echo', '--tool-arg', 'text=over');
    assert.equal(result.content[0].text, 'over');
    const resource = await inspector(url('dual'), 'resources/read', '--uri', 'dual://greeting');
    assert.equal(resource.contents[0].text, 'hello from the fixture');
    const prompt = await inspector(url('dual'), 'prompts/get', '--prompt-name', 'greet', '--prompt-args', 'who=Ada');
    assert.equal(prompt.messages[0].content.text, 'Say hello to Ada.');
  });

  test('mcporter lists and calls a server of both eras', async () => {
    const listed = await mcporter(url('dual'), 'list', 'gate', '--json');
    assert.ok(listed.tools.some(tool => tool.name === 'echo'), JSON.stringify(listed).slice(0, 500));
    const result = await mcporter(url('dual'), 'call', 'gate.echo', 'text=over', '--output', 'json');
    assert.ok(JSON.stringify(result).includes('over'));
  });

  test('the Inspector sees all servers behind /mcp under their prefixes', kAggregate, async () => {
    const names = (await inspector(url(), 'tools/list')).tools.map(tool => tool.name);
    for (const name of ['everything__echo', 'files__read_text_file', 'memory__read_graph', 'dual__echo']) {
      assert.ok(names.includes(name), `${name} in ${names}`);
    }
    const echo = await inspector(url(), 'tools/call', '--tool-name', 'everything__echo', '--tool-arg', 'message=hello');
    assert.match(echo.content[0].text, /hello/);
    const note = await inspector(url(), 'tools/call', '--tool-name', 'files__read_text_file',
      '--tool-arg', `path=${join(files, 'note.txt')}`);
    assert.equal(note.content[0].text, 'a note');
  });

  test('mcporter sees all servers behind /mcp under their prefixes', kAggregate, async () => {
    const listed = await mcporter(url(), 'list', 'gate', '--json');
    const names = listed.tools.map(tool => tool.name);
    for (const name of ['everything__echo', 'files__list_directory', 'memory__create_entities', 'dual__echo']) {
      assert.ok(names.includes(name), `${name} in ${names}`);
    }
    const result = await mcporter(url(), 'call', 'gate.files__list_directory', `path=${files}`, '--output', 'json');
    assert.ok(JSON.stringify(result).includes('note.txt'));
  });

  test('each real server shows its bare names at its own address', kAggregate, async () => {
    for (const [server, tool] of [['everything', 'echo'], ['files', 'write_file'], ['memory', 'read_graph']]) {
      const names = (await inspector(url(server), 'tools/list')).tools.map(entry => entry.name);
      assert.ok(names.includes(tool), `${tool} in ${names}`);
      assert.ok(names.every(name => !name.includes('__')), String(names));
    }
  });
});
