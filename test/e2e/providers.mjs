// Real identity providers: oidc-provider, behind a page at which a person signs in, and servers that believe what it
// says by its own published keys, its introspection endpoint and jose. oauth2-mock-server is in issuers.mjs.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { peerFile } from '../fixtures/peers.mjs';
import { closed, Doorkeeper, listening } from './doorkeeper.mjs';

export const jose = await import(peerFile('jose', 'dist/webapi/index.js'));
const { Provider, errors } = await import(peerFile('oidc-provider', 'lib/index.js'));
const { createMemoryAdapter } = await import(peerFile('oidc-provider', 'lib/adapters/memory_adapter.js'));

export const kCallback = 'http://127.0.0.1:9/callback'; // of callers' clients: nobody listens there
const kFormMax = 8;
const kProofSeconds = 60;

const signingKey = () => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  use: 'sig', alg: 'ES256', kid: randomBytes(8).toString('hex') });

/**
 * An oidc-provider on loopback, which keeps what it knows in memory. `clients`: their metadata. `groups`: of each
 * account, as a claim of access tokens. `nonces`: whether DPoP proofs need one. `changes`: to its configuration.
 * `grants`, set before start(): what registers more grants at it.
 */
export class IdentityProvider {
  resources = new Map();  // identifier → { scope, format, seconds }
  asked = [];             // what came to its token endpoint: { type, ok, client, params, proof }
  registered = [];        // clients that registered themselves
  keys = [signingKey()];

  async start({ clients = [], groups = {}, nonces = false, changes = {} } = {}) {
    this.server = createServer((req, res) => this.provider.callback()(req, res));
    this.url = `http://127.0.0.1:${await listening(this.server)}`;
    const dPoP = { enabled: true, ...(nonces && { nonceSecret: randomBytes(32), requireNonce: () => true }) };
    this.settings = { clients, adapter: createMemoryAdapter(), cookies: { keys: [randomBytes(16).toString('hex')] },
      scopes: ['openid', 'offline_access', 'use', 'admin', 'more'],
      clientDefaults: { id_token_signed_response_alg: 'ES256' },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
      extraTokenClaims: (_, token) => (token.accountId ? { groups: groups[token.accountId] ?? [] } : undefined),
      features: { clientCredentials: { enabled: true }, introspection: { enabled: true }, revocation: { enabled: true },
        registration: { enabled: true }, dPoP, resourceIndicators: { enabled: true,
          getResourceServerInfo: (_, name) => this.resourceOf(name) } }, ...changes };
    this.serve();
    return this;
  }
  stop() { return closed(this.server); }

  /** Starts anew with the keys as they are now; knows everybody that it knew. */
  serve() {
    const provider = new Provider(this.url, { ...this.settings, jwks: { keys: this.keys } });
    const note = ok => ctx => this.asked.push({ type: ctx.oidc.params?.grant_type, ok, client: ctx.oidc.client?.clientId,
      params: { ...ctx.oidc.params }, proof: ctx.get('DPoP'), error: ctx.body?.error_description });
    provider.on('grant.success', note(true));
    provider.on('grant.error', note(false));
    provider.on('registration_create.success', (_, client) => this.registered.push(client.metadata()));
    provider.on('server_error', (_, error) => this.asked.push({ type: 'server_error', ok: false, error: error.stack }));
    this.grants?.(provider);
    this.provider = provider;
  }

  /** A new key signs from now on; those before it stay published. */
  rotate() {
    this.keys = [signingKey(), ...this.keys];
    this.serve();
  }

  resourceOf(name) {
    const known = this.resources.get(name);
    if (!known) throw new errors.InvalidTarget();
    return { audience: name, scope: known.scope, accessTokenFormat: known.format ?? 'jwt',
      accessTokenTTL: known.seconds ?? 3600, jwt: { sign: { alg: 'ES256' } } };
  }

  async post(path, form, client) {
    const basic = Buffer.from([client.client_id, client.client_secret].map(encodeURIComponent).join(':')).toString('base64');
    const answer = await fetch(`${this.url}${path}`, { method: 'POST', body: new URLSearchParams(form),
      headers: { Authorization: `Basic ${basic}` } });
    const text = await answer.text();
    return { status: answer.status, ...(text && JSON.parse(text)) };
  }

  /** What a caller's client gets, by way of the sign-in page. */
  async callerTokens(client, account, resource, scope) {
    const verifier = randomBytes(32).toString('base64url');
    const asked = new URLSearchParams({ client_id: client.client_id, response_type: 'code', redirect_uri: kCallback,
      scope, resource, prompt: 'consent', code_challenge_method: 'S256',
      code_challenge: createHash('sha256').update(verifier).digest('base64url') });
    const back = await new Browser(account).signIn(`${this.url}/auth?${asked}`);
    const answer = await this.post('/token', { grant_type: 'authorization_code', code: back.searchParams.get('code'),
      redirect_uri: kCallback, code_verifier: verifier, resource }, client);
    if (!answer.access_token) throw new Error(`no token: ${JSON.stringify(answer)} ${back}`);
    return answer;
  }
  async callerToken(client, account, resource, scope = 'use') {
    return (await this.callerTokens(client, account, resource, scope)).access_token;
  }
  of(type) { return this.asked.filter(one => one.type === type && one.ok); }
  get refused() { return this.asked.filter(one => !one.ok); }
}

