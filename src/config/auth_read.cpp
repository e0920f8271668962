// `auth.jwt`, `auth.introspection` and `policies`, from a validated tree.
#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

ClaimNames read_claims(Node const* node) {
  ClaimNames claims;
  take(node, "principal", claims.principal);
  take(node, "groups", claims.groups);
  take(node, "tenant", claims.tenant);
  return claims;
}

TokenAuth read_jwt(Node const* node) {
  TokenAuth jwt;
  take(node, "issuer", jwt.issuer);
  take(node, "audience", jwt.audience);
  take(node, "jwks_url", jwt.jwks_url);
  take(node, "jwks_cache", jwt.keys_lifetime);
  take(node, "algorithms", jwt.algorithms);
  take(node, "scopes", jwt.scopes);
  take(node, "leeway", jwt.leeway);
  jwt.claims = read_claims(node);
  return jwt;
}

Introspection read_introspection(Node const* node) {
  Introspection asked;
  take(node, "url", asked.url);
  take(node, "client_id", asked.client_id);
  if (auto const secret = scalar_at(node, "client_secret")) asked.client_secret = base::Secret(*secret);
  take(node, "issuer", asked.issuer);
  take(node, "audience", asked.audience);
  take(node, "scopes", asked.scopes);
  asked.claims = read_claims(node);
  return asked;
}

std::vector<Policy> read_policies(Node const* list) {
  std::vector<Policy> policies;
  if (list == nullptr) return policies;
  for (auto const& node : list->items) {
    Policy policy;
    take(&node, "who", policy.who);
    take(&node, "allow", policy.allow);
    take(&node, "deny", policy.deny);
    take(&node, "scopes", policy.scopes);
    policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace

void read_callers(Node const& root, Settings& settings) {
  auto const* auth = root.find("auth");
  if (auto const* jwt = section_at(auth, "jwt")) settings.jwt = read_jwt(jwt);
  if (auto const* asked = section_at(auth, "introspection"))
    settings.introspection = read_introspection(asked);
  settings.policies = read_policies(root.find("policies"));
  if (settings.jwt && is_http_url(settings.jwt->audience)) settings.resource = settings.jwt->audience;
  if (settings.resource.empty() && settings.introspection && is_http_url(settings.introspection->audience)) {
    settings.resource = settings.introspection->audience;
  }
  take(auth, "resource", settings.resource);
}

}  // namespace weir::config
