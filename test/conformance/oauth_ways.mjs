// How Weir, and a real client alone, get in where the suite's scenarios under auth/ want a token; and why those that
// are not tried are not. Weir wants its operator to name the issuer, which the suite tells nobody but its servers:
// the issuer is therefore the other port on which the scenario's own process listens.
import { createServer } from 'node:http';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from '../e2e/harness.mjs';
import { peer } from '../fixtures/peers.mjs';

const kits = {
  legacy: peer('@modelcontextprotocol/sdk/client/auth-extensions.js'),
  modern: peer('@modelcontextprotocol/client'),
};
const kJwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const kNew = 'nobody has said yet how Weir gets in there';

/** Scenario → what it takes: `path` of the issuer; `own`: it is the server itself; `refused`: nobody may get in;
 * `person`: somebody signs in; `more`: and allows more when the server wants it; `moves`: and again, since the server
 * moves to another issuer; `document` about the client; `dpop`: tokens are bound to a key; `workload`: the platform
 * vouches; `alone`: a client of its own gets in as well. */
const kWays = {
  'auth/metadata-default': { person: true, alone: true },
  'auth/metadata-var1': { person: true, alone: true },
  'auth/metadata-var2': { person: true, alone: true, path: '/tenant1' },
  'auth/metadata-var3': { person: true, alone: true, path: '/tenant1' },
  'auth/token-endpoint-auth-basic': { person: true, alone: true },
  'auth/token-endpoint-auth-post': { person: true, alone: true },
  'auth/token-endpoint-auth-none': { person: true, alone: true },
  'auth/pre-registration': {},
  'auth/client-credentials-basic': {},
  'auth/client-credentials-jwt': {},
  'auth/enterprise-managed-authorization': { enterprise: true },
  'auth/resource-mismatch': { refused: true },
  'auth/metadata-issuer-mismatch': { refused: true },
  'auth/basic-cimd': { person: true, document: 'https://conformance-test.local/client-metadata.json' },
  'auth/scope-from-www-authenticate': { person: true },
  'auth/scope-from-scopes-supported': { person: true },
  'auth/scope-omitted-when-undefined': { person: true },
  'auth/scope-step-up': { person: true, more: true },
  'auth/scope-retry-limit': { person: true, more: true, refused: true },
  'auth/offline-access-scope': { person: true },
  'auth/offline-access-not-supported': { person: true },
  'auth/authorization-server-migration': { person: true, moves: true },
  'auth/wif-jwt-bearer': { workload: true },
  'auth/dpop': { person: true, dpop: true },
  'auth/dpop-nonce': { person: true, dpop: true },
  'auth/iss-supported': { person: true },
  'auth/iss-not-advertised': { person: true },
  'auth/iss-supported-missing': { person: true, refused: true },
  'auth/iss-wrong-issuer': { person: true, refused: true },
  'auth/iss-unexpected': { person: true, refused: true },
  'auth/iss-normalized': { person: true, refused: true },
  'auth/2025-03-26-oauth-metadata-backcompat': { person: true, alone: true, own: true },
  'auth/2025-03-26-oauth-endpoint-fallback': { person: true, alone: true, own: true },
};

export const wayOf = scenario => kWays[scenario];

/** Why a scenario under auth/ is not tried; undefined: it is. */
export function whyUntried(scenario) {
  return scenario.startsWith('auth/') && !kWays[scenario] ? kNew : undefined;
}

/** The TCP ports on which the process listens that serves this one: an ancestor of ours. */
function portsBeside(port) {
  const listening = new Map();
  for (const table of ['tcp', 'tcp6']) {
    for (const line of readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n').slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (state === '0A') listening.set(`socket:[${inode}]`, parseInt(local.split(':').at(-1), 16));
    }
  }
  for (let pid = process.ppid; pid > 1;) {
    const ports = readdirSync(`/proc/${pid}/fd`).map(fd => {
      try { return listening.get(readlinkSync(`/proc/${pid}/fd/${fd}`)); } catch { return undefined; }
    }).filter(Boolean);
    if (ports.includes(port)) return ports.filter(one => one !== port);
    pid = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ')[1]);
  }
  throw new Error(`no ancestor listens on port ${port}`);
}

export function issuerOf(scenario, url, context) {
  const { own, path = '' } = kWays[scenario];
  if (own) return new URL(url).origin;
  const known = context.idp_issuer && Number(new URL(context.idp_issuer).port);
  const ports = portsBeside(Number(new URL(url).port)).filter(port => port !== known);
  if (ports.length !== 1) throw new Error(`which one is the issuer? ${ports}`);
  return `http://localhost:${ports[0]}${path}`;
}

