// One server at two addresses: calls go to both, and one that is killed fails none of those that come afterwards.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, none, startFixture, startWeir, stopAll } from './harness.mjs';

const kCalls = 20;
const textOf = result => result.content[0].text;

for (const era of ['modern', 'legacy']) {
  describe(`${era} client of a pool`, { timeout: 120_000, skip: direct && 'direct: there is no gateway' }, () => {
    const places = {};
    let weir;
    let client;

    const start = name => startFixture('http_dual.mjs', ['--id', name]);
    const metric = async name => {
      const text = await fetch(`${weir.admin}/metrics`).then(answer => answer.text());
      return Number(new RegExp(`^${name}\\{server="pool"\\} (\\S+)$`, 'm').exec(text)?.[1]);
    };
    const usable = count => eventually(`${count} usable addresses`,
      async () => (await metric('weir_endpoints_usable')) === count);
    const whoami = async (count = kCalls) => {
      const said = new Set();
      for (let i = 0; i < count; i++) said.add(textOf(await client.call('pool__whoami')));
      return [...said].sort();
    };

    before(async () => {
      for (const name of ['left', 'right']) places[name] = await start(name);
      const urls = Object.values(places).map(({ url }) => url);
      weir = await startWeir({}, { config: { servers: { pool: { urls } } } });
      client = await connect(era, { url: weir.mcp });
      await usable(2);
    });
    after(() => stopAll(client, weir, ...Object.values(places)));

    test('calls go to both addresses; those of a legacy session to one', async () => {
      const said = await whoami();
      if (era === 'modern') assert.deepEqual(said, ['left', 'right']);
      else assert.equal(said.length, 1);
    });

    test('one that is killed fails no call that comes afterwards', async () => {
      const [victim] = await whoami(1);
      const other = victim === 'left' ? 'right' : 'left';
      await places[victim].child.stop('SIGKILL');
      const wrong = [];
      for (let i = 0; i < kCalls; i++) {
        await client.call('pool__whoami').then(
          result => { if (textOf(result) !== other) wrong.push(textOf(result)); },
          error => wrong.push(error.message));
      }
      none(wrong);
      assert.equal(await metric('weir_endpoints_usable'), 1);
      assert.equal(await metric('weir_endpoint_ejections_total'), 1);
      const status = await fetch(`${weir.admin}/api/v1/status`).then(answer => answer.json());
      assert.match(JSON.stringify(status), /1 of 2 addresses get no calls: 127\.0\.0\.1:\d+\/mcp/);
    });

    test('both dead is an error at once, and not a hang', async () => {
      for (const place of Object.values(places)) if (!place.child.end) await place.child.stop('SIGKILL');
      const begun = Date.now();
      const said = await client.call('pool__whoami').then(JSON.stringify, error => error.message);
      assert.match(said, /isError":true|pool/);
      assert.ok(Date.now() - begun < 3000, `${Date.now() - begun} ms`);
    });
  });
}
