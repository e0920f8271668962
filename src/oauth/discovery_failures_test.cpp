#include "oauth/discovery_failures.hpp"

#include <gtest/gtest.h>

#include "oauth/error_table.hpp"

namespace weir::oauth {
namespace {

OAuthError http(int status, std::string_view retry_after = {}) {
  Seen seen{status};
  seen.retry_after = retry_after;
  return refusal(seen);
}
OAuthError closed() { return not_reached(base::Error(base::Fault::denied, base::Blame::upstream, "closed")); }
OAuthError away() {
  return not_reached(
      base::Error(base::Fault::connect_failed, base::Blame::upstream, "cannot connect", base::Retry::always));
}
OAuthError of(std::vector<OAuthError> const& errors) {
  DiscoveryFailures failures;
  for (auto const& error : errors) failures.add(error);
  return failures.most_telling();
}

TEST(DiscoveryFailures, TroubleIsToldBeforeWhatIsWrongAndThatBeforeAnAbsence) {
  auto const foreign = misfit(Cause::policy, 200, "foreign");
  auto const page = misfit(Cause::protocol, 200, "a page");
  EXPECT_EQ(of({http(404), http(500), http(404)}).cause, Cause::transient);
  EXPECT_EQ(of({foreign, page, http(302), away(), http(404)}).cause, Cause::transient);
  EXPECT_EQ(of({http(500), http(503, "9")}).retry_after, std::chrono::seconds{9});
  EXPECT_EQ(of({http(404), page, foreign, http(302)}).description, "foreign");
  EXPECT_EQ(of({http(302), page, http(404)}).description, "a page");
  EXPECT_EQ(of({http(404), http(302), http(403)}).status, 302);
  EXPECT_EQ(of({http(403), http(404)}).status, 403) << "the first of two alike";
  EXPECT_EQ(of({}).cause, Cause::protocol);
}

TEST(DiscoveryFailures, AnAbsenceIsWhatTheServerSaysItself) {
  for (int const status : {400, 401, 403, 404, 405, 410}) EXPECT_TRUE(is_absence(http(status))) << status;
  for (int const status : {302, 408, 429, 500, 501, 503}) EXPECT_FALSE(is_absence(http(status))) << status;
  EXPECT_FALSE(is_absence(closed()));
  EXPECT_FALSE(is_absence(away()));
  EXPECT_TRUE(is_absence(of({http(404), http(404)})));
}

TEST(DiscoveryFailures, WhatGoesForAHostEndsTheQuestionsToIt) {
  EXPECT_TRUE(concerns_host(closed()));
  EXPECT_TRUE(concerns_host(away()));
  EXPECT_TRUE(concerns_host(http(429)));
  for (int const status : {302, 404, 500, 503}) EXPECT_FALSE(concerns_host(http(status))) << status;
  EXPECT_FALSE(concerns_host(not_reached(base::Error(base::Fault::timed_out, base::Blame::upstream, ""))));
}

TEST(DiscoveryFailures, EachSaysWhoWasAskedForWhatAndWhatCanBeDone) {
  auto const redirect = at_step(http(302), Metadata::of_server, "s.test:8443");
  EXPECT_EQ(said(redirect), "the metadata of the server at s.test:8443: HTTP 302");
  EXPECT_NE(redirect.advice.find("no redirects"), std::string::npos);
  auto const issuer = at_step(misfit(Cause::policy, 200, "foreign"), Metadata::of_issuer, "i.test");
  EXPECT_EQ(said(issuer), "the issuer's metadata at i.test: foreign");
  EXPECT_NE(issuer.advice.find("byte for byte"), std::string::npos);
  EXPECT_NE(at_step(closed(), Metadata::of_issuer, "i.test").advice.find("`security.ssrf.allow`"),
            std::string::npos);
  EXPECT_EQ(at_step(http(500), "registration", "").step, "registration");
  EXPECT_LT(at_step(http(500), "registration", std::string(5000, 'a')).step.size(), 150U);
  auto coded = http(400);
  coded.code = "access_denied";
  coded.description.clear();
  EXPECT_EQ(said(coded), "access_denied") << "without an end that says nothing";
}

}  // namespace
}  // namespace weir::oauth
