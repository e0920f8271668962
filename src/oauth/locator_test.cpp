#include "oauth/locator_io.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "oauth/fake_issuer_test.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> texts(std::vector<net::Url> const& urls) {
  std::vector<std::string> out;
  for (auto const& url : urls) out.push_back(url.text());
  return out;
}

TEST(Metadata, LieAtTheWellKnownPlaces) {
  using All = std::vector<std::string>;
  EXPECT_EQ(texts(resource_metadata_places(*net::parse_url("https://s.test/v1/mcp/?a=b"))),
            (All{"https://s.test/.well-known/oauth-protected-resource/v1/mcp",
                 "https://s.test/.well-known/oauth-protected-resource"}));
  EXPECT_EQ(texts(resource_metadata_places(*net::parse_url("https://s.test/"))),
            All{"https://s.test/.well-known/oauth-protected-resource"});
  EXPECT_EQ(texts(issuer_metadata_places(*net::parse_url("https://i.test/tenant"))),
            (All{"https://i.test/.well-known/oauth-authorization-server/tenant",
                 "https://i.test/.well-known/openid-configuration/tenant",
                 "https://i.test/tenant/.well-known/openid-configuration"}));
  EXPECT_EQ(texts(issuer_metadata_places(*net::parse_url("https://i.test"))),
            (All{"https://i.test/.well-known/oauth-authorization-server",
                 "https://i.test/.well-known/openid-configuration"}));
}