/** A person before the provider's own pages: follows redirects, fills in forms, keeps cookies. */
export class Browser {
  cookies = new Map();
  pages = [];  // headings of the forms that were shown
  constructor(account = 'ann', { agrees = true } = {}) { Object.assign(this, { account, agrees }); }

  async go(url, options = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', ...options, headers: { cookie, ...options.headers } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) this.cookies.set(name, value); else this.cookies.delete(name);
    }
    return answer;
  }

  /** Signs in and agrees (or does not); gives the address that leads back to the client, which it does not visit. */
  async signIn(url) {
    const { origin } = new URL(url);
    let answer = await this.go(url);
    for (let forms = 0; forms < kFormMax;) {
      const to = answer.headers.get('location');
      if (to && new URL(to, url).origin !== origin) return new URL(to);
      if (to) { answer = await this.go(new URL(to, url)); continue; }
      const page = await answer.text();
      const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      if (!action || !prompt) throw new Error(`no form: ${answer.status} ${page.replace(/<style.*?<\/style>/s, '').slice(0, 2000)}`);
      this.pages.push(prompt);
      forms += 1;
      const aborts = prompt === 'consent' && !this.agrees;
      answer = aborts ? await this.go(`${action}/abort`)
        : await this.go(action, { method: 'POST', body: new URLSearchParams({ prompt, login: this.account, password: 'any' }) });
    }
    throw new Error('the sign-in has no end');
  }
}

/** Stands before a fixture and believes the provider only: its keys (JWT) or its introspection endpoint (opaque). */
export class ResourceServer extends Doorkeeper {
  wanted = ['use'];
  seen = [];     // of those let in: { method, token, sub, client, scopes, jkt }
  wrong = [];    // why tokens that were shown were refused
  #proofs = new Set();

  constructor(provider, { format = 'jwt', client, scope = 'use admin', seconds } = {}) {
    super();
    Object.assign(this, { provider, format, client, scope, seconds });
    this.keys = jose.createRemoteJWKSet(new URL(`${provider.url}/jwks`), { cooldownDuration: 0 });
    this.more = { scopes_supported: ['use'] };
  }
  async start(fixture) {
    await super.start(fixture, this.provider);
    this.provider.resources.set(this.resource, { scope: this.scope, format: this.format, seconds: this.seconds });
    return this;
  }

  async refusal(_, req) {
    const [scheme, token] = (req.headers.authorization ?? '').split(' ');
    const claims = token && await this.claimsOf(token).catch(error => { this.wrong.push(error.message); });
    const why = claims && await this.misuse(scheme, token, claims, req).catch(error => error.message);
    if (why) this.wrong.push(why);
    if (!claims || why) return { status: 401, challenge: `${claims?.cnf ? 'DPoP algs="ES256"' : 'Bearer'}${token ? ', error="invalid_token"' : ''}` };
    const scopes = claims.scope?.split(' ') ?? [];
    if (!this.wanted.every(scope => scopes.includes(scope))) {
      return { status: 403, challenge: `Bearer error="insufficient_scope", scope="${this.wanted.join(' ')}"` };
    }
    this.seen.push({ method: req.headers['mcp-method'], token, sub: claims.sub, client: claims.client_id, scopes, jkt: claims.cnf?.jkt });
    return undefined;
  }

  async claimsOf(token) {
    if (this.format === 'opaque') {
      const claims = await this.provider.post('/token/introspection', { token }, this.client);
      if (!claims.active || claims.aud !== this.resource) throw new Error(`not active here: ${JSON.stringify(claims)}`);
      return claims;
    }
    const { payload } = await jose.jwtVerify(token, this.keys, { issuer: this.provider.url, audience: this.resource, typ: 'at+jwt' });
    return payload;
  }

  /** Why this is not a use of the token by whom it is bound to (RFC 9449 4.3); nothing if it is. */
  async misuse(scheme, token, claims, req) {
    if (!claims.cnf) return scheme === 'Bearer' ? undefined : `scheme ${scheme}`;
    if (scheme !== 'DPoP') return `a bound token as ${scheme}`;
    const { payload, protectedHeader } = await jose.jwtVerify(req.headers.dpop, jose.EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] });
    const { htm, htu, iat, jti, ath } = payload;
    if (await jose.calculateJwkThumbprint(protectedHeader.jwk) !== claims.cnf.jkt) return 'another key';
    if (htm !== req.method || htu !== this.url) return `proof of ${htm} ${htu}`;
    if (ath !== createHash('sha256').update(token).digest('base64url')) return 'proof of another token';
    if (Math.abs(Date.now() / 1000 - iat) > kProofSeconds) return 'an old proof';
    if (!jti || this.#proofs.has(jti)) return 'a proof used twice';
    this.#proofs.add(jti);
    return undefined;
  }
  calls() { return this.seen.filter(one => one.method === 'tools/call'); }
}

/** The address that `weir server login` prints, to sign in at. */
export const addressIn = out => /^ {2}(http\S+)$/m.exec(out)?.[1];
