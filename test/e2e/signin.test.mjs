// A person's sign-in at a server through the real binary: discovery, registration, PKCE, the way back, tokens that are
// kept, renewed and given up. The issuer is imitated here, strictly; the browser is whoever follows its redirects.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { bodyOf, closed, Doorkeeper, listening, say as sayTo } from './doorkeeper.mjs';
import { direct, eventually, scratch, startFixture, startProgram, startWeir, stopAll, writeConfig } from './harness.mjs';
import { modernHeaders, request, rpc, withMeta } from './raw.mjs';

const kSkip = { skip: direct && 'direct: there is no gateway that could sign in' };

const secret = name => `${name}-${randomBytes(24).toString('base64url')}`;

/** Registers clients, asks a person who always agrees, changes refresh tokens with each use, and forgives nothing. */
class Issuer {
  clients = new Map(); codes = new Map(); live = new Map(); spent = new Set(); secrets = [];
  wrong = []; registrations = 0; refreshes = 0; revoked = []; life = 3600; extra = {};

  async start() {
    this.server = createServer((req, res) => void this.serve(req, res).catch(error => { this.wrong.push(error.stack); res.destroy(); }));
    this.url = `http://127.0.0.1:${await listening(this.server)}`;
    return this;
  }
  stop() { return closed(this.server); }

  get metadata() {
    return { issuer: this.url, authorization_endpoint: `${this.url}/authorize`, token_endpoint: `${this.url}/token`,
      registration_endpoint: `${this.url}/register`, revocation_endpoint: `${this.url}/revoke`,
      code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['none'],
      scopes_supported: ['use', 'offline_access'], authorization_response_iss_parameter_supported: true, ...this.extra };
  }

  async serve(req, res) {
    const say = (status, body) => sayTo(res, status, body);
    const { pathname, searchParams: query } = new URL(req.url, this.url);
    if (pathname === '/.well-known/oauth-authorization-server') return say(200, this.metadata);
    if (pathname === '/authorize') return res.writeHead(302, { location: `/consent?${query}` }).end();
    if (pathname === '/consent') return this.consent(query, res);
    const body = await bodyOf(req);
    if (pathname === '/register') return this.register(JSON.parse(body), say);
    const form = new URLSearchParams(body);
    if (!this.clients.has(form.get('client_id'))) return say(401, { error: 'invalid_client' });
    if (pathname === '/token') return this.token(form, say);
    if (pathname !== '/revoke') return say(404, {});
    this.revoked.push(form.get('token'));
    this.live.delete(form.get('token'));
    return say(200, {});
  }

  register(client, say) {
    this.registrations += 1;
    const [uri] = client.redirect_uris;
    if (client.application_type !== 'native' || !/^http:\/\/127\.0\.0\.1:\d+\/callback$/.test(uri)) return say(400, { error: 'invalid_redirect_uri' });
    const id = `client-${this.registrations}`;
    this.clients.set(id, uri);
    return say(201, { ...client, client_id: id });
  }

  consent(query, res) {
    const back = new URL(query.get('redirect_uri'));
    if (this.clients.get(query.get('client_id')) !== back.href) return res.writeHead(400).end('wrong way back');
    if (query.get('code_challenge_method') !== 'S256' || query.get('response_type') !== 'code') return res.writeHead(400).end('no PKCE');
    back.searchParams.set('state', query.get('state'));
    back.searchParams.set('iss', this.url);
    if (this.refuses) back.searchParams.set('error', 'access_denied');
    else {
      const code = secret('code');
      this.secrets.push(code);
      this.codes.set(code, Object.fromEntries(query));
      back.searchParams.set('code', code);
    }
    return res.writeHead(302, { location: back.href }).end();
  }