const clientOf = ({ client_id = 'weir', client_secret = 'the-secret-of-weir', private_key_pem, signing_algorithm }) =>
  ({ client_id, ...(private_key_pem ? { client_key: private_key_pem, client_key_algorithm: signing_algorithm }
    : { client_secret }) });

/** The configuration of Weir for a scenario, and what its caller shows: {config, listener, env, headers, stop}. */
export async function weirFor(scenario, url, context, assertion = context.valid_jwt) {
  const { person, document, dpop } = kWays[scenario];
  if (person) {
    const auth = { type: 'oauth', grant: 'authorization_code', ...(document && { client_document: document }),
      ...(dpop && { dpop }) };
    return { config: { servers: { scenario: { url, auth } } }, env: { XDG_STATE_HOME: scratch() } };
  }
  if (kWays[scenario].workload) {
    // No issuer is named: what is shown says itself to whom it may be sent.
    const assertion_file = join(scratch(), 'token');
    writeFileSync(assertion_file, `${assertion}\n`);
    const auth = { type: 'oauth', grant: 'jwt_bearer', client_id: context.client_id, assertion_file };
    return { config: { servers: { scenario: { url, auth } } } };
  }
  const issuer = issuerOf(scenario, url, context);
  const client = clientOf(context);
  if (!kWays[scenario].enterprise) {
    return { config: { servers: { scenario: { url, auth: { type: 'oauth', issuer, ...client } } } } };
  }
  const standIn = await startStandIn(issuer, context);
  const auth = { type: 'exchange', issuer, token_url: `${standIn.url}/token`, ...client,
    enterprise: { token_url: context.idp_token_endpoint, client_id: context.idp_client_id } };
  const introspection = { url: `${standIn.url}/introspect`, client_id: 'weir', client_secret: 'any',
    issuer: context.idp_issuer, audience: context.idp_client_id };
  return { config: { auth: { introspection, resource: 'http://127.0.0.1/mcp' }, servers: { scenario: { url, auth } } },
    listener: { auth: ['introspection'] }, headers: { Authorization: `Bearer ${context.idp_id_token}` },
    stop: standIn.stop };
}

/** What Weir needs of the company and the scenario lacks: the company says who its token is of (it publishes no keys),
 * and the issuer gives Weir a token of its own, to read lists with. All else goes to the issuer as it is. */
async function startStandIn(issuer, { idp_id_token: token, idp_issuer: iss, idp_client_id: aud }) {
  const claims = { active: true, iss, aud, sub: JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub };
  const server = createServer(async (req, res) => {
    let text = '';
    for await (const part of req) text += part;
    const form = new URLSearchParams(text);
    const say = body => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (req.url === '/introspect') return say(form.get('token') === token ? claims : { active: false });
    if (form.get('grant_type') === 'client_credentials') {
      return say({ access_token: 'cc-token-of-weir', token_type: 'Bearer', expires_in: 60 });
    }
    const { authorization, 'content-type': type } = req.headers;
    const answer = await fetch(`${issuer}/token`, { method: 'POST', body: text,
      headers: { 'content-type': type, ...(authorization && { authorization }) } });
    return res.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise(done => { server.closeAllConnections(); server.close(done); }) };
}

/** The same for a real client alone. */
export function providerFor(scenario, era, url, context) {
  const { client_id: clientId, client_secret: clientSecret, client_key: privateKey } = clientOf(context);
  const expectedIssuer = issuerOf(scenario, url, context);
  if (privateKey) {
    return new kits[era].PrivateKeyJwtProvider({ clientId, privateKey, algorithm: context.signing_algorithm,
      expectedIssuer });
  }
  const provider = new kits[era].ClientCredentialsProvider({ clientId, clientSecret, expectedIssuer });
  if (kWays[scenario].workload) {
    provider.prepareTokenRequest = async scope => new URLSearchParams({ grant_type: kJwtBearer, assertion: context.valid_jwt,
      ...(scope && { scope }) });
  }
  if (kWays[scenario].enterprise) {
    provider.prepareTokenRequest = async scope => {
      const { jwtAuthGrant: assertion } = await kits.modern.requestJwtAuthorizationGrant({ audience: expectedIssuer,
        resource: url, tokenEndpoint: context.idp_token_endpoint, idToken: context.idp_id_token,
        clientId: context.idp_client_id });
      return new URLSearchParams({ grant_type: kJwtBearer, assertion, ...(scope && { scope }) });
    };
  }
  return provider;
}