TEST(Metadata, AreBelievedOnlyOfThemselves) {
  auto const server = *net::parse_url("https://s.test/v1/mcp");
  auto const of = [&](std::string const& resource, bool exact) {
    return static_cast<bool>(read_resource_metadata(
        R"({"authorization_servers":["https://i.test"],"resource":")" + resource + R"("})", server, exact));
  };
  EXPECT_TRUE(of("https://s.test/v1/mcp", true));
  EXPECT_TRUE(of("https://s.test/v1/mcp/", true));
  EXPECT_FALSE(of("https://s.test/v1", true));
  EXPECT_TRUE(of("https://s.test/v1", false));
  EXPECT_TRUE(of("https://s.test", false));
  EXPECT_FALSE(of("https://s.test/v", false));
  EXPECT_FALSE(of("https://s.test/v1/mcp/more", false));
  EXPECT_FALSE(of("http://s.test/v1/mcp", false));
  EXPECT_FALSE(of("https://s.test.evil/v1/mcp", false));
  EXPECT_FALSE(of("", false));
  EXPECT_FALSE(read_resource_metadata(R"({"resource":"https://s.test/v1/mcp"})", server, true));
  EXPECT_FALSE(read_resource_metadata("[]", server, true));

  auto const issuer = [](std::string const& name) {
    return static_cast<bool>(read_issuer_metadata(
        R"({"issuer":")" + name + R"(","token_endpoint":"https://i.test/token"})", "https://i.test"));
  };
  EXPECT_TRUE(issuer("https://i.test"));
  EXPECT_FALSE(issuer("https://i.test/"));
  EXPECT_FALSE(issuer("https://I.test"));
  EXPECT_FALSE(issuer("https://other.test"));
  EXPECT_FALSE(read_issuer_metadata(R"({"issuer":"https://i.test"})", "https://i.test"));
  EXPECT_FALSE(read_issuer_metadata(
      R"({"issuer":"https://x.test","issuer":"https://i.test","token_endpoint":"https://i.test/t"})",
      "https://i.test"));
}

base::Task<void> keep(IssuerLocator& locator, base::TimePoint deadline, bool anew,
                      std::optional<OAuthResult<TokenPlace>>& out) {
  out = co_await locator.find(deadline, anew);
}

struct Locating : testing::Test {
  base::VirtualLoop loop;
  FakeIssuer net{loop};
  LocatorOptions options;
  std::map<std::string, std::string> documents;  // by URL
  std::map<std::string, FakeIssuer::Reply> odd;  // by URL; before `documents`
  std::string challenge = R"(Bearer scope="told")";
  std::optional<IssuerLocator> locator;

  Locating() {
    options.server = *net::parse_url("https://s.test/mcp");
    options.guard = std::make_shared<net::EgressGuard const>(net::EgressRules{});
    documents["https://s.test/.well-known/oauth-protected-resource/mcp"] =
        R"({"resource":"https://s.test/mcp","authorization_servers":["https://i.test/t"],"scopes_supported":["x"]})";
    documents["https://i.test/.well-known/openid-configuration/t"] = issuer("https://i.test/t");
    net.answer = [this](FakeIssuer::Asked const& asked) {
      if (asked.url == options.server.text()) {
        return FakeIssuer::with(FakeIssuer::json(401, ""), "www-authenticate", challenge);
      }
      if (auto const reply = odd.find(asked.url); reply != odd.end()) return reply->second;
      auto const found = documents.find(asked.url);
      return found == documents.end() ? FakeIssuer::json(404, "") : FakeIssuer::json(200, found->second);
    };
  }
  static std::string issuer(std::string const& name, std::string const& more = "",
                            std::string const& endpoint = "https://i.test/token") {
    return R"({"issuer":")" + name + R"(","token_endpoint":")" + endpoint + "\"" + more + "}";
  }
  OAuthResult<TokenPlace> find(bool anew = false) {
    if (!locator) locator.emplace(loop, net, options);
    std::optional<OAuthResult<TokenPlace>> out;
    base::TaskGroup tasks(loop);
    tasks.spawn(keep(*locator, loop.now() + 60s, anew, out));
    loop.advance(61s);
    return out ? std::move(*out) : OAuthResult<TokenPlace>(OAuthError());
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> out;
    for (auto const& asked : net.asked) out.push_back(asked.url);
    return out;
  }
};

TEST_F(Locating, GoesFromTheServerToItsIssuerToTheEndpointAndRemembersForAnHour) {
  auto const place = find();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->endpoint.text(), "https://i.test/token");
  EXPECT_EQ(place->issuer, "https://i.test/t");
  EXPECT_EQ(place->resource, "https://s.test/mcp");
  EXPECT_EQ(place->scopes, std::vector<std::string>{"told"});
  EXPECT_NE(place->guard, nullptr);
  EXPECT_EQ(urls(), (std::vector<std::string>{"https://s.test/mcp",
                                              "https://s.test/.well-known/oauth-protected-resource/mcp",
                                              "https://i.test/.well-known/oauth-authorization-server/t",
                                              "https://i.test/.well-known/openid-configuration/t"}));
  EXPECT_FALSE(net.asked[1].guarded);  // the operator named this origin
  EXPECT_TRUE(net.asked[2].guarded);
  auto const asked = net.asked.size();
  loop.advance(58min);
  EXPECT_TRUE(find());
  EXPECT_EQ(net.asked.size(), asked);
  EXPECT_TRUE(find());
  EXPECT_GT(net.asked.size(), asked);
}

TEST_F(Locating, WhatIsDoubtedIsLookedForAgain) {
  auto const first = find();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->issuers, std::vector<std::string>{"https://i.test/t"});
  documents["https://s.test/.well-known/oauth-protected-resource/mcp"] =
      R"({"resource":"https://s.test/mcp","authorization_servers":["https://i2.test","https://i.test/t"]})";
  documents["https://i2.test/.well-known/oauth-authorization-server"] =
      issuer("https://i2.test", "", "https://i2.test/token");
  EXPECT_EQ(find()->issuer, "https://i.test/t");
  auto const moved = find(true);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->issuer, "https://i2.test");
  EXPECT_EQ(moved->endpoint.text(), "https://i2.test/token");
  EXPECT_EQ(moved->issuers, (std::vector<std::string>{"https://i2.test", "https://i.test/t"}));
  EXPECT_EQ(find()->issuer, "https://i2.test");
  net.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(503, ""); };
  EXPECT_FALSE(find(true));
  EXPECT_FALSE(find()) << "what was doubted does not count again";
}

TEST_F(Locating, AConfiguredIssuerThatIsNotNamedAnyMoreIsToldWithTheCure) {
  options.issuer = "https://old.test";
  auto const refused = find();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().cause, Cause::policy);
  EXPECT_NE(refused.error().advice.find("`auth.issuer`"), std::string::npos);
  for (auto const& url : urls()) EXPECT_TRUE(url.starts_with("https://s.test/")) << url;
}

TEST_F(Locating, TheChallengeNamesTheMetadataFirst) {
  challenge = R"(Bearer resource_metadata="https://meta.test/of-s")";
  documents["https://meta.test/of-s"] =
      R"({"resource":"https://s.test","authorization_servers":["https://i.test/t"],"scopes_supported":["x"]})";
  auto const place = find();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->resource, "https://s.test");
  EXPECT_EQ(place->scopes, std::vector<std::string>{"x"});
  EXPECT_EQ(urls()[1], "https://meta.test/of-s");
  EXPECT_TRUE(net.asked[1].guarded);
}

TEST_F(Locating, MetadataAtTheRootAreTheSecondChoice) {
  documents.erase("https://s.test/.well-known/oauth-protected-resource/mcp");
  documents["https://s.test/.well-known/oauth-protected-resource"] =
      R"({"resource":"https://s.test/","authorization_servers":["https://i.test/t"]})";
  EXPECT_TRUE(find());
}

TEST_F(Locating, WhateverAPlaceAnswersTheNextOneIsAsked) {
  std::string const path = "https://s.test/.well-known/oauth-protected-resource/mcp";
  std::string const first = "https://i.test/.well-known/oauth-authorization-server/t";
  documents["https://s.test/.well-known/oauth-protected-resource"] =
      R"({"resource":"https://s.test","authorization_servers":["https://i.test/t"]})";
  auto const html = FakeIssuer::json(200, "<!doctype html>");
  auto const foreign = FakeIssuer::json(200, R"({"issuer":"https://x.test","resource":"https://x.test"})");
  auto const slow =
      FakeIssuer::Reply(base::Error(base::Fault::timed_out, base::Blame::upstream, "no answer in time"));
  for (auto const& reply :
       {html, foreign, slow, FakeIssuer::json(302, ""), FakeIssuer::json(401, ""), FakeIssuer::json(500, ""),
        FakeIssuer::json(501, ""), FakeIssuer::with(FakeIssuer::json(503, ""), "retry-after", "9")}) {
    for (auto const& place : {path, first}) {
      odd = {{place, reply}};
      locator.reset();
      auto const found = find();
      ASSERT_TRUE(found) << place << (reply ? reply->status : 0);
      EXPECT_EQ(found->endpoint.text(), "https://i.test/token");
    }
  }
}

TEST_F(Locating, APlaceInTroubleIsNotTakenForAnAbsence) {
  documents.clear();
  auto const found = [this](std::string const& place, int status) {
    odd = {{place, FakeIssuer::json(status, "")}};
    locator.reset();
    return find();
  };
  for (auto const* const place : {"https://s.test/.well-known/oauth-protected-resource/mcp",
                                  "https://s.test/.well-known/oauth-protected-resource",
                                  "https://s.test/.well-known/oauth-authorization-server",
                                  "https://s.test/.well-known/openid-configuration"}) {
    EXPECT_EQ(found(place, 500).error().cause, Cause::transient) << place;
    auto const moved = found(place, 302);
    ASSERT_FALSE(moved) << place;
    EXPECT_EQ(moved.error().status, 302);
    EXPECT_NE(moved.error().step.find(" at s.test"), std::string::npos);
    EXPECT_NE(moved.error().advice.find("no redirects"), std::string::npos);
    EXPECT_TRUE(found(place, 404)) << "which is a server of 2025-03-26";
  }
}

TEST_F(Locating, AHostThatWantsPatienceOrIsAwayIsAskedOnce) {
  std::string const first = "https://i.test/.well-known/oauth-authorization-server/t";
  odd = {{first, FakeIssuer::with(FakeIssuer::json(429, ""), "retry-after", "9")}};
  auto const patient = find();
  ASSERT_FALSE(patient);
  EXPECT_EQ(patient.error().retry_after, 9s);
  EXPECT_EQ(said(patient.error()), "the issuer's metadata at i.test: HTTP 429");
  EXPECT_EQ(urls().back(), first);
  odd = {{first, FakeIssuer::Reply(base::Error(base::Fault::connect_failed, base::Blame::upstream, "refused",
                                               base::Retry::always))}};
  locator.reset();
  EXPECT_EQ(find().error().cause, Cause::transient);
  EXPECT_EQ(urls().back(), first);
}

TEST_F(Locating, WhereTheNamedMetadataAreNotTheWellKnownOnesAreAsked) {
  for (auto const* const named :
       {R"("https://s.test/nope")", R"("https://meta.test/nope")", R"("https://127.0.0.1/m")", R"("http://")",
        R"("ftp://s.test/m")", R"("//meta.test/m")", R"("https://s.test/m#part")",
        R"("https://s.test/.well-known/oauth-protected-resource/mcp")", "https://s.test/nope"}) {
    challenge = std::string("Bearer resource_metadata=") + named;
    locator.reset();
    net.asked.clear();
    auto const found = find();
    ASSERT_TRUE(found) << named;
    EXPECT_EQ(found->issuer, "https://i.test/t");
    auto const all = urls();
    EXPECT_EQ(std::count(all.begin(), all.end(), "https://s.test/.well-known/oauth-protected-resource/mcp"),
              1);
    EXPECT_EQ(std::count(all.begin(), all.end(), "https://meta.test/m"), 0);
  }
}

TEST_F(Locating, ANamedAddressMayBeRelativeOrWithoutQuotes) {
  documents["https://s.test/meta"] =
      R"({"resource":"https://s.test/mcp","authorization_servers":["https://i.test/t"],"scopes_supported":["y"]})";
  for (auto const* const named : {R"("/meta")", "/meta", R"("meta")", "https://s.test/meta"}) {
    challenge = std::string("Bearer resource_metadata=") + named;
    locator.reset();
    net.asked.clear();
    auto const found = find();
    ASSERT_TRUE(found) << named;
    EXPECT_EQ(found->scopes, std::vector<std::string>{"y"}) << named;
    EXPECT_EQ(urls()[1], "https://s.test/meta");
  }
}

TEST_F(Locating, AServerThatNamesMetadataIsNoneOf20250326) {
  documents.clear();
  documents["https://s.test/.well-known/oauth-authorization-server"] =
      issuer("https://s.test", "", "https://s.test/t");
  for (auto const* const named : {"https://s.test/nope", "https://meta.test/nope", "ftp://s.test/m"}) {
    challenge = std::string("Bearer resource_metadata=\"") + named + "\"";
    locator.reset();
    net.asked.clear();
    auto const refused = find();
    ASSERT_FALSE(refused) << named;
    EXPECT_NE(refused.error().advice, "");
    for (auto const& url : urls())
      EXPECT_EQ(url.find("oauth-authorization-server"), std::string::npos) << url;
  }
}

TEST_F(Locating, ForeignDocumentsAreNotBelieved) {
  documents["https://s.test/.well-known/oauth-protected-resource/mcp"] =
      R"({"resource":"https://other.test/mcp","authorization_servers":["https://i.test/t"]})";
  EXPECT_EQ(find().error().cause, Cause::policy);
  locator.reset();
  documents["https://s.test/.well-known/oauth-protected-resource/mcp"] =
      R"({"resource":"https://s.test/mcp","authorization_servers":["https://i.test/t"]})";
  documents["https://i.test/.well-known/openid-configuration/t"] = issuer("https://i.test/T");
  EXPECT_EQ(find().error().cause, Cause::policy);
}

TEST_F(Locating, TheConfiguredIssuerMustBeOneOfTheServers) {
  options.issuer = "https://i.test/other";
  EXPECT_EQ(find().error().cause, Cause::policy);
  locator.reset();
  options.issuer = "https://i.test/t";
  auto const place = find();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->guard, nullptr);  // the operator named it
}

TEST_F(Locating, ClosedEndpointsAreRefusedBeforeASecretIsSent) {
  for (auto const* const endpoint : {"http://i2.test/token", "https://169.254.169.254/token",
                                     "https://[::1]/token", "https://0x7f.1/token"}) {
    locator.reset();
    documents["https://i.test/.well-known/openid-configuration/t"] = issuer("https://i.test/t", "", endpoint);
    auto const place = find();
    ASSERT_FALSE(place) << endpoint;
    EXPECT_EQ(place.error().cause, Cause::config);
  }
}

TEST_F(Locating, APlaceToRevokeAtIsUsedOnlyWhereItMayBeAsked) {
  auto const at = [this](std::string const& endpoint) {
    locator.reset();
    documents["https://i.test/.well-known/openid-configuration/t"] =
        issuer("https://i.test/t", R"(,"revocation_endpoint":")" + endpoint + "\"");
    auto place = find();
    EXPECT_TRUE(place) << endpoint;  // tokens can be had all the same
    return place ? *place : TokenPlace();
  };
  auto const place = at("https://i.test/revoke");
  ASSERT_TRUE(place.revocation);
  EXPECT_EQ(place.revocation->text(), "https://i.test/revoke");
  EXPECT_NE(place.revocation_guard, nullptr);
  for (auto const* const closed :
       {"http://i.test/revoke", "https://127.0.0.1/revoke", "https://[::1]/r", "", "x"})
    EXPECT_FALSE(at(closed).revocation) << closed;
  options.issuer = "https://i.test/t";
  EXPECT_EQ(at("https://i.test/revoke").revocation_guard, nullptr);  // the operator named it
}

TEST_F(Locating, AServerOf20250326IsItsOwnIssuer) {
  documents.clear();
  auto place = find();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->endpoint.text(), "https://s.test/token");
  EXPECT_EQ(place->issuer, "https://s.test");
  EXPECT_EQ(place->resource, "https://s.test/mcp") << "its URL, where it does not name itself";
  EXPECT_TRUE(place->scopes.empty()) << "what a challenge says counts with metadata alone";
  locator.reset();
  documents["https://s.test/.well-known/oauth-authorization-server"] =
      issuer("https://s.test", R"(,"token_endpoint_auth_methods_supported":["client_secret_post"])",
             "https://s.test/t");
  place = find();
  ASSERT_TRUE(place);
  EXPECT_EQ(place->endpoint.text(), "https://s.test/t");
  EXPECT_EQ(place->auth, ClientAuth::post);
}

