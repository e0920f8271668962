// Weir as the client under test: the command that the official suite calls with the URL of a scenario's server. It
// puts that URL behind a fresh Weir and has a real client do what the scenario wants its server to see.
// Usage: subject.mjs weir|direct URL    (direct: the client alone, which proves the scenario and this driver)
// Environment, set by the suite: MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_PROTOCOL_VERSION, MCP_CONFORMANCE_CONTEXT.
import { connect, kModern } from '../e2e/clients.mjs';
import { eventually, startProgram, startWeir, stopAll } from '../e2e/harness.mjs';
import { providerFor, wayOf, weirFor } from './oauth_ways.mjs';
import { kFinished } from './suite.mjs';

const kRounds = ['test_mrtr_echo_state', 'test_mrtr_no_state', 'test_mrtr_unrelated', 'test_mrtr_no_result_type'];
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? '{}');

/** What a client of each scenario does; any other scenario only wants to see the tools listed. */
const kDeeds = {
  tools_call: client => client.call('add_numbers', { a: 5, b: 3 }),
  'elicitation-sep1034-client-defaults': client => client.call('test_client_elicitation_defaults'),
  'sse-retry': client => client.call('test_reconnection'),
  // The unrelated tool is called while the two before it are in their rounds.
  'sep-2322-client-request-state': client => Promise.all(kRounds.map(name => client.call(name))),
  'http-standard-headers': everyItem,
  'http-custom-headers': async client => {
    for (const { name, arguments: args } of context.toolCalls) await client.call(name, args);
  },
  'http-invalid-tool-headers': async client => {
    for (const name of await client.toolNames()) await client.call(name, { region: 'us-west1' });
  },
};

async function everyItem(client) {
  for (const name of await client.toolNames()) await client.call(name);
  for (const { uri } of (await client.all('resources')).entries) await client.readResource(uri);
  for (const { name } of (await client.all('prompts')).entries) await client.getPrompt(name);
}

async function useTestTool(client) {
  const { content } = await client.call('test-tool');
  if (content?.[0]?.text !== 'test') throw new Error(`test-tool answers ${JSON.stringify(content)}`);
}

const [how, url] = process.argv.slice(2);
const scenario = process.env.MCP_CONFORMANCE_SCENARIO;
const era = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === kModern ? 'modern' : 'legacy';
const way = wayOf(scenario);
const deed = way ? useTestTool : kDeeds[scenario];
// An answer without content: the client fills in what the form says is the default.
const kUser = { can: { elicitation: { form: { applyDefaults: true } } },
  answers: { 'elicitation/create': () => ({ action: 'accept', content: {} }) } };

async function actAt(target, headers) {
  const client = await connect(era, target, headers, kUser);
  try {
    await client.toolNames();
    await deed?.(client);
  } finally {
    await stopAll(client);
  }
}

const serversOf = async weir => (await (await fetch(`${weir.admin}/api/v1/status`)).json()).servers;

/** Whoever signs in: follows the address that the command prints, and what the issuer answers. */
async function signIn(weir, env, more = [], used = servers => servers.every(({ cause }) => !cause)) {
  const command = startProgram(['server', 'login', 'scenario', '--no-browser', '--config', weir.file, ...more], { env });
  const address = await eventually('an address to sign in at', () => {
    if (command.end) throw new Error(`no sign-in: ${command.out}${command.err}`);
    return /^ {2}(http\S+)$/m.exec(command.out)?.[1];
  });
  await (await fetch(address)).text();
  // What is no answer to this sign-in leaves it waiting: nothing else will come.
  const end = await Promise.race([command.exited, new Promise(done => setTimeout(done, 3000))]);
  if (!end) await stopAll(command);
  if (end?.code !== 0) throw new Error(`no sign-in: ${command.out}${command.err}`);
  await eventually('what is to come of the sign-in', async () => used(await serversOf(weir)));
}

async function actSignedIn(weir, set) {
  // The server takes one request with a token of its first issuer, and then has another issuer.
  if (way.moves) await signIn(weir, set.env, [], ([{ cause }]) => /moved to another issuer/.test(cause));
  await signIn(weir, set.env);
  const target = { url: weir.url('scenario') };
  const failure = await actAt(target).then(() => undefined, error => error);
  const scopes = /weir server login scenario((?: --scope [^\s`"\\]+)+)/.exec(failure?.message)?.[1];
  if (!way.more || !scopes) { if (failure) throw failure; return; }
  await signIn(weir, set.env, scopes.trim().split(' '));
  await eventually('the call with more scopes', () => actAt(target).then(() => true, () => false));
}

/** What is over, or for somebody else, is not sent: the suite counts each that comes. */
async function refuseAssertions() {
  for (const [name, why] of [['expired_jwt', /has ended/], ['wrong_audience_jwt', /another audience/]]) {
    const weir = await startWeir({}, await weirFor(scenario, url, context, context[name]));
    try {
      await eventually(`${name} to be refused`, async () => (await serversOf(weir)).every(({ cause }) => why.test(cause)));
    } finally {
      await stopAll(weir);
    }
  }
}

/** Through a Weir of its own, or alone. */
async function act() {
  if (how !== 'weir' && way?.person && !way.alone) throw new Error('nobody signs in without Weir');
  if (how !== 'weir') return actAt({ url, authProvider: way && providerFor(scenario, era, url, context) });
  if (way?.workload) await refuseAssertions();
  const set = way ? await weirFor(scenario, url, context) : { config: {} };
  let weir;
  try {
    weir = await startWeir(way ? {} : { scenario: { url } }, set);
    if (way?.person) return await actSignedIn(weir, set);
    return await actAt({ url: weir.url('scenario') }, set.headers);
  } finally {
    await stopAll(weir, { stop: set.stop });
  }
}

const failure = await act().then(() => undefined, error => error);
if (!way?.refused && failure) throw failure;
if (way?.refused && !failure) throw new Error('the tool answered, although nobody may get in');
console.log(kFinished);
