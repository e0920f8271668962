#include "oauth/registration.hpp"

#include <gtest/gtest.h>

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

constexpr char kBack[] = "http://127.0.0.1:7007/callback";

net::FetchedReply answer(int status, std::string body) {
  net::FetchedReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}
OAuthResult<Registered> read(int status, std::string body, ClientAuth asked = ClientAuth::none) {
  return read_registration(answer(status, std::move(body)), kBack, asked);
}

TEST(Registration, ClientsAreChosenInTheOrderOfTheSpecification) {
  TokenPlace place;
  place.registration_endpoint = "https://i.test/register";
  place.client_documents = true;
  ClientChoice choice{true, "https://w.test/weir.json", true};
  EXPECT_EQ(choose_client(choice, place), ClientFrom::configured);
  choice.configured = false;
  EXPECT_EQ(choose_client(choice, place), ClientFrom::document);
  place.client_documents = false;  // the issuer does not read such
  EXPECT_EQ(choose_client(choice, place), ClientFrom::kept);
  choice.kept = false;
  EXPECT_EQ(choose_client(choice, place), ClientFrom::registration);
  place.registration_endpoint.clear();
  EXPECT_EQ(choose_client(choice, place), ClientFrom::nowhere);
  place.client_documents = true;
  choice.document.clear();
  EXPECT_EQ(choose_client(choice, place), ClientFrom::nowhere);
}

TEST(Registration, AClientNeedsNoSecretWhereTheIssuerAllowsIt) {
  EXPECT_EQ(registered_auth({}), ClientAuth::none);
  EXPECT_EQ(registered_auth({"client_secret_basic", "none"}), ClientAuth::none);
  EXPECT_EQ(registered_auth({"client_secret_post", "client_secret_basic"}), ClientAuth::basic);
  EXPECT_EQ(registered_auth({"client_secret_post"}), ClientAuth::post);
}

TEST(Registration, SaysWhatWeirIs) {
  EXPECT_EQ(
      registration_body(kBack, {"a", "b\"c"}, ClientAuth::none),
      R"({"client_name":"Weir","application_type":"native","token_endpoint_auth_method":"none",)"
      R"("scope":"a b\"c","grant_types":["authorization_code","refresh_token"],"response_types":["code"],)"
      R"("redirect_uris":["http://127.0.0.1:7007/callback"]})");
  EXPECT_EQ(registration_body(kBack, {}, ClientAuth::post).find("scope"), std::string::npos);
}

TEST(Registration, AnAnswerNamesAClient) {
  auto const open = read(201, R"({"client_id":"c-1","redirect_uris":["http://127.0.0.1:7007/callback"]})");
  ASSERT_TRUE(open);
  EXPECT_EQ(open->client.id, "c-1");
  EXPECT_EQ(open->client.auth, ClientAuth::none);
  EXPECT_FALSE(open->secret_until);
  auto const secret =
      read(200, R"({"client_id":"c-1","client_secret":"s","client_secret_expires_at":1800000000,)"
                R"("token_endpoint_auth_method":"client_secret_post"})");
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->client.auth, ClientAuth::post);
  EXPECT_EQ(secret->client.secret.reveal(), "s");
  EXPECT_EQ(secret->secret_until, base::WallTime(1800000000s));
  auto const for_good =
      read(201, R"({"client_id":"c","client_secret":"s","client_secret_expires_at":0})", ClientAuth::basic);
  ASSERT_TRUE(for_good);
  EXPECT_FALSE(for_good->secret_until);
}