  token(form, say) {
    if (form.get('grant_type') === 'authorization_code') {
      const asked = this.codes.get(form.get('code'));
      this.codes.delete(form.get('code'));
      const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
      const good = asked && asked.code_challenge === challenge && asked.client_id === form.get('client_id')
        && asked.redirect_uri === form.get('redirect_uri') && asked.resource === form.get('resource');
      if (!good) { this.wrong.push(`code: ${form}`); return say(400, { error: 'invalid_grant' }); }
      return say(200, this.give({ scope: asked.scope, resource: asked.resource }));
    }
    const old = form.get('refresh_token');
    const grant = this.live.get(old);
    if (this.spent.has(old)) this.wrong.push('a refresh token was used twice');
    if (!grant) return say(400, { error: 'invalid_grant' });
    this.live.delete(old);
    this.spent.add(old);
    this.refreshes += 1;
    return say(200, this.give(grant));
  }

  give(grant) {
    const access = secret('access'); const refresh = secret('refresh');
    this.secrets.push(access, refresh);
    this.live.set(access, grant).set(refresh, grant);
    return { access_token: access, refresh_token: refresh, token_type: 'Bearer', expires_in: this.life, scope: grant.scope };
  }
}

/** Lets in whoever has a token of the issuer for this very resource, with the scopes it wants. */
class Guarded extends Doorkeeper {
  scopes = ['use'];
  more = { scopes_supported: ['use'] };
  constructor(issuer) { super(); this.issuer = issuer; }
  refusal(token) {
    const grant = this.issuer.live.get(token);
    if (!grant || grant.resource !== this.url) return { status: 401, challenge: 'Bearer error="invalid_token", scope="use"' };
    this.last = `Bearer ${token}`;
    if (this.scopes.every(scope => grant.scope.split(' ').includes(scope))) return undefined;
    return { status: 403, challenge: `Bearer error="insufficient_scope", scope="${this.scopes.join(' ')}"` };
  }
}

async function call(weir, server) {
  const answer = await request(weir.port, { path: `/mcp/${server}`, headers: modernHeaders('tools/call', { 'Mcp-Name': 'echo' }),
    body: JSON.stringify(rpc('tools/call', withMeta({ name: 'echo', arguments: { text: 'hello' } }))) });
  return answer.json?.result ?? answer.json;
}
const works = async (weir, server) => { const result = await call(weir, server); return result?.content && !result.isError; };
const addressIn = out => /^ {2}(http\S+)$/m.exec(out)?.[1];

/** Runs the command; `person` gets the address that it prints. Gives {code, out, err}. */
async function command(file, env, args, person = async () => {}) {
  const child = startProgram(['server', ...args, '--config', file], { env });
  if (args[0] === 'login') {
    const url = await eventually('an address to sign in at', () => child.end ? 'ended' : addressIn(child.out), 20_000);
    if (url !== 'ended') await person(url, child);
  }
  const { code } = await child.exited;
  return { code, out: child.out, err: child.err };
}
const browser = async url => { const page = await fetch(url); return { status: page.status, text: await page.text() }; };

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
    const before = issuer.refreshes;
    const refused = JSON.stringify(await call(weir, 'web'));
    assert.match(refused, /weir server login web --scope use --scope admin/);
    assert.equal(issuer.refreshes, before);
    const end = await command(weir.file, env, ['login', 'web', '--scope', 'admin'], browser);
    assert.equal(end.code, 0, end.err);
    assert.equal(issuer.registrations, 1);  // the same client again
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
    const end = await command(weir.file, env, ['login', 'web'], browser);
    assert.equal(end.code, 0, end.err);
    await eventually('a call that works', () => works(weir, 'web'));
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
    assert.deepEqual(issuer.revoked, [token]);
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

  test('an issuer that registers nobody', async () => {
    issuer.extra = { registration_endpoint: undefined };
    const end = await command(config.file, env, ['login', 'web']);
    assert.equal(end.code, 1);
    assert.match(end.err, /set `client_id`/);
  });

  test('an issuer that is away', async () => {
    await issuer.stop();
    const end = await command(config.file, env, ['login', 'web']);
    assert.equal(end.code, 69, end.err);
    issuer = undefined;
  });
});
