// A person's sign-in at a server through the real binary: discovery, registration, PKCE, the way back, tokens that are
// kept, renewed and given up. The issuer is imitated in signing.mjs, strictly; the browser is whoever follows its redirects.
// providers_servers.test.mjs does the same at a real one.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { direct, eventually, scratch, startFixture, startWeir, stopAll, writeConfig } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';
import { browser, command, Guarded, Issuer } from './signing.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway that could sign in' };

async function call(weir, server) {
  const answer = await request(weir.port, { path: `/mcp/${server}`, headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo' }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) });
  return answer.json?.result ?? answer.json;
}
const works = async (weir, server) => { const result = await call(weir, server); return result?.content && !result.isError; };
describe('a server at which a person signs in', { timeout: 120_000, ...kSkip }, () => {
  const state = scratch(); const env = { XDG_STATE_HOME: state };
  const folder = join(state, 'weir/sign-ins'); const file = join(folder, 'web.json');
  let fixture; let issuer; let guarded; let weir;
  const kept = () => JSON.parse(readFileSync(file, 'utf8'));
  const status = async name => (await (await fetch(`${weir.admin}/api/v1/status`)).json()).servers.find(one => one.name === name);
  const servers = () => ({ web: { url: guarded.url, auth: { type: 'oauth', grant: 'authorization_code' } }, open: { url: fixture.url } });
  const start = () => startWeir({}, { config: { servers: servers(), observability: { log: { level: 'debug' } } }, env });
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    guarded = await new Guarded(issuer).start(fixture, issuer);
    weir = await start();
  });
  after(() => stopAll(weir, guarded, issuer, fixture));
  let logs = '';
  const keepLog = () => { logs += `${weir.child.out}${weir.child.err}`; };

  test('before that it is shown with the cure, and the others serve', async () => {
    const web = await status('web');
    assert.equal(web.state, 'failed');
    assert.equal(web.cause, 'needs sign-in: run `weir server login web`');
    assert.ok(await works(weir, 'open'));
  });

  test('who calls its tools is told the cure, at its own address and among all servers', async () => {
    for (const [path, name] of [['/mcp/web', 'echo'], ['/mcp', 'web__echo']]) {
      const { json } = await request(weir.port, { path, headers: modernHeaders('tools/call', { 'Mcp-Name': name }),
        body: JSON.stringify(rpc('tools/call', withMeta({ name, arguments: { text: 'hello' } }))) });
      assert.equal(json.result.isError, true);
      assert.equal(json.result.content[0].text, 'The server `web` is not available. Somebody has to sign in at this server: `weir server login web`.');
      assert.equal(json.result._meta['io.weir/error'].source, 'gateway');
    }
  });

  test('the sign-in goes through the browser and back, and the running gateway uses it', async () => {  // P105
    let page;
    const end = await command(weir.file, env, ['login', 'web'], async url => {
      const back = new URL(new URL(url).searchParams.get('redirect_uri'));
      for (const junk of ['/favicon.ico', '/callback?code=evil&state=evil', '/callback']) assert.notEqual((await browser(new URL(junk, back))).status, 200);
      page = await browser(url);
    });
    assert.equal(end.code, 0, end.err);
    assert.match(end.out, /Signed in at `web`, scopes: use offline_access\./);
    assert.equal(page.status, 200);
    assert.match(page.text, /You can close this page/);
    assert.equal(issuer.registrations, 1);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    await eventually('a call that works', () => works(weir, 'web'));
    assert.equal(guarded.last, `Bearer ${kept().access_token}`);
    assert.equal(issuer.refreshes, 0);
    logs += end.out + end.err;
  });

  test('missing scopes are named with the command that gets them', async () => {
    guarded.scopes = ['use', 'admin'];
    const before = issuer.refreshes; const { refresh_token: old } = kept();
    const refused = JSON.stringify(await call(weir, 'web'));
    assert.match(refused, /weir server login web --scope use --scope admin/);
    assert.equal(issuer.refreshes, before);
    const end = await command(weir.file, env, ['login', 'web', '--scope', 'admin'], browser);
    assert.equal(end.code, 0, end.err);
    assert.equal(issuer.registrations, 2);  // the issuer said that the first one was for fewer scopes
    assert.deepEqual(issuer.revoked, [old]);  // of a client that is not used any more
    await eventually('a call that works', () => works(weir, 'web'));
    assert.match(kept().scopes.join(' '), /^use offline_access admin$/);
    guarded.scopes = ['use'];
  });

  test('tokens are renewed, each refresh token once, over a restart too', async () => {  // F-31
    const before = kept();
    issuer.live.delete(before.access_token);  // the server takes it no more
    await eventually('a call that works', () => works(weir, 'web'));
    assert.equal(issuer.refreshes, 1);
    assert.notEqual(kept().refresh_token, before.refresh_token);
    assert.equal(kept().id, before.id);
    keepLog();
    await weir.stop();
    weir = await start();
    await eventually('a call after the restart', () => works(weir, 'web'));
    assert.equal(issuer.refreshes, 1);  // the token that was kept is still good
    issuer.live.delete(kept().access_token);
    await eventually('a call that works', () => works(weir, 'web'));
    assert.equal(issuer.refreshes, 2);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('a sign-in that its issuer has ended is told with the cure', async () => {
    issuer.live.clear();
    await eventually('the cure', async () => /weir server login web/.test(JSON.stringify(await call(weir, 'web'))));
    assert.ok(await works(weir, 'open'));
    await eventually('the status to say so', async () => (await status('web')).state === 'failed');
    await eventually('the reason', async () => (await status('web')).cause
      === 'needs sign-in: run `weir server login web` (the issuer does not take the refresh token any more)');
    const end = await command(weir.file, env, ['login', 'web'], browser);
    assert.equal(end.code, 0, end.err);
    assert.equal(issuer.registrations, 3);  // an issuer that forgets its tokens may have forgotten its clients
    await eventually('a call that works', () => works(weir, 'web'));
    await eventually('a status that is well', async () => { const web = await status('web'); return web.state === 'ok' && !web.cause; });
  });

  test('where there is no browser the address is pasted', async () => {
    const end = await command(weir.file, env, ['login', 'web', '--paste'], async (url, child) => {
      const consent = await fetch(url, { redirect: 'manual' });
      const back = await fetch(new URL(consent.headers.get('location'), url), { redirect: 'manual' });
      child.process.stdin.write('http://127.0.0.1:1/callback?code=evil&state=evil\n');
      await eventually('another try', () => /Once more/.test(child.out));
      child.process.stdin.write(`  ${back.headers.get('location')}\n`);
    });
    assert.equal(end.code, 0, end.err);
    await eventually('a call that works', () => works(weir, 'web'));
  });

  test('a refusal and an issuer without PKCE leave what is kept as it was', async () => {
    const before = readFileSync(file, 'utf8');
    issuer.refuses = true;
    const refused = await command(weir.file, env, ['login', 'web'], browser);
    issuer.refuses = false;
    assert.equal(refused.code, 77);
    assert.match(refused.err, /access_denied/);
    issuer.extra = { code_challenge_methods_supported: ['plain'] };
    const weak = await command(weir.file, env, ['login', 'web']);
    issuer.extra = {};
    assert.equal(weak.code, 1);
    assert.match(weak.err, /PKCE with S256/);
    assert.equal(readFileSync(file, 'utf8'), before);
    assert.ok(await works(weir, 'web'));
  });

  test('a sign-out revokes and removes, and the gateway notices', async () => {
    const { refresh_token: token } = kept();
    const end = await command(weir.file, env, ['logout', 'web']);
    assert.equal(end.code, 0, end.err);
    assert.equal(issuer.revoked.at(-1), token);
    assert.deepEqual(readdirSync(folder).filter(name => name.endsWith('.json')), []);
    await eventually('needs sign-in', async () => /^needs sign-in/.test((await status('web')).cause));
    assert.equal(await works(weir, 'web') ?? false, false);
    assert.match((await command(weir.file, env, ['logout', 'web'])).out, /Nobody was signed in/);
  });

  test('nothing was asked twice that may be asked once, and no secret is in a log', () => {  // T-58
    keepLog();
    assert.deepEqual(issuer.wrong, []);
    assert.equal(issuer.secrets.length > 10, true);
    assert.deepEqual(issuer.secrets.filter(text => logs.includes(text)), []);
  });
});

describe('an issuer that forgets, and one that hangs', { timeout: 90_000, ...kSkip }, () => {
  const state = scratch(); const env = { XDG_STATE_HOME: state };
  let fixture; let issuer; let guarded; let weir;
  const kept = () => JSON.parse(readFileSync(join(state, 'weir/sign-ins/web.json'), 'utf8'));
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    guarded = await new Guarded(issuer).start(fixture, issuer);
    weir = await startWeir({}, { config: { servers: { web: { url: guarded.url, auth: { type: 'oauth', grant: 'authorization_code' } } } }, env });
    assert.equal((await command(weir.file, env, ['login', 'web'], browser)).code, 0);
    await eventually('a call that works', () => works(weir, 'web'));
  });
  after(() => stopAll(weir, guarded, issuer, fixture));

  test('a registration that the issuer has forgotten is given up with the attempt that shows it', async () => {
    issuer.clients.clear();
    const first = await command(weir.file, env, ['login', 'web'], async (url, child) => {
      assert.equal((await browser(url)).status, 400);  // the browser alone is told
      child.process.kill('SIGINT');
    });
    assert.notEqual(first.code, 0);
    assert.match(first.out, /does not know the client, end this with Ctrl-C and run it again/);
    assert.ok(await works(weir, 'web'));  // what is kept is good still
    const second = await command(weir.file, env, ['login', 'web'], browser);
    assert.equal(second.code, 0, second.err);
    assert.equal(issuer.registrations, 2);
    await eventually('a call with it', async () => await works(weir, 'web') && guarded.last === `Bearer ${kept().access_token}`);
  });

  test('a sign-in waits for a gateway whose renewal hangs, and is kept', async () => {
    const { id, access_token: token } = kept();
    const answers = issuer.token;
    let hangs = 0;
    issuer.token = (form, say) => form.get('grant_type') === 'refresh_token' ? void (hangs += 1) : answers.call(issuer, form, say);
    issuer.live.delete(token);
    const waiting = call(weir, 'web').catch(() => {});
    await eventually('a renewal', () => hangs > 0);
    const end = await command(weir.file, env, ['login', 'web'], browser);
    assert.equal(end.code, 0, end.err);
    assert.notEqual(kept().id, id);
    await waiting;
    await eventually('a call that works', () => works(weir, 'web'));
    assert.equal(guarded.last, `Bearer ${kept().access_token}`);
  });
});

