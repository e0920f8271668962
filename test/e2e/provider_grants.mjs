// Grants that oidc-provider leaves to its users, made of its own parts: token exchange (RFC 8693) and the assertions of
// a platform (RFC 7523). Clients, resources, scopes and tokens are the provider's; what is shown is proven with jose.
import { jose } from './providers.mjs';
import { peerFile } from '../fixtures/peers.mjs';

const { errors } = await import(peerFile('oidc-provider', 'lib/index.js'));
export const kExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const kJwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const kAccessToken = 'urn:ietf:params:oauth:token-type:access_token';

/** An access token for one resource in the name of an account; answers with it. */
async function give(ctx, idp, accountId, more = {}) {
  const { params, client, provider } = ctx.oidc;
  const target = idp.resourceOf(params.resource);
  const scope = params.scope?.split(' ').filter(one => target.scope.split(' ').includes(one)).join(' ');
  const token = new provider.AccessToken({ client, accountId, gty: params.grant_type, scope });
  token.resourceServer = new provider.ResourceServer(params.resource, target);
  ctx.oidc.entity('AccessToken', token);
  ctx.body = { access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope, ...more };
}

/** Exchanges the provider's own access tokens, if they are good and for `audience`. */
export const exchange = (idp, audience) => provider => provider.registerGrantType(kExchange, async ctx => {
  const { subject_token: shown, subject_token_type: type, requested_token_type: wanted } = ctx.oidc.params;
  if (type !== kAccessToken || (wanted && wanted !== kAccessToken)) throw new errors.InvalidRequest('types');
  const keys = jose.createLocalJWKSet({ keys: idp.keys.map(({ d: _, ...shownKey }) => shownKey) });
  const { payload } = await jose.jwtVerify(shown, keys, { issuer: idp.url, audience, typ: 'at+jwt' })
    .catch(error => { throw new errors.InvalidGrant(error.message); });
  await give(ctx, idp, payload.sub, { issued_token_type: kAccessToken });
}, ['subject_token', 'subject_token_type', 'requested_token_type', 'resource', 'scope', 'audience']);

/** Takes what another issuer has signed for this provider (`idp`, by the name that it has when it is asked). */
export const workloads = (idp, platform) => {
  const keys = jose.createRemoteJWKSet(new URL(`${platform.url}/jwks`), { cooldownDuration: 0 });
  return provider => provider.registerGrantType(kJwtBearer, async ctx => {
    const { payload } = await jose.jwtVerify(ctx.oidc.params.assertion, keys,
      { issuer: platform.url, audience: idp.url, requiredClaims: ['exp', 'sub', 'jti'] })
      .catch(error => { throw new errors.InvalidGrant(error.message); });
    await give(ctx, idp, payload.sub);
  }, ['assertion', 'resource', 'scope']);
};
