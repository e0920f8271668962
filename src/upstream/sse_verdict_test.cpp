#include "upstream/sse_verdict.hpp"

#include <gtest/gtest.h>

#include "net/retry_after.hpp"

namespace weir::upstream {
namespace {

using base::Blame;
using base::Error;
using base::Fault;
using base::Retry;
using namespace std::chrono_literals;

std::optional<Error> said(int status, std::string const& retry_after = "", bool shown = false) {
  net::ReplyHead head;
  head.status = status;
  head.retry_after = net::retry_after(retry_after, "Wed, 21 Oct 2026 07:27:00 GMT");
  return refusal_in(head, shown);
}

TEST(SseVerdict, WhatIsTakenIsNoEnd) {
  for (int const status : {200, 202, 204}) EXPECT_FALSE(said(status)) << status;
}

TEST(SseVerdict, ARefusalIsWhatItIsOverStreamableHttp) {
  std::pair<int, Fault> const table[] = {
      {302, Fault::protocol},    {400, Fault::refused},     {413, Fault::refused},  {429, Fault::throttled},
      {500, Fault::unavailable}, {502, Fault::unavailable}, {503, Fault::throttled}};
  for (auto const& [status, fault] : table) {
    auto const error = said(status);
    ASSERT_TRUE(error) << status;
    EXPECT_EQ(error->fault, fault) << status;
    EXPECT_EQ(error->blame, Blame::upstream) << status;
    EXPECT_EQ(error->retry_after, 0s) << status;
  }
}

TEST(SseVerdict, WhoIsToComeBackIsToldWhen) {
  EXPECT_EQ(said(429, "2")->retry_after, 2s);
  EXPECT_EQ(said(503, "30")->retry_after, 30s);
  EXPECT_EQ(said(429, "2")->hint, "It asks to come back in 2 s.");
  EXPECT_EQ(said(429, "Wed, 21 Oct 2026 07:28:00 GMT")->retry_after, 60s);
  EXPECT_EQ(said(503, "Wed, 21 Oct 2026 07:28:00 GMT")->hint, "It asks to come back in 60 s.");
  EXPECT_EQ(said(503, "Wed, 21 Oct 2026 07:26:00 GMT")->retry_after, 0s) << "over already";
  for (auto const* const other : {"soon", "-1", "2 s", "99999999999", "Wed, 21 Oct 2026 07:28:00"})
    EXPECT_EQ(said(429, other)->retry_after, 0s) << other;
}

TEST(SseVerdict, ACredentialThatIsNotTakenIsOurs) {
  for (int const status : {401, 403}) {
    EXPECT_EQ(said(status)->blame, Blame::gateway);
    EXPECT_EQ(said(status)->retry, Retry::always);
  }
}

TEST(SseVerdict, WhoHasSetACredentialIsNotToldToSetOne) {
  EXPECT_EQ(said(401, "", false)->hint,
            "The server wants a credential that Weir has not; set headers or auth for it.");
  EXPECT_EQ(said(401, "", true)->hint,
            "The server refuses the credential that Weir sends; correct its headers or auth.");
}

TEST(SseVerdict, OnceSomethingWasSentTheEndOfTheConnectionSaysNothing) {
  for (auto const fault : {Fault::connection_lost, Fault::protocol, Fault::timed_out, Fault::too_large}) {
    for (auto const retry : {Retry::never, Retry::if_idempotent, Retry::stale_connection})
      EXPECT_FALSE(refusal_in(Error(fault, Blame::upstream, "", retry))) << name_of(fault);
  }
}

TEST(SseVerdict, WhatWasNotSentOrIsOursIsTold) {
  EXPECT_EQ(refusal_in(Error(Fault::connect_failed, Blame::upstream, "", Retry::always))->fault,
            Fault::connect_failed);
  EXPECT_EQ(refusal_in(Error(Fault::connect_failed, Blame::upstream, "not trusted"))->detail, "not trusted");
  EXPECT_EQ(refusal_in(Error(Fault::timed_out, Blame::upstream, "connecting", Retry::always))->fault,
            Fault::timed_out);
  EXPECT_EQ(refusal_in(Error(Fault::timed_out, Blame::gateway, "no token in time"))->fault, Fault::timed_out);
  EXPECT_EQ(refusal_in(Error(Fault::denied, Blame::client, "scope"))->fault, Fault::denied);
}

}  // namespace
}  // namespace weir::upstream
