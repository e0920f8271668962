// Weir as the client under test: the command that the official suite calls with the URL of a scenario's server. It
// puts that URL behind a fresh Weir and has a real client do what the scenario wants its server to see.
// Usage: subject.mjs weir|direct URL    (direct: the client alone, which proves the scenario and this driver)
// Environment, set by the suite: MCP_CONFORMANCE_SCENARIO, MCP_CONFORMANCE_PROTOCOL_VERSION, MCP_CONFORMANCE_CONTEXT.
import { connect, kModern } from '../e2e/clients.mjs';
import { startWeir, stopAll } from '../e2e/harness.mjs';

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

const [how, url] = process.argv.slice(2);
const era = process.env.MCP_CONFORMANCE_PROTOCOL_VERSION === kModern ? 'modern' : 'legacy';
const weir = how === 'weir' ? await startWeir({ scenario: { url } }) : undefined;
// An answer without content: the client fills in what the form says is the default.
const client = await connect(era, { url: weir?.url('scenario') ?? url }, {},
  { can: { elicitation: { form: { applyDefaults: true } } },
    answers: { 'elicitation/create': () => ({ action: 'accept', content: {} }) } });
try {
  await client.toolNames();
  await kDeeds[process.env.MCP_CONFORMANCE_SCENARIO]?.(client);
} finally {
  await stopAll(client, weir);
}