describe('what cannot be signed in at is said', { timeout: 60_000, ...kSkip }, () => {
  let fixture; let issuer; let guarded; let config;
  const env = { XDG_STATE_HOME: scratch() };
  before(async () => {
    fixture = await startFixture('http_dual.mjs');
    issuer = await new Issuer().start();
    guarded = await new Guarded(issuer).start(fixture, issuer);
    config = await writeConfig({}, { servers: {
      web: { url: guarded.url, auth: { type: 'oauth', grant: 'authorization_code' } }, open: { url: fixture.url } } });
  });
  after(() => stopAll(guarded, issuer, fixture));

  test('a wrong name, and a server where nobody signs in', async () => {
    for (const name of ['nowhere', 'open']) {
      const end = await command(config.file, env, ['login', name]);
      assert.equal(end.code, 64);
      assert.match(end.err, /a person signs in at: web/);
    }
  });

  test('an answer that is never pasted', async () => {
    const end = await command(config.file, env, ['login', 'web', '--paste'], async (_, child) => { child.process.stdin.end(); });
    assert.equal(end.code, 77);
    assert.match(end.err, /the input has ended, and no answer was pasted/);
  });

  test('an issuer that registers nobody', async () => {
    issuer.extra = { registration_endpoint: undefined };
    const end = await command(config.file, env, ['login', 'web']);
    assert.equal(end.code, 1);
    assert.match(end.err, /set `client_id`/);
  });

  test('an issuer that refuses to register Weir, and what to do', async () => {
    issuer.extra = {};
    const { register } = issuer;
    const refused = async (status, body) => {
      issuer.register = (client, say) => say(status, body);
      return command(config.file, env, ['login', 'web']);
    };
    const bare = await refused(403, {});
    assert.equal(bare.code, 1);
    assert.match(bare.err, /failed: registration[^:]*(:\d+)?: HTTP 403$/m);
    assert.match(bare.err, /fix: Make Weir a client there.*`auth\.client_id`/);
    const told = await refused(400, { error: 'invalid_client_metadata', error_description: 'no such scope' });
    assert.match(told.err, /failed: registration[^:]*(:\d+)?: invalid_client_metadata: no such scope$/m);
    const busy = await refused(429, {});
    assert.equal(busy.code, 69);
    assert.match(busy.err, /fix: try again in 5 s/);
    issuer.register = register;
  });

  test('metadata behind a redirect, which is not followed', async () => {
    const serve = guarded.serve;
    guarded.serve = async (req, res, ...more) => req.url.startsWith('/.well-known/') ? res.writeHead(302, { location: '/' }).end()
      : serve.call(guarded, req, res, ...more);
    const end = await command(config.file, env, ['login', 'web']);
    guarded.serve = serve;
    assert.equal(end.code, 1);
    assert.match(end.err, /failed: the metadata of the server at 127\.0\.0\.1:\d+: HTTP 302$/m);
    assert.match(end.err, /fix: Weir follows no redirects/);
  });

  test('an issuer that is away', async () => {
    await issuer.stop();
    const end = await command(config.file, env, ['login', 'web']);
    assert.equal(end.code, 69, end.err);
    issuer = undefined;
  });
});
