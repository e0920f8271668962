#include "oauth/grants.hpp"

namespace weir::oauth {

namespace {

std::string words(std::vector<std::string> const& scopes) {
  std::string text;
  for (auto const& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

TokenRequest begun(Wanted const& wanted, Flow flow, std::string_view grant) {
  TokenRequest request;
  request.endpoint = wanted.endpoint;
  request.issuer = wanted.issuer;
  request.guard = wanted.guard;
  request.expected.flow = flow;
  request.expected.key_bound = wanted.key_bound;
  if (!grant.empty()) request.add("grant_type", grant);
  return request;
}

void add_target(TokenRequest& request, Wanted const& wanted) {
  if (!wanted.resource.empty()) request.add("resource", wanted.resource);
  if (!wanted.audience.empty()) request.add("audience", wanted.audience);
  for (auto const& name : {wanted.resource, wanted.audience}) {
    if (!name.empty()) request.expected.audiences.push_back(name);
  }
}

void add_scopes(TokenRequest& request, Wanted const& wanted) {
  if (!wanted.scopes.empty()) request.add("scope", words(wanted.scopes));
  request.expected.scopes = wanted.scopes;
}

}  // namespace

TokenRequest ask_client_credentials(Wanted const& wanted) {
  auto request = begun(wanted, Flow::client_credentials, "client_credentials");
  add_scopes(request, wanted);
  add_target(request, wanted);
  return request;
}

TokenRequest ask_refresh(Wanted const& wanted, base::Secret const& refresh_token) {
  auto request = begun(wanted, Flow::refresh_token, "refresh_token");
  request.add("refresh_token", refresh_token);
  add_target(request, wanted);
  request.expected.scopes = wanted.scopes;  // not sent: those of the grant hold, which a refresh cannot widen
  return request;
}

TokenRequest ask_password(Wanted const& wanted, std::string const& user, base::Secret const& password) {
  auto request = begun(wanted, Flow::password, "password");
  request.add("username", user);
  request.add("password", password);
  add_scopes(request, wanted);
  add_target(request, wanted);
  return request;
}

TokenRequest ask_exchange(Wanted const& wanted, Subject const& subject, Subject const* actor) {
  auto request = begun(wanted, Flow::token_exchange, "urn:ietf:params:oauth:grant-type:token-exchange");
  request.add("subject_token", subject.token);
  request.add("subject_token_type", subject.type);
  if (actor != nullptr) {
    request.add("actor_token", actor->token);
    request.add("actor_token_type", actor->type);
  }
  request.add("requested_token_type", kAccessTokenType);
  add_scopes(request, wanted);
  add_target(request, wanted);
  return request;
}

TokenRequest ask_id_jag(Wanted const& wanted, Subject const& subject) {
  auto request = begun(wanted, Flow::token_exchange, "urn:ietf:params:oauth:grant-type:token-exchange");
  request.add("requested_token_type", kIdJagType);
  request.expected.issued_type = kIdJagType;
  request.add("subject_token", subject.token);
  request.add("subject_token_type", subject.type);
  request.add("audience", wanted.audience);
  request.expected.audiences.push_back(wanted.audience);
  if (!wanted.resource.empty()) request.add("resource", wanted.resource);
  add_scopes(request, wanted);
  return request;
}

TokenRequest ask_jwt_bearer(Wanted const& wanted, base::Secret const& assertion, Flow flow) {
  auto request = begun(wanted, flow, "urn:ietf:params:oauth:grant-type:jwt-bearer");
  request.add("assertion", assertion);
  add_scopes(request, wanted);
  add_target(request, wanted);
  return request;
}

TokenRequest ask_code(Wanted const& wanted, base::Secret const& code, base::Secret const& verifier,
                      std::string const& redirect_uri) {
  auto request = begun(wanted, Flow::authorization_code, "authorization_code");
  request.add("code", code);
  request.add("redirect_uri", redirect_uri);
  request.add("code_verifier", verifier);
  request.expected.scopes = wanted.scopes;
  add_target(request, wanted);
  return request;
}

TokenRequest ask_revocation(Wanted const& wanted, base::Secret const& token, bool refresh_token) {
  auto request = begun(wanted, Flow::revocation, {});
  request.add("token", token);
  request.add("token_type_hint", refresh_token ? "refresh_token" : "access_token");
  return request;
}

TokenRequest ask_introspection(Wanted const& wanted, base::Secret const& token) {
  auto request = begun(wanted, Flow::introspection, {});
  request.add("token", token);
  request.add("token_type_hint", "access_token");
  return request;
}

}  // namespace weir::oauth
