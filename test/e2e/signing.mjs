// An issuer at which persons sign in, imitated strictly, the server that takes its tokens, and the command that a person
// signs in with. The browser is whoever follows the issuer's redirects.
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { bodyOf, closed, Doorkeeper, listening, say as sayTo } from './doorkeeper.mjs';
import { eventually, startProgram } from './harness.mjs';

const secret = name => `${name}-${randomBytes(24).toString('base64url')}`;

/** Registers clients, asks a person who always agrees, changes refresh tokens with each use, and forgives nothing. */
export class Issuer {
  clients = new Map(); codes = new Map(); live = new Map(); spent = new Set(); secrets = [];
  wrong = []; registrations = 0; person = 'somebody'; refreshes = 0; revoked = []; life = 3600; extra = {};

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
      this.codes.set(code, { ...Object.fromEntries(query), person: this.person });
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
      return say(200, this.give({ scope: asked.scope, resource: asked.resource, person: asked.person }));
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
export class Guarded extends Doorkeeper {
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

const addressIn = out => /^ {2}(http\S+)$/m.exec(out)?.[1];

/** Runs the command; `person` gets the address that it prints. Gives {code, out, err}. */
export async function command(file, env, args, person = async () => {}) {
  const child = startProgram(['server', ...args, '--config', file], { env });
  if (args[0] === 'login') {
    const url = await eventually('an address to sign in at', () => child.end ? 'ended' : addressIn(child.out), 20_000);
    if (url !== 'ended') await person(url, child);
  }
  const { code } = await child.exited;
  return { code, out: child.out, err: child.err };
}
export const browser = async url => { const page = await fetch(url); return { status: page.status, text: await page.text() }; };
