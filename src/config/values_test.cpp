#include "config/values.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

using std::chrono::milliseconds;

TEST(Values, DurationsHaveAUnit) {
  EXPECT_EQ(parse_duration("100ms"), milliseconds(100));
  EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(parse_duration("1h"), milliseconds(3'600'000));
  EXPECT_EQ(parse_duration("7d"), milliseconds(604'800'000));
  for (auto const* bad : {"", "30", "s", "5 m", "-5s", "+5s", "5S", "1.5s", "5sx", "99999999999999999999s",
                          "9223372036854775807d"}) {
    EXPECT_FALSE(parse_duration(bad)) << bad;
  }
}

TEST(Values, SecondsMayBeBare) {
  EXPECT_EQ(parse_seconds("1800"), milliseconds(1'800'000));
  EXPECT_EQ(parse_seconds("60s"), milliseconds(60'000));
  EXPECT_FALSE(parse_seconds("-1"));
}

TEST(Values, SizesAreDecimalOrBinaryByTheirUnit) {
  EXPECT_EQ(parse_size("100mb"), 100'000'000U);
  EXPECT_EQ(parse_size("64MB"), 64'000'000U);
  EXPECT_EQ(parse_size("10MiB"), 10U * 1024 * 1024);
  EXPECT_EQ(parse_size("256KiB"), 256U * 1024);
  EXPECT_EQ(parse_size("1gb"), 1'000'000'000U);
  EXPECT_EQ(parse_size("12"), 12U);
  for (auto const* bad : {"", "mb", "1tb", "-1mb", "1.5mb", "99999999999gib"})
    EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Values, CountsRatesAndPercentages) {
  EXPECT_EQ(parse_count("100k"), 100'000);
  EXPECT_EQ(parse_count("2M"), 2'000'000);
  EXPECT_FALSE(parse_count("2G"));
  EXPECT_DOUBLE_EQ(*parse_rate("50/s"), 50);
  EXPECT_DOUBLE_EQ(*parse_rate("30/m"), 0.5);
  EXPECT_FALSE(parse_rate("50"));
  EXPECT_FALSE(parse_rate("50/d"));
  EXPECT_DOUBLE_EQ(*parse_percent("99.5%"), 99.5);
  EXPECT_FALSE(parse_percent("101%"));
  EXPECT_FALSE(parse_percent("5"));
  EXPECT_FALSE(parse_percent("%"));
}

TEST(Values, RangesRunUpwards) {
  EXPECT_EQ(parse_instances("1..4"), (std::pair<std::int64_t, std::int64_t>(1, 4)));
  EXPECT_EQ(parse_instances("4"), (std::pair<std::int64_t, std::int64_t>(4, 4)));
  EXPECT_FALSE(parse_instances("4..1"));
  EXPECT_FALSE(parse_instances("1.."));
  EXPECT_EQ(parse_duration_range("100ms..30s"), std::pair(milliseconds(100), milliseconds(30'000)));
  EXPECT_FALSE(parse_duration_range("30s..100ms"));
}

TEST(Values, DatesAreDaysOrInstantsWithAZone) {
  EXPECT_EQ(parse_date("1970-01-02")->time_since_epoch(), std::chrono::hours(24));
  EXPECT_EQ(parse_date("1970-01-01T01:02:03Z")->time_since_epoch(), std::chrono::seconds(3723));
  EXPECT_EQ(parse_date("1970-01-01T01:00:00+01:00")->time_since_epoch(), std::chrono::seconds(0));
  EXPECT_EQ(parse_date("1970-01-01T01:00:00-01:00")->time_since_epoch(), std::chrono::hours(2));
  for (auto const* bad : {"2027-13-01", "2027-02-29", "2027-1-1", "2027-06-01T10:00:00",
                          "2027-06-01T25:00:00Z", "2027/06/01", "2027-06-01T10:00:00+0100", "20270601"}) {
    EXPECT_FALSE(parse_date(bad)) << bad;
  }
}

TEST(Values, AddressesAreHostAndPortOrSocketOrDescriptor) {
  EXPECT_EQ(parse_address("127.0.0.1:6270")->port, 6270);
  EXPECT_EQ(parse_address("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_address(":6270")->host, "");
  EXPECT_EQ(parse_address("unix:/run/weir.sock")->path, "/run/weir.sock");
  EXPECT_EQ(parse_address("fd:weir")->kind, Address::Kind::inherited);
  for (auto const* bad : {"", "6270", "localhost", "host:99999", "host:", "::1:80", "a b:1", "unix:relative",
                          "unix:", "fd:", "host:-1", "[]:80", "[zz]:80"}) {
    EXPECT_FALSE(parse_address(bad)) << bad;
  }
  EXPECT_EQ(parse_address("[::1]:80")->shown(), "[::1]:80");
  EXPECT_EQ(parse_address("unix:/a")->shown(), "unix:/a");
}

TEST(Values, OnlyLoopbackAndUnixSocketsAreLocal) {
  for (auto const* local : {"127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1", "unix:/a"}) {
    EXPECT_TRUE(parse_address(local)->local_only()) << local;
  }
  for (auto const* open :
       {"0.0.0.0:1", ":1", "[::]:1", "10.0.0.1:1", "127.example.com:1", "fd:x", "example.com:1"}) {
    EXPECT_FALSE(parse_address(open)->local_only()) << open;
  }
}

TEST(Values, UrlsAreHttpWithoutAUserName) {
  for (auto const* good :
       {"http://a/mcp", "https://example.com:8443/x?y=z", "http://127.0.0.1:9000", "http://[::1]:1/mcp"}) {
    EXPECT_TRUE(is_http_url(good)) << good;
  }
  for (auto const* bad : {"", "ftp://a", "http://", "http:///x", "http://u:p@host/", "http://a b/",
                          "http://a:99999/", "http://[::1/", "example.com", "http://a\n/"}) {
    EXPECT_FALSE(is_http_url(bad)) << bad;
  }
}

TEST(Values, KeyHashesAreSixtyFourHexadecimalDigits) {
  std::string const good = "sha256:00ff" + std::string(60, 'a');
  ASSERT_TRUE(parse_key_hash(good));
  EXPECT_EQ((*parse_key_hash(good))[1], 0xFF);
  EXPECT_FALSE(parse_key_hash(good + "a"));
  EXPECT_FALSE(parse_key_hash("sha256:" + std::string(64, 'g')));
  EXPECT_FALSE(parse_key_hash(good.substr(7)));
}

}  // namespace
}  // namespace weir::config
