// Many callers of a server whose tokens are exchanged, through the real way: HTTP, their own signed tokens, an issuer that
// checks them. What is kept is bounded at every sample, a crowd of one caller costs one exchange, nothing outlives its end.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { Agent, request as ask } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ExchangeIssuer, TokenServer, kAudience } from '../fixtures/exchange_issuer.mjs';
import { cleanEnv, direct, eventually, sleep, startWeir, stopAll, weirBin } from './harness.mjs';
import { modernHeaders, rpc, withMeta } from './raw.mjs';

const run = promisify(execFile);
const kUsers = 10_000;
const kTokensMax = 5_000;
const kAtOnce = 64;
const kCrowd = 1_000;
const kBody = JSON.stringify(rpc('tools/call', withMeta({ name: 'whoami', arguments: {} })));

const samplesOf = async weir => {
  const text = await (await fetch(`${weir.admin}/metrics`)).text();
  const value = name => Number(text.split('\n').find(line => line.startsWith(`${name} `))?.slice(name.length));
  return { kept: value('weir_tokens{kind="token"}') + value('weir_tokens{kind="refusal"}'),
    full: value('weir_token_endings_total{reason="full"}'), share: value('weir_token_endings_total{reason="share"}'),
    asked: value('weir_token_requests_total{outcome="ok"}'), hits: value('weir_token_lookups_total{result="hit"}'),
    misses: value('weir_token_lookups_total{result="miss"}') };
};

describe('a crowd whose tokens are exchanged', { timeout: 120_000, skip: direct && 'there is no gateway' }, () => {
  const agent = new Agent({ keepAlive: true, maxSockets: kCrowd });
  let issuer; let server; let weir;
  before(async () => {
    issuer = await new ExchangeIssuer().start();
    server = await new TokenServer(issuer).start();
    const auth = { type: 'exchange', issuer: issuer.url, client_id: 'weir', client_secret: issuer.clientSecret };
    const limits = { timeout_ms: 30_000, concurrency: { limit: 2 * kCrowd } };
    weir = await startWeir({}, { listener: { auth: ['jwt'] }, config: { servers: { web: { url: server.url, auth } },
      degradation: { defaults: limits }, auth: { jwt: { issuer: issuer.url, audience: kAudience } } } });
    await eventually('a first call', async () => (await call(issuer.caller('first'))) === 'first');
  });
  after(() => stopAll(weir, server, issuer));

  /** Whom the server takes the caller for; undefined when the call did not reach it. */
  const call = token => new Promise((done, fail) => {
    const sent = ask({ port: weir.port, host: '127.0.0.1', path: '/mcp/web', method: 'POST', agent, headers: {
      ...modernHeaders('tools/call', { 'Mcp-Name': 'whoami', Authorization: `Bearer ${token}` }) } }, async answer => {
      let text = '';
      for await (const chunk of answer) text += chunk;
      try {
        const { result } = JSON.parse(text);
        done(result && !result.isError ? result.content[0].text : undefined);
      } catch (error) { fail(new Error(`${answer.statusCode} ${text}: ${error.message}`)); }
    });
    sent.on('error', fail).end(kBody);
  });

  test('10,000 callers never hold more than 5,000 places', async () => {  // F-05
    const before = await samplesOf(weir);
    let next = 0;
    let over = false;
    let most = 0;
    let samples = 0;
    const watching = (async () => {
      while (!over) {
        const { kept } = await samplesOf(weir);
        most = Math.max(most, kept);
        samples += 1;
        await sleep(50);
      }
    })();
    await Promise.all(Array.from({ length: kAtOnce }, async () => {
      while (next < kUsers) {
        const sub = `user-${next++}`;
        assert.equal(await call(issuer.caller(sub)), sub);
      }
    }));
    over = true;
    await watching;
    const now = await samplesOf(weir);
    assert.ok(samples > 20, `${samples} samples`);
    assert.ok(most <= kTokensMax, `${most} at one time`);
    assert.equal(now.kept, kTokensMax);
    assert.equal(now.asked - before.asked, kUsers);
    assert.equal(now.full + now.share - before.full - before.share, before.kept + kUsers - kTokensMax);
  });

  test('1,000 calls at once of a caller whose token is over cost one exchange', async () => {  // F-04, T-59
    const token = issuer.caller('crowd');
    issuer.life = 2;  // used for half of it
    assert.equal(await call(token), 'crowd');
    await sleep(1_100);
    issuer.life = 3600;
    issuer.delay = 500;
    const before = issuer.exchanges;
    const seen = await Promise.all(Array.from({ length: kCrowd }, () => call(token)));
    issuer.delay = 0;
    assert.equal(seen.filter(sub => sub === 'crowd').length, kCrowd);
    assert.equal(issuer.exchanges - before, 1);
  });

  test('a user who is gone has no tokens, and the issuer is told', async () => {  // F-11, RFC 7009
    const token = issuer.caller('leaver');
    assert.equal(await call(token), 'leaver');
    const [given] = [...issuer.given].find(([, { sub }]) => sub === 'leaver');
    const { stdout } = await run(weirBin, ['ctl', 'drop-tokens', 'leaver', '--admin', new URL(weir.admin).host, '--json'],
      { env: cleanEnv() });
    assert.deepEqual(JSON.parse(stdout), { version: 1, dropped: 1 });
    await eventually('the issuer to be told', () => issuer.revoked.length > 0);
    assert.deepEqual(issuer.revoked, [given]);
    const before = issuer.exchanges;
    assert.equal(await call(token), 'leaver', 'who still has a token of their own is exchanged another');
    assert.equal(issuer.exchanges - before, 1);
    const nobody = await run(weirBin, ['ctl', 'drop-tokens', 'nobody', '--admin', new URL(weir.admin).host], { env: cleanEnv() });
    assert.equal(nobody.stdout, '0 dropped of `nobody`\n');
  });

  test('while the issuer is away a token is used to its end and not beyond', async () => {  // T-59
    const token = issuer.caller('late');
    issuer.life = 4;
    assert.equal(await call(token), 'late');
    const { until } = [...issuer.given.values()].at(-1);
    await issuer.stop();
    const good = [];
    const bad = [];
    while (Date.now() < until + 500) {
      const at = Date.now();
      (await call(token) === 'late' ? good : bad).push(at);
      await sleep(20);
    }
    await issuer.restart();
    assert.ok(good.length > 10 && bad.length > 10, `${good.length} good, ${bad.length} bad`);
    assert.ok(Math.max(...good) < until);
    assert.ok(Math.min(...bad) > until - 2_500, 'it was used for half of its life');
    assert.equal(server.late, 0);
    issuer.life = 3600;
    await eventually('a call that works', async () => await call(token) === 'late', 20_000);
  });

  test('no caller\'s own token has reached the server, and none is in the log', () => {  // R-010, F-01
    assert.deepEqual(server.foreign, []);
    const log = `${weir.child.out}${weir.child.err}`;
    assert.match(log, /token\.exchange/);
    assert.equal([...issuer.given.keys()].some(token => log.includes(token)), false);
    assert.equal(/eyJ[\w-]+\.[\w-]+/.test(log), false);
  });
});
