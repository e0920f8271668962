// A server at which each caller of Weir has a sign-in of their own, through the real binary and real clients: nobody is
// served with another one's token, and who has not signed in is told how. Issuer and browser are imitated in signing.mjs.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from './clients.mjs';
import { direct, eventually, scratch, startFixture, startProgram, startWeir, stopAll, writeConfig } from './harness.mjs';
import { kAudience, startIssuer } from './issuers.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';
import { browser, command, Guarded, Issuer } from './signing.mjs';

const kKey = 'a-key-of-a-machine-that-calls';
const kSkip = { skip: direct && 'direct: there is no gateway that could sign in' };

/** Remembers whose token each request came with; may show its lists to who has none. */
class Doors extends Guarded {
  seen = []; openLists = true;
  refusal(token, req) {
    const method = req.headers['mcp-method'] ?? req.method;
    this.seen.push({ method, person: this.issuer.live.get(token)?.person });
    if (!token && this.openLists && method !== 'tools/call') return undefined;
    return super.refusal(token);
  }
  persons(method) { return this.seen.filter(one => (one.method === 'tools/call') === (method === 'tools/call')).map(one => one.person); }
}

describe('a server at which each caller signs in', { timeout: 180_000, ...kSkip }, () => {
  const state = scratch(); const env = { XDG_STATE_HOME: state }; const folder = join(state, 'weir/sign-ins');
  let provider; let fixture; let issuer; let doors; let weir; let shown; let logs = '';
  const config = () => ({
    auth: { jwt: { issuer: provider.url, audience: kAudience },
      keys: [{ name: 'ci', hash: `sha256:${createHash('sha256').update(kKey).digest('hex')}` }] },
    servers: { web: { url: doors.url, auth: { type: 'oauth', per: 'principal' } } },
    observability: { log: { level: 'debug' } } });
  const start = () => startWeir({}, { listener: { auth: ['jwt', 'keys'] }, config: config(), env });
  const status = async () => (await (await fetch(`${weir.admin}/api/v1/status`)).json()).servers[0];
  const call = async who => (await request(weir.port, { path: '/mcp/web',
    headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo', Authorization: `Bearer ${shown[who]}` }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) })).json.result;
  const works = async who => { const result = await call(who); return result?.content?.[0].text === 'hello' && !result.isError; };
  const told = async who => { const result = await call(who); return result.isError ? result.content[0].text : ''; };
  const signIn = async (person, ...words) => {
    issuer.person = person;
    const end = await command(weir.file, env, ['login', 'web', ...words], browser);
    logs += end.out + end.err;
    return end;
  };
  const files = () => (existsSync(join(folder, 'web')) ? readdirSync(join(folder, 'web')).filter(name => name.endsWith('.json')) : []);
  const keptOf = person => files().map(name => JSON.parse(readFileSync(join(folder, 'web', name), 'utf8')))
    .find(one => issuer.live.get(one.refresh_token)?.person === person);

  before(async () => {
    provider = await startIssuer();
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    doors = await new Doors(issuer).start(fixture, issuer);
    weir = await start();
    const [ann, bob] = await Promise.all([provider.token({ sub: 'ann' }), provider.token({ sub: 'bob' })]);
    shown = { ann, bob, ci: kKey };
  });
  after(() => stopAll(weir, doors, issuer, fixture, provider));

  test('its lists are there for all, read without any token, and a call names the command', async () => {
    await eventually('the server', async () => (await status()).state === 'ok');
    assert.equal((await status()).people_signed_in, 0);
    for (const [who, words] of [['ann', 'sub:ann'], ['ci', 'key:ci']]) {
      assert.equal(await told(who), 'The server `web` is not available. You have to sign in at this server; at the gateway, '
        + `that is \`weir server login web --for ${words}\`.`);
    }
    assert.deepEqual([...new Set(doors.persons())], [undefined]);
    assert.deepEqual(doors.persons('tools/call'), []);  // nothing was sent for them
  });

  test('who signs in is served with their own token, and the others are not', async () => {
    const end = await signIn('ann', '--for', 'sub:ann');
    assert.equal(end.code, 0, end.err);
    assert.match(end.out, /Signed in at `web` for sub:ann, scopes: use offline_access\./);
    assert.ok(await works('ann'));
    assert.match(await told('bob'), /--for sub:bob/);
    assert.match(await told('ci'), /--for key:ci/);
    assert.equal((await signIn('robot', '--for', 'key:ci')).code, 0);
    assert.ok(await works('ci'));
    await Promise.all(Array.from({ length: 20 }, (_, i) => works(i % 2 ? 'ann' : 'ci')).map(async good => assert.ok(await good)));
    assert.deepEqual([...new Set(doors.persons('tools/call'))].sort(), ['ann', 'robot']);
    assert.deepEqual([...new Set(doors.persons())], [undefined]);  // lists come with nobody's
    assert.equal(files().length, 2);
    for (const name of files()) assert.equal(statSync(join(folder, 'web', name)).mode & 0o777, 0o600);
    assert.equal((await status()).people_signed_in, 2);
    const screen = startProgram(['status', '--config', weir.file], { env });
    await screen.exited;
    assert.match(screen.out, /2 people signed in/);
  });

  test('real clients of both eras are served, or told the command', async () => {
    for (const era of ['legacy', 'modern']) {
      const target = { url: `http://127.0.0.1:${weir.port}/mcp` };
      const ann = await connect(era, target, { Authorization: `Bearer ${shown.ann}` });
      const bob = await connect(era, target, { Authorization: `Bearer ${shown.bob}` });
      const use = client => client.call('web__echo', { text: 'hello' });
      assert.ok((await bob.toolNames()).includes('web__echo'));
      const answer = await use(ann);
      assert.equal(answer.content[0].text, 'hello');
      const refused = await use(bob);
      assert.equal(refused.isError, true);
      assert.match(refused.content[0].text, /weir server login web --for sub:bob/);
      await Promise.all([ann.close(), bob.close()]);
    }
    assert.ok(!doors.persons('tools/call').some(person => person !== 'ann' && person !== 'robot'));
  });

  test('a token that is over is renewed once for its person, and nobody else is touched', async () => {
    const robot = keptOf('robot');
    issuer.live.delete(keptOf('ann').access_token);
    const before = issuer.refreshes;
    await Promise.all(Array.from({ length: 20 }, () => works('ann')).map(async good => assert.ok(await good)));
    assert.equal(issuer.refreshes, before + 1);
    assert.deepEqual(keptOf('robot'), robot);
    assert.ok(await works('ci'));
    logs += `${weir.child.out}${weir.child.err}`;
    await weir.stop();
    weir = await start();
    await eventually('a call after the restart', () => works('ann'));
    assert.equal(issuer.refreshes, before + 1);
  });

  test('a sign-out is one person\'s', async () => {
    const { refresh_token: token } = keptOf('robot');
    const end = await command(weir.file, env, ['logout', 'web', '--for', 'key:ci']);
    assert.equal(end.code, 0, end.err);
    assert.match(end.out, /Signed out at `web` for key:ci\./);
    assert.ok(issuer.revoked.includes(token));
    await eventually('the command', async () => /--for key:ci/.test(await told('ci')));
    assert.ok(await works('ann'));
    assert.equal((await status()).people_signed_in, 1);
  });

  test('the sign-in of a user who is gone goes too, and is revoked', async () => {  // F-11
    const { refresh_token: token, access_token: access } = keptOf('ann');
    const drop = startProgram(['ctl', 'drop-tokens', 'ann', '--config', weir.file], { env });
    assert.equal((await drop.exited).code, 0, drop.err);
    await eventually('a revocation', () => issuer.revoked.includes(token) && issuer.revoked.includes(access));
    assert.deepEqual(files(), []);
    assert.match(await told('ann'), /--for sub:ann/);
  });

  test('a server that shows its lists to nobody is told of, until the gateway signs in for them', async () => {
    logs += `${weir.child.out}${weir.child.err}`;
    await weir.stop();
    doors.openLists = false;
    weir = await start();
    await eventually('the cure', async () => /^needs sign-in: run `weir server login web`/.test((await status()).cause));
    assert.match(await told('ann'), /Somebody has to sign in at this server: `weir server login web`\./);
    doors.seen = [];
    const end = await signIn('operator');
    assert.match(end.out, /used for the server's lists alone/);
    assert.equal((await signIn('ann', '--for', 'sub:ann')).code, 0);
    await eventually('a call that works', () => works('ann'));
    await eventually('lists', () => doors.persons().includes('operator'));
    assert.match(await told('ci'), /--for key:ci/);
    assert.deepEqual([...new Set(doors.persons('tools/call'))], ['ann']);
    assert.equal((await status()).people_signed_in, 1);
  });

  test('no token is sent twice that may be sent once, and none is in a log', () => {
    logs += `${weir.child.out}${weir.child.err}`;
    assert.deepEqual(issuer.wrong, []);
    assert.ok(issuer.secrets.length > 8);
    assert.deepEqual(issuer.secrets.filter(text => logs.includes(text)), []);
  });
});

describe('what nobody can sign in for is said', { timeout: 60_000, ...kSkip }, () => {
  const env = { XDG_STATE_HOME: scratch() };
  const web = { url: 'http://127.0.0.1:9/mcp', auth: { type: 'oauth', per: 'principal' } };
  const shared = { url: 'http://127.0.0.1:9/mcp', auth: { type: 'oauth', grant: 'authorization_code' } };

  test('callers that there are not, and servers that are used in one name', async () => {
    const { file } = await writeConfig({}, { servers: { web, shared } });
    for (const [server, who, cause] of [['web', 'key:nobody', /there is no key `nobody`/], ['web', 'sub:ann', /no caller shows a token here/],
      ['web', 'group:eng', /not one caller/], ['shared', 'sub:ann', /used in one name for all callers/]]) {
      const end = await command(file, env, ['login', server, '--for', who]);
      assert.equal(end.code, 64, end.err);
      assert.match(end.err, cause);
    }
  });

  test('a grant in which there is no person', async () => {
    const auth = { type: 'oauth', grant: 'client_credentials', per: 'principal', issuer: 'https://i.test', client_id: 'w', client_secret: 's' };
    const { file } = await writeConfig({}, { servers: { web: { ...web, auth } } });
    const check = startProgram(['check', file], { env });
    assert.equal((await check.exited).code, 78);
    assert.match(check.out + check.err, /`per: principal` does not go with the grant `client_credentials`/);
  });
});
