#include "oauth/grants.hpp"

#include <gtest/gtest.h>

namespace weir::oauth {
namespace {

Wanted wanted() {
  Wanted out;
  out.endpoint = *net::parse_url("https://issuer.test/token");
  out.issuer = "https://issuer.test";
  out.scopes = {"read", "write"};
  out.resource = "https://server.test/mcp";
  return out;
}

std::string fields(TokenRequest const& request) {
  std::string text;
  for (auto const& [name, value] : request.params) {
    text += (text.empty() ? "" : " ") + name + "=" + std::string(value.reveal());
  }
  return text;
}

TEST(Grants, ClientCredentialsAndPasswordSendScopesAndResource_R060_C12) {
  auto request = ask_client_credentials(wanted());
  EXPECT_EQ(fields(request),
            "grant_type=client_credentials scope=read write resource=https://server.test/mcp");
  EXPECT_EQ(request.expected.flow, Flow::client_credentials);
  EXPECT_EQ(request.expected.scopes.size(), 2U);
  EXPECT_EQ(request.expected.audiences, std::vector<std::string>{"https://server.test/mcp"});
  request = ask_password(wanted(), "robot", base::Secret("pw"));
  EXPECT_EQ(fields(request),
            "grant_type=password username=robot password=pw scope=read write "
            "resource=https://server.test/mcp");
  EXPECT_EQ(request.expected.flow, Flow::password);
}

TEST(Grants, ARefreshAsksForNoScopes) {
  auto const request = ask_refresh(wanted(), base::Secret("r-1"));
  EXPECT_EQ(fields(request), "grant_type=refresh_token refresh_token=r-1 resource=https://server.test/mcp");
  EXPECT_EQ(request.expected.scopes, wanted().scopes) << "which it cannot widen";
}

TEST(Grants, AnExchangeNamesSubjectActorAndTarget) {
  base::Secret const subject("s-1");
  base::Secret const actor("a-1");
  auto out = wanted();
  out.audience = "server";
  out.scopes.clear();
  Subject const acting{actor, kJwtType};
  auto const request = ask_exchange(out, {subject}, &acting);
  EXPECT_EQ(fields(request),
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange subject_token=s-1 "
            "subject_token_type=urn:ietf:params:oauth:token-type:access_token actor_token=a-1 "
            "actor_token_type=urn:ietf:params:oauth:token-type:jwt "
            "requested_token_type=urn:ietf:params:oauth:token-type:access_token "
            "resource=https://server.test/mcp audience=server");
  EXPECT_EQ(request.expected.audiences.size(), 2U);
}

TEST(Grants, AnIdentityAssertionIsForTheServersIssuerAndBecomesATokenThere) {
  base::Secret const subject("id-1");
  auto out = wanted();
  out.audience = "https://issuer-of-server.test";
  out.scopes.clear();
  auto request = ask_id_jag(out, {subject, kIdTokenType});
  EXPECT_EQ(fields(request),
            "grant_type=urn:ietf:params:oauth:grant-type:token-exchange "
            "requested_token_type=urn:ietf:params:oauth:token-type:id-jag subject_token=id-1 "
            "subject_token_type=urn:ietf:params:oauth:token-type:id_token "
            "audience=https://issuer-of-server.test resource=https://server.test/mcp");
  EXPECT_EQ(request.expected.issued_type, kIdJagType);
  EXPECT_EQ(request.expected.audiences, std::vector<std::string>{"https://issuer-of-server.test"});
  request = ask_jwt_bearer(wanted(), base::Secret("jag"));
  EXPECT_EQ(fields(request),
            "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer assertion=jag "
            "scope=read write resource=https://server.test/mcp");
}

TEST(Grants, ACodeIsRedeemedWithItsVerifierAndIntrospectionHasNoGrant) {
  auto const code = ask_code(wanted(), base::Secret("c-1"), base::Secret("v-1"), "http://127.0.0.1/cb");
  EXPECT_EQ(fields(code),
            "grant_type=authorization_code code=c-1 redirect_uri=http://127.0.0.1/cb "
            "code_verifier=v-1 resource=https://server.test/mcp");
  EXPECT_EQ(fields(ask_introspection(wanted(), base::Secret("t"))), "token=t token_type_hint=access_token");
}

}  // namespace
}  // namespace weir::oauth
