#include "net/retry_after.hpp"

#include <gtest/gtest.h>

namespace weir::net {
namespace {

using namespace std::chrono_literals;
using Time = std::optional<base::Duration>;

constexpr char kSent[] = "Sun, 06 Nov 1994 08:49:37 GMT";

TEST(RetryAfter, IsInSecondsOrADateThatCountsFromThatOfTheAnswer) {
  EXPECT_EQ(retry_after("8", ""), Time(8s));
  EXPECT_EQ(retry_after("0", kSent), Time(0s));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", kSent), Time(60s));
  EXPECT_EQ(retry_after("Mon, 07 Nov 1994 08:49:37 GMT", kSent), Time(24h));
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", kSent), Time(-30s)) << "over already";
  EXPECT_EQ(retry_after("Fri, 31 Dec 9999 23:59:59 GMT", kSent), Time(24h * 365)) << "fits into a Duration";
}

TEST(RetryAfter, SaysNothingWhereItCannotBeRead) {
  EXPECT_EQ(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", ""), Time()) << "from when?";
  for (auto const* const text :
       {"", "soon", "-1", "+1", "1.5", "1 ", "99999999999", "Sun, 06 Nov 1994 08:50:37 CET",
        "Sun, 31 Feb 1994 08:50:37 GMT", "Sun, 06 nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 24:50:37 GMT",
        "Sun,  6 Nov 1994 08:50:37 GMT", "Sunday, 06-Nov-94 08:50:37 GMT", "1994-11-06T08:50:37Z"})
    EXPECT_EQ(retry_after(text, kSent), Time()) << text;
}

}  // namespace
}  // namespace weir::net
