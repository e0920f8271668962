#include "edge/host_policy.hpp"

#include <gtest/gtest.h>

namespace weir::edge {
namespace {

TEST(HostPolicy, ALoopbackListenerServesLoopbackNamesOnly) {  // T-52
  HostPolicy const policy(true, {}, {});
  for (char const* const host : {"localhost", "localhost:6270", "LOCALHOST", "127.0.0.1", "127.0.0.1:80",
                                 "127.8.9.255", "[::1]", "[::1]:6270"}) {
    EXPECT_TRUE(policy.host_allowed(host)) << host;
  }
  for (char const* const host : {"",
                                 ":6270",
                                 "evil.example",
                                 "evil.example:6270",
                                 "localhost.evil.example",
                                 "localhost.",
                                 "127.0.0.1.nip.io",
                                 "127.0.0.1:6270@evil.example",
                                 "0.0.0.0",
                                 "0.0.0.0:6270",
                                 "127.1",
                                 "127.0.0.01",
                                 "0177.0.0.1",
                                 "2130706433",
                                 "0x7f.0.0.1",
                                 "127.0.0.256",
                                 "[::]",
                                 "[::ffff:127.0.0.1]",
                                 "::1",
                                 "[::1",
                                 "127.0.0.1:",
                                 "127.0.0.1:0",
                                 "127.0.0.1:99999",
                                 "127.0.0.1:x",
                                 "localhost:6270:6270",
                                 "192.168.0.1",
                                 "169.254.169.254"}) {
    EXPECT_FALSE(policy.host_allowed(host)) << host;
  }
}

TEST(HostPolicy, ConfiguredHostsAreServedWithOrWithoutPort) {
  HostPolicy const policy(true, {"mcp.example.com", "other.example.com:8443"}, {});
  EXPECT_TRUE(policy.host_allowed("mcp.example.com"));
  EXPECT_TRUE(policy.host_allowed("MCP.example.com:6270"));
  EXPECT_TRUE(policy.host_allowed("other.example.com:8443"));
  EXPECT_FALSE(policy.host_allowed("other.example.com:8444"));
}

TEST(HostPolicy, AnotherListenerServesAnyHostUnlessToldWhich) {
  EXPECT_TRUE(HostPolicy(false, {}, {}).host_allowed("gateway.example.com"));
  EXPECT_TRUE(HostPolicy(false, {}, {}).host_allowed("localhost:6270"));
  HostPolicy const told(false, {"a.example.com"}, {});
  EXPECT_FALSE(told.host_allowed("b.example.com"));
  for (char const* const loopback : {"localhost", "127.0.0.1:6270", "[::1]"}) {
    EXPECT_FALSE(told.host_allowed(loopback)) << loopback;
  }
  EXPECT_TRUE(HostPolicy(false, {"a.example.com", "localhost"}, {}).host_allowed("localhost:6270"));
}

TEST(HostPolicy, OriginsMustBeLoopbackOrConfigured) {  // P017
  HostPolicy const local(true, {}, {"https://console.example.com"});
  for (char const* const origin : {"http://localhost:3000", "https://localhost", "http://127.0.0.1:6274",
                                   "http://[::1]:1", "https://console.example.com"}) {
    EXPECT_TRUE(local.origin_allowed(origin)) << origin;
  }
  for (char const* const origin :
       {"null", "", "http://evil.example", "https://localhost.evil.example", "http://localhost@evil.example",
        "file://localhost", "http://localhost:3000/path", "localhost", "http://127.0.0.1.evil.example",
        "https://console.example.com.evil.example", "http://console.example.com"}) {
    EXPECT_FALSE(local.origin_allowed(origin)) << origin;
  }
  HostPolicy const open(false, {}, {"https://console.example.com"});
  EXPECT_FALSE(open.origin_allowed("http://localhost:3000"));
  EXPECT_TRUE(open.origin_allowed("https://console.example.com"));
}

}  // namespace
}  // namespace weir::edge
