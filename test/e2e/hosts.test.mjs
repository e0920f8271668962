// Host and Origin: what a browser on a foreign page, or a rebound name, can make a client send must not get in.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { direct, none, startFixture, startWeir, stopAll } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kGoodHosts = ['localhost', 'localhost:PORT', '127.0.0.1', '127.0.0.1:PORT', '[::1]', '[::1]:PORT',
  'LocalHost:PORT'];
const kBadHosts = ['evil.example', 'evil.example:PORT', 'localhost.evil.example', 'evil.localhost.example:PORT',
  '127.0.0.1.evil.example', 'xlocalhost', 'localhostx:PORT', '127.0.0.1x', '10.0.0.1:PORT', '169.254.169.254',
  '0.0.0.0:PORT', '[::]:PORT', '[::2]', '[2001:db8::1]:PORT'];
const kGoodOrigins = [undefined, 'http://localhost', 'http://localhost:PORT', 'http://127.0.0.1:PORT',
  'http://[::1]:PORT'];
const kBadOrigins = ['http://evil.example', 'https://evil.example', 'http://evil.example:PORT', 'null', 'file://',
  'http://localhost.evil.example', 'http://127.0.0.1.evil.example:PORT', 'http://xlocalhost:PORT',
    'http://evil.example#localhost',
  'http://localhost@evil.example', 'chrome-extension://abcdefghijklmnop', 'http://[::2]:PORT',
    'http://10.0.0.1:PORT'];

/** Every pair: good with good is let in; one bad is enough to be refused with 403. */
const kMatrix = [
  ...kGoodHosts.flatMap(host => kGoodOrigins.map(origin => ({ host, origin, status: 200 }))),
  ...kBadHosts.flatMap(host => [undefined, 'http://localhost:PORT'].map(origin => ({ host, origin, status: 403 }))),
  ...['localhost:PORT', '[::1]:PORT'].flatMap(host => kBadOrigins.map(origin => ({ host, origin, status: 403 }))),
];

describe('Host and Origin', { timeout: 120_000 }, () => {
  let fixture;
  let weir;
  let port;
  let path;
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    weir = direct ? undefined : await startWeir({ up: fixture });
    port = weir?.port ?? fixture.port;
    path = direct ? '/mcp' : '/mcp/up';
  });
  after(() => stopAll(weir, fixture));

  const fill = text => text?.replace('PORT', port);
  const discover = JSON.stringify(rpc('server/discover', withMeta()));
  const ask = ({ host, origin, method = 'POST' }) => request(port, { method, path,
    headers: { ...modernHeaders('server/discover'), Host: fill(host), Origin: fill(origin) },
    body: method === 'POST' ? discover : '' });

  test(`${kMatrix.length} pairs of Host and Origin`, async t => {
    const wrong = [];
    for (const pair of kMatrix) {
      const { status } = await ask(pair).catch(error => ({ status: error.message }));
      if (status !== pair.status) wrong.push(`Host ${pair.host}, Origin ${pair.origin}: ${status}, not ${pair.status}`);
    }
    t.diagnostic(`${kMatrix.length} cases`);
    none(wrong);
  });

  test('a foreign Origin is refused before anything else is looked at', async () => {
    for (const method of ['GET', 'DELETE', 'PUT', 'POST']) {
      const { status } = await ask({ host: 'localhost:PORT', origin: 'http://evil.example', method });
      assert.equal(status, 403, method);
    }
    const garbage = await request(port, { path, body: 'not json', headers: { Origin: 'http://evil.example' } });
    assert.equal(garbage.status, 403);
  });

  test('a refusal tells the foreign page nothing', async () => {
    const { headers, body } = await ask({ host: 'localhost:PORT', origin: 'http://evil.example' });
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.ok(!body.includes('fixture'));
  });
});
