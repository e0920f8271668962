// Servers over HTTP+SSE (2024-11-05) that want tokens: the gateway's, with one stream for all its callers, and each caller's
// own, with a stream for each. The server is real, the issuer imitated.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, scratch, startFixture, startWeir, stopAll } from './harness.mjs';
import { browser, command, Guarded, Issuer } from './signing.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway that could have tokens' };
const keys = { ann: 'a-key-of-ann-0123456789', bob: 'a-key-of-bob-0123456789' };

/** Remembers who opened each stream, and who posted to it. */
class Doors extends Guarded {
  opened = []; posted = new Map(); open = false;
  async start(fixture, issuer) {
    await super.start(fixture, issuer);
    this.url = this.resource = this.url.replace('/mcp', '/sse');
    return this;
  }
  refusal(token, req) {
    const person = this.issuer.live.get(token)?.person;
    const session = new URL(req.url, this.url).searchParams.get('sessionId');
    if (req.method === 'GET') this.opened.push(person);
    else this.posted.set(session, (this.posted.get(session) ?? new Set()).add(person));
    return !token && this.open ? undefined : super.refusal(token);
  }
}

describe('servers over HTTP+SSE that want tokens', { timeout: 120_000, ...kSkip }, () => {
  const env = { XDG_STATE_HOME: scratch() };
  let fixture; let issuer; let shared; let own; let weir;
  const client = (who, era = 'legacy') => connect(era, { url: `http://127.0.0.1:${weir.port}/mcp` }, { Authorization: `Bearer ${keys[who]}` });
  const call = async (who, server, era) => {
    const one = await client(who, era);
    try {
      const result = await one.call(`${server}__echo`, { text: 'hello' });
      return result.content[0].text;
    } catch (error) {
      return String(error.message);
    } finally {
      await one.close();
    }
  };
  const signIn = async (person, ...words) => {
    issuer.person = person;
    const end = await command(weir.file, env, ['login', ...words], browser);
    assert.equal(end.code, 0, end.err);
  };
  before(async () => {
    fixture = await startFixture('sse_legacy.mjs');
    issuer = await new Issuer().start();
    shared = await new Doors(issuer).start(fixture, issuer);
    own = await new Doors(issuer).start(fixture, issuer);
    own.open = true;
    const hash = key => `sha256:${createHash('sha256').update(key).digest('hex')}`;
    weir = await startWeir({}, { listener: { auth: ['keys'] }, config: {
      auth: { keys: Object.entries(keys).map(([name, key]) => ({ name, hash: hash(key) })) },
      servers: { shared: { url: shared.url, type: 'sse', auth: { type: 'oauth', grant: 'authorization_code' } },
        own: { url: own.url, type: 'sse', auth: { type: 'oauth', per: 'principal' } } } }, env });
  });
  after(() => stopAll(weir, shared, own, issuer, fixture));

  test('without a sign-in the command is told', async () => {
    assert.match(await call('ann', 'shared'), /weir server login shared/);
    await eventually('the command', async () => /weir server login own --for key:ann/.test(await call('ann', 'own')));
    assert.deepEqual(shared.opened, []);  // nothing is sent for which there is no token
    assert.deepEqual([...new Set(own.opened)], [undefined]);
  });

  test('with the gateway\'s token one stream is for all, and a new token for the same stream', async () => {
    await signIn('operator', 'shared');
    for (const era of ['legacy', 'modern']) {
      await eventually('a call that works', async () => await call('ann', 'shared', era) === 'hello');
      assert.equal(await call('bob', 'shared', era), 'hello');
    }
    const streams = shared.opened.length;
    for (const [token, grant] of issuer.live) if (grant.person === 'operator' && token.startsWith('access')) issuer.live.delete(token);
    assert.equal(await call('ann', 'shared'), 'hello');
    assert.equal(issuer.refreshes, 1);
    assert.equal(shared.opened.length, streams);
  });

  test('with tokens of their own each caller has a stream of their own', async () => {
    await signIn('ann', 'own', '--for', 'key:ann');
    await signIn('bob', 'own', '--for', 'key:bob');
    const opened = () => own.opened.filter(person => person).sort();
    for (const era of ['legacy', 'modern']) {
      await Promise.all(['ann', 'bob', 'ann', 'bob'].map(async who => assert.equal(await call(who, 'own', era), 'hello')));
      assert.deepEqual(opened(), ['ann', 'bob'], 'it stays, and none is opened to see what the server speaks');
    }
    for (const persons of own.posted.values()) assert.equal(persons.size, 1, 'a stream is one person\'s');
    assert.equal((await command(weir.file, env, ['logout', 'own', '--for', 'key:bob'])).code, 0);
    await eventually('the command', async () => /--for key:bob/.test(await call('bob', 'own')));
    assert.equal(await call('ann', 'own'), 'hello');
    assert.deepEqual(issuer.wrong, []);
  });
});
