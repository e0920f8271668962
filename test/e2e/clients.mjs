// Two real clients behind one face: `legacy` is @modelcontextprotocol/sdk 1.x, `modern` is @modelcontextprotocol/client
// 2.x pinned to 2026-07-28. A target is {url} (Streamable HTTP), {sse} (HTTP+SSE) or {command, args, env} (stdio).
import { peer } from '../fixtures/peers.mjs';
import { cleanEnv } from './harness.mjs';

const v1 = {
  ...peer('@modelcontextprotocol/sdk/client/index.js'),
  ...peer('@modelcontextprotocol/sdk/client/streamableHttp.js'),
  ...peer('@modelcontextprotocol/sdk/client/sse.js'),
  ...peer('@modelcontextprotocol/sdk/client/stdio.js'),
  types: peer('@modelcontextprotocol/sdk/types.js'),
};
const v2 = { ...peer('@modelcontextprotocol/client'), ...peer('@modelcontextprotocol/client/stdio') };

export const kModern = '2026-07-28';
const kInfo = { name: 'weir-e2e', version: '1.0.0' };
const kLogLevelKey = 'io.modelcontextprotocol/logLevel';
const kCallMs = 30_000;
const kConfirming = { can: { elicitation: {} }, answers: {
  'elicitation/create': () => ({ action: 'accept', content: { ok: true } }) } };

/**
 * Connects one client; gives a Legacy or a Modern. user: {can, answers}, what the client declares and how it answers,
 * by method: answers[method](params, signal) gives the result.
 */
export async function connect(era, target, headers = {}, user = kConfirming) {
  const client = era === 'legacy' ? new Legacy(user) : new Modern(user);
  await client.connect(target, headers);
  return client;
}

function transportOf(kit, target, headers) {
  const requestInit = { headers };
  if (target.sse) return new kit.SSEClientTransport(new URL(target.sse), { requestInit });
  if (target.url) {
    return new kit.StreamableHTTPClientTransport(new URL(target.url), { requestInit, authProvider: target.authProvider });
  }
  return new kit.StdioClientTransport({ command: target.command, args: target.args,
    env: cleanEnv(target.env), stderr: 'ignore' });
}

class Face {
  async connect(target, headers) {
    this.transport = transportOf(this.kit, target, headers);
    this.target = target;
    await this.client.connect(this.transport);
  }
  get capabilities() { return this.client.getServerCapabilities(); }
  get server() { return this.client.getServerVersion(); }
  get instructions() { return this.client.getInstructions(); }
  readResource(uri) { return this.client.readResource({ uri }); }
  getPrompt(name, args) { return this.client.getPrompt({ name, arguments: args }); }
  complete(ref, name, value) { return this.client.complete({ ref, argument: { name, value } }); }

  /** Every entry of a list, page by page; also how many pages there were. */
  async all(kind) {
    const entries = [];
    let pages = 0;
    let cursor;
    do {
      const page = await this.page(kind, cursor);
      entries.push(...page[kind]);
      cursor = page.nextCursor;
      pages++;
    } while (cursor !== undefined);
    return { entries, pages };
  }
  async toolNames() { return (await this.all('tools')).entries.map(tool => tool.name); }
}

const kListMethods = { tools: 'tools/list', resources: 'resources/list', prompts: 'prompts/list',
  resourceTemplates: 'resources/templates/list' };

const kQuestionSchemas = { 'elicitation/create': v1.types.ElicitRequestSchema,
  'sampling/createMessage': v1.types.CreateMessageRequestSchema, 'roots/list': v1.types.ListRootsRequestSchema };

class Legacy extends Face {
  kit = v1;
  era = 'legacy';

  constructor({ can, answers }) {
    super();
    this.client = new v1.Client(kInfo, { capabilities: can });
    for (const [method, answer] of Object.entries(answers)) {
      this.client.setRequestHandler(kQuestionSchemas[method], ({ params }, { signal }) => answer(params, signal));
    }
  }
  get revision() { return this.transport.protocolVersion ?? this.transport._protocolVersion; }
  call(name, args = {}, options = {}) {
    return this.client.callTool({ name, arguments: args }, undefined, { timeout: kCallMs, ...options });
  }
  page(kind, cursor) {
    const schema = { tools: v1.types.ListToolsResultSchema, resources: v1.types.ListResourcesResultSchema,
      prompts: v1.types.ListPromptsResultSchema, resourceTemplates: v1.types.ListResourceTemplatesResultSchema }[kind];
    return this.client.request({ method: kListMethods[kind], params: cursor === undefined ? {} : { cursor } }, schema);
  }
  /** Calls a tool; gives what it logged. level: from now on (legacy), of this call (modern); '' leaves it as it is. */
  async callLogged(name, args, level = 'debug') {
    const lines = [];
    this.client.setNotificationHandler(v1.types.LoggingMessageNotificationSchema,
      note => { lines.push(note.params.data); });
    if (level) await this.client.setLoggingLevel(level);
    await this.call(name, args);
    return lines;
  }
  /** Calls back on every tools/list_changed; gives a function that ends it. */
  async onToolsChanged(callback) {
    this.client.setNotificationHandler(v1.types.ToolListChangedNotificationSchema, () => { callback(); });
    return () => {};
  }
  /** Subscribes to a resource, calls back with the URI of every update; gives a function that ends it. */
  async onUpdated(uri, callback) {
    this.client.setNotificationHandler(v1.types.ResourceUpdatedNotificationSchema, note => { callback(note.params.uri); });
    await this.client.subscribeResource({ uri });
    return () => this.client.unsubscribeResource({ uri });
  }
  async close() {
    if (this.target.url) await this.transport.terminateSession();
    await this.client.close();
  }
}

class Modern extends Face {
  kit = v2;
  era = 'modern';

  constructor({ can, answers }) {
    super();
    this.client = new v2.Client(kInfo, { capabilities: can, versionNegotiation: { mode: { pin: kModern } } });
    for (const [method, answer] of Object.entries(answers)) {
      this.client.setRequestHandler(method, ({ params }, { mcpReq }) => answer(params, mcpReq?.signal));
    }
  }
  get revision() { return this.client.getNegotiatedProtocolVersion(); }
  call(name, args = {}, options = {}) {
    return this.client.callTool({ name, arguments: args }, { timeout: kCallMs, ...options });
  }
  page(kind, cursor) {
    return this.client.request({ method: kListMethods[kind], params: cursor === undefined ? {} : { cursor } });
  }
  async callLogged(name, args, level = 'debug') {
    const lines = [];
    this.client.setNotificationHandler('notifications/message', note => { lines.push(note.params.data); });
    await this.client.callTool({ name, arguments: args, ...(level && { _meta: { [kLogLevelKey]: level } }) });
    return lines;
  }
  async onToolsChanged(callback) {
    this.client.setNotificationHandler('notifications/tools/list_changed', () => { callback(); });
    const listening = await this.client.listen({ toolsListChanged: true });
    return () => listening.close();
  }
  async onUpdated(uri, callback) {
    this.client.setNotificationHandler('notifications/resources/updated', note => { callback(note.params.uri); });
    const listening = await this.client.listen({ resourceSubscriptions: [uri] });
    return () => listening.close();
  }
  close() { return this.client.close(); }
}