TEST(Registration, AClientMayAskForWhatItWasRegisteredFor) {
  EXPECT_EQ(read(201, R"({"client_id":"c","scope":"read write"})")->scope, "read write");
  EXPECT_EQ(read(201, R"({"client_id":"c"})")->scope, "");
  auto const longest = std::string(kClientScopeMax, 'a');
  EXPECT_EQ(read(201, R"({"client_id":"c","scope":")" + longest + R"("})")->scope, longest);
  EXPECT_EQ(read(201, R"({"client_id":"c","scope":"a)" + longest + R"("})")->scope, "");
  EXPECT_EQ(read(201, R"({"client_id":"c","scope":"a\nb"})")->scope, "");
  EXPECT_TRUE(registered_for("read write", {"write", "read"}));
  EXPECT_TRUE(registered_for("read", {}));
  EXPECT_FALSE(registered_for("read write", {"read", "admin"}));
  EXPECT_FALSE(registered_for("reader write", {"read"}));
  EXPECT_TRUE(registered_for("", {"admin"})) << "the issuer did not say";
}

TEST(Registration, WhatCannotBeUsedIsNoRegistration) {
  std::string const long_id(kClientIdMax + 1, 'a');
  for (
      auto const& body : std::vector<std::string>{
          "", "[]", "{", "{}", R"({"client_id":""})", R"({"client_id":7})", R"({"client_id":"a\nb"})",
          R"({"client_id":"a","client_id":"b"})", R"({"client_id":"\u00e4"})",
          R"({"client_id":")" + long_id + R"("})",
          R"({"client_id":"a","token_endpoint_auth_method":"private_key_jwt"})",
          R"({"client_id":"a","token_endpoint_auth_method":"client_secret_basic"})",
          R"({"client_id":"a","token_endpoint_auth_method":"client_secret_basic","client_secret":"a\u0000"})",
          R"({"client_id":"a","token_endpoint_auth_method":"client_secret_basic","client_secret":"s",)"
          R"("client_secret_expires_at":-1})"}) {
    auto const refused = read(201, body);
    ASSERT_FALSE(refused) << body;
    EXPECT_EQ(name_of(refused.error().cause), name_of(Cause::protocol)) << body;
  }
  EXPECT_TRUE(read(201, R"({"client_id":")" + long_id.substr(1) + R"("})"));
}

TEST(Registration, AnotherWayBackIsNotOurs) {
  for (auto const* const uris :
       {R"([])", R"(["http://127.0.0.1:7008/callback"])", R"("https://evil.test/")", "7"}) {
    auto const refused = read(201, R"({"client_id":"a","redirect_uris":)" + std::string(uris) + "}");
    ASSERT_FALSE(refused) << uris;
    EXPECT_EQ(refused.error().cause, Cause::policy);
  }
}

TEST(Registration, RefusalsMeanWhatTheTableSays_R046) {
  auto const bad = read(400, R"({"error":"invalid_redirect_uri","error_description":"no loopback"})");
  EXPECT_EQ(bad.error().cause, Cause::config);
  EXPECT_EQ(bad.error().code, "invalid_redirect_uri");
  EXPECT_EQ(bad.error().description, "no loopback");
  EXPECT_EQ(said(bad.error()), "registration: invalid_redirect_uri: no loopback");
  EXPECT_EQ(read(401, "").error().cause, Cause::config);
  EXPECT_EQ(read(403, "<html>").error().cause, Cause::config);
  EXPECT_EQ(read(302, R"({"client_id":"a"})").error().cause, Cause::config);
  EXPECT_EQ(read(429, "").error().cause, Cause::throttle);
  EXPECT_EQ(read(500, R"({"client_id":"a"})").error().cause, Cause::transient);
}

TEST(Registration, AFailureSaysWhereAndWhichClientWouldDoInstead) {
  auto const refused = registration_failed(read(403, "<html>").error(), "i.test", kBack);
  EXPECT_EQ(said(refused), "registration at i.test: HTTP 403");
  EXPECT_NE(refused.advice.find("`auth.client_id`"), std::string::npos);
  EXPECT_NE(refused.advice.find(kBack), std::string::npos);
  EXPECT_EQ(read(429, "").error().advice, "") << "a time is all that it takes";
  EXPECT_EQ(read(500, "").error().step, "registration");
}

}  // namespace
}  // namespace weir::oauth