TEST_F(Locating, AServerOf20250326MayBeNamedAsItsOwnIssuer) {
  documents.clear();
  for (auto const* const name : {"https://s.test", "https://s.test/"}) {
    options.issuer = name;
    locator.reset();
    auto const place = find();
    ASSERT_TRUE(place) << name;
    EXPECT_EQ(place->endpoint.text(), "https://s.test/token");
    EXPECT_EQ(place->issuer, name);
  }
  for (auto const* const other : {"https://i.test", "https://s.test/tenant", "http://s.test"}) {
    options.issuer = other;
    locator.reset();
    EXPECT_FALSE(find()) << other;
  }
  documents["https://s.test/.well-known/oauth-protected-resource/mcp"] =
      R"({"resource":"https://s.test/mcp","authorization_servers":["https://s.test"]})";
  options.issuer = "https://s.test";
  locator.reset();
  EXPECT_FALSE(find());  // it publishes metadata: its issuer has to as well
}

TEST_F(Locating, AServerWithoutMetadataHasNamedNoIssuerThatIsSomebodyElse) {
  documents.erase("https://s.test/.well-known/oauth-protected-resource/mcp");
  documents["https://i.test/.well-known/oauth-authorization-server"] = issuer("https://i.test");
  challenge = R"(Bearer scope="admin:all")";
  for (auto const* const other : {"https://i.test", "https://s.test:8443", "http://s.test"}) {
    options.issuer = other;
    locator.reset();
    net.asked.clear();
    auto const refused = find();
    ASSERT_FALSE(refused) << other;
    EXPECT_EQ(refused.error().cause, Cause::config);
    EXPECT_NE(refused.error().description.find("no metadata"), std::string::npos);
    EXPECT_NE(refused.error().advice.find("`auth.token_url`"), std::string::npos);
    for (auto const& url : urls()) EXPECT_TRUE(url.starts_with("https://s.test/")) << url;
  }
  options.issuer = "https://i.test";
  challenge = R"(Bearer resource_metadata="https://s.test/withheld")";
  locator.reset();
  EXPECT_FALSE(find());
  net.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(503, ""); };
  locator.reset();
  EXPECT_EQ(find().error().cause, Cause::transient) << "away is not the same as silent";
}

TEST_F(Locating, AClientIsShownAsTheIssuerSays) {
  using Auth = std::optional<ClientAuth>;
  auto const auth = [this](std::string const& methods) {
    documents["https://i.test/.well-known/openid-configuration/t"] =
        issuer("https://i.test/t", R"(,"token_endpoint_auth_methods_supported":[)" + methods + "]");
    locator.reset();
    return find()->auth;
  };
  EXPECT_EQ(auth(R"("none")"), Auth(ClientAuth::none));
  EXPECT_EQ(auth(R"("none","client_secret_post")"), Auth(ClientAuth::post));
  EXPECT_EQ(auth(R"("none","client_secret_basic","client_secret_post")"), Auth());
  EXPECT_EQ(auth(R"("private_key_jwt")"), Auth());
}

TEST_F(Locating, RedirectsAndTroubleAreTold) {
  net.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(302, ""); };
  EXPECT_EQ(find().error().cause, Cause::config);
  locator.reset();
  net.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::json(503, ""); };
  EXPECT_EQ(find().error().cause, Cause::transient);
}

}  // namespace
}  // namespace weir::oauth
