// The extensions tasks, MCP Apps and Skills through Weir: ids, names and URIs of two servers that use the same ones.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, startFixture, startWeir, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: ids and names are those of the server' };
const kTasks = { 'io.modelcontextprotocol/clientCapabilities':
  { extensions: { 'io.modelcontextprotocol/tasks': {} } } };

describe('extensions', { timeout: 120_000, ...kSkip }, () => {
  const servers = {};
  let weir;
  let port;

  /** One modern request; `named` is what Mcp-Name says, if not what the body says. */
  const send = (method, params = {}, { path = '/mcp', meta = {}, named } = {}) => {
    const name = named ?? params.name ?? params.taskId ?? params.uri;
    return request(port, { path, headers: modernHeaders(method, { 'Mcp-Name': name }),
      body: JSON.stringify(rpc(method, withMeta(params, meta))) });
  };
  const resultOf = async (...args) => {
    const { json } = await send(...args);
    assert.ok(json.result, JSON.stringify(json));
    return json.result;
  };

  const codeOf = async (...args) => (await send(...args)).json.error?.code;

  before(async () => {
    for (const id of ['one', 'two']) servers[id] = await startFixture('http_extensions.mjs', ['--id', id]);
    weir = await startWeir(servers);
    port = Number(new URL(weir.mcp).port);
    await eventually('the tools of both', async () => {
      const names = (await resultOf('tools/list')).tools.map(tool => tool.name);
      return ['one__work', 'two__work'].every(name => names.includes(name));
    });
  });
  after(() => stopAll(weir, ...Object.values(servers)));

  describe('tasks', () => {
    const start = async (server, path) => {
      const result = await resultOf('tools/call', { name: path ? 'work' : `${server}__work` }, { meta: kTasks, path });
      assert.equal(result.resultType, 'task');
      return result.taskId;
    };
    const on = (method, taskId, more = {}) => send(method, { taskId }, { meta: kTasks, ...more });

    test('are found again at the server that made them, each under an id of its own', async () => {
      const [one, two] = [await start('one'), await start('two')];
      assert.notEqual(one, two);  // both servers say task-1
      const answered = { ok: { action: 'accept' } };
      await resultOf('tasks/update', { taskId: one, inputResponses: answered }, { meta: kTasks });
      const done = await resultOf('tasks/get', { taskId: one }, { meta: kTasks });
      assert.equal(done.taskId, one);
      assert.equal(done.status, 'completed');
      assert.equal(done.result.content[0].text, JSON.stringify(answered));
      await resultOf('tasks/cancel', { taskId: two }, { meta: kTasks });
      assert.equal((await resultOf('tasks/get', { taskId: two }, { meta: kTasks })).status, 'cancelled');
    });

    test('work at the endpoint of one server', async () => {
      const taskId = await start('one', '/mcp/one');
      assert.equal((await resultOf('tasks/get', { taskId }, { meta: kTasks, path: '/mcp/one' })).taskId, taskId);
      assert.equal((await on('tasks/get', taskId, { path: '/mcp/two' })).json.error.code, -32602);
    });

    test('of which nobody knows are -32602, undeclared ones -32021, a wrong Mcp-Name -32020', async () => {
      const taskId = await start('one');
      assert.equal((await on('tasks/get', 'task-1')).json.error.code, -32602);
      const undeclared = await send('tasks/get', { taskId });
      assert.equal(undeclared.status, 400);
      assert.equal(undeclared.json.error.code, -32021);
      assert.deepEqual(undeclared.json.error.data.requiredCapabilities,
        { extensions: { 'io.modelcontextprotocol/tasks': {} } });
      assert.equal((await on('tasks/get', taskId, { named: 'task-1' })).json.error.code, -32020);
    });

    test('end by tasks/cancel and by nothing else', async () => {  // P114
      const taskId = await start('one');
      const told = await request(port, { headers: modernHeaders('notifications/cancelled'), body: JSON.stringify(
        { jsonrpc: '2.0', method: 'notifications/cancelled', params: withMeta({ requestId: 1 }) }) });
      assert.equal(told.status, 202);
      const status = async () => (await resultOf('tasks/get', { taskId }, { meta: kTasks })).status;
      assert.equal(await status(), 'input_required');
      await resultOf('tasks/cancel', { taskId }, { meta: kTasks });
      assert.equal(await status(), 'cancelled');
    });

    test('are not forced on clients that do not declare them', async () => {
      assert.equal((await resultOf('tools/call', { name: 'one__work' })).content[0].text, 'done at once');
    });

    test('are declared by Weir', async () => {
      const { capabilities } = await resultOf('server/discover');
      assert.deepEqual(capabilities.extensions['io.modelcontextprotocol/tasks'], {});
    });
  });

  describe('MCP Apps', () => {
    const linkOf = async (name, path) => (await resultOf('tools/list', {}, { path })).tools
      .find(tool => tool.name === name)._meta.ui.resourceUri;
    const read = async (uri, path) => (await resultOf('resources/read', { uri }, { path })).contents[0];

    test('the interface of each server is read under the URI that its tool names', async () => {
      for (const server of ['one', 'two']) {
        const uri = await linkOf(`${server}__show`);
        assert.ok(uri.startsWith('ui://'));
        const content = await read(uri);
        assert.equal(content.uri, uri);
        assert.equal(content.mimeType, 'text/html;profile=mcp-app');
        assert.match(content.text, new RegExp(`read\\("ui://app/view.html"\\) // ${server}<`));
      }
    });

    test('nothing is changed at the endpoint of one server', async () => {
      assert.equal(await linkOf('show', '/mcp/two'), 'ui://app/view.html');
      assert.equal((await read('ui://app/view.html', '/mcp/two')).uri, 'ui://app/view.html');
    });

    test('what only the server knows is understood where one server can be meant, else -32602', async () => {
      assert.equal((await resultOf('tools/call', { name: 'only_two' })).content[0].text, 'only_two of two');
      assert.equal(await codeOf('tools/call', { name: 'show' }), -32602);
      assert.equal(await codeOf('resources/read', { uri: 'ui://app/view.html' }), -32602);
    });

    test('are declared to clients of either era', async () => {
      const { capabilities } = await resultOf('server/discover');
      assert.deepEqual(capabilities.extensions['io.modelcontextprotocol/ui'], {});
      const legacy = await connect('legacy', { url: weir.mcp });
      assert.deepEqual(legacy.capabilities.extensions, { 'io.modelcontextprotocol/ui': {} });
      await legacy.close();
    });
  });

  describe('skills', () => {
    const digestOf = text => `sha256:${createHash('sha256').update(text).digest('hex')}`;

    test('of all servers are listed, got and read, each file as its digest says', async () => {
      const { skills, ttlMs, cacheScope } = await resultOf('skills/list');
      assert.deepEqual(skills.map(skill => skill.uri),
        ['skill://one/refunds/SKILL.md', 'skill://two/refunds/SKILL.md']);
      assert.ok(ttlMs > 0 && cacheScope === 'public');
      for (const listed of skills) {
        const { skill } = await resultOf('skills/get', { uri: listed.uri });
        assert.deepEqual(skill, listed);
        assert.deepEqual(skill.frontmatter, { name: 'refunds', uri: 'skill://refunds' });
        for (const { uri, digest, size } of skill.resources) {
          const { contents: [file] } = await resultOf('resources/read', { uri });
          assert.equal(file.uri, uri);
          assert.equal(Buffer.byteLength(file.text), size);
          assert.equal(digestOf(file.text), digest);
        }
      }
    });

    test('can be walked as directories', async () => {
      const { resources } = await resultOf('resources/directory/read', { uri: 'skill://two/refunds' });
      assert.deepEqual(resources.map(file => file.uri),
        ['skill://two/refunds/SKILL.md', 'skill://two/refunds/rules.md']);
    });

    test('keep their own URIs at the endpoint of one server', async () => {
      const { skills } = await resultOf('skills/list', {}, { path: '/mcp/one' });
      assert.equal(skills[0].uri, 'skill://refunds/SKILL.md');
      const { skill } = await resultOf('skills/get', { uri: skills[0].uri }, { path: '/mcp/one' });
      assert.deepEqual(skill, skills[0]);
    });

    test('that nobody can be meant by are -32602', async () => {
      assert.equal(await codeOf('skills/get', { uri: 'skill://refunds/SKILL.md' }), -32602);
      assert.equal(await codeOf('skills/get', { uri: 'skill://one/other/SKILL.md' }), -32602);
    });

    test('are declared by Weir', async () => {
      const { capabilities } = await resultOf('server/discover');
      assert.deepEqual(capabilities.extensions['io.modelcontextprotocol/skills'], { directoryRead: true });
    });
  });
});
