// T-52: more than two hundred ways to write a host or origin that is not this machine. Each is made from one
// that is served by one change.
#include <gtest/gtest.h>

#include <set>

#include "edge/host_policy.hpp"

namespace weir::edge {
namespace {

using Texts = std::vector<std::string>;

Texts const kBehind{".",
                    ".evil.example",
                    "evil.example",
                    "-evil.example",
                    "/",
                    "/x",
                    "?x",
                    "#x",
                    "%00",
                    "%2eevil.example",
                    " ",
                    "\t",
                    "@evil.example",
                    ":80@evil.example",
                    ":",
                    ":0",
                    ":65536",
                    ":-1",
                    ":+80",
                    ":80:80",
                    ":8 0",
                    ":0x50",
                    ",evil.example",
                    ";evil",
                    "\\evil.example",
                    "..",
                    "\x01",
                    "\xC2\xA0"};
Texts const kBefore{"evil.example@",
                    "evil-",
                    "evil.",
                    ".",
                    " ",
                    "http://",
                    "//",
                    "/",
                    "user:pw@",
                    "*.",
                    "x",
                    "%6c",
                    "\\",
                    "evil.example,",
                    "evil.example:80,"};
Texts const kOthers{"0.0.0.0",
                    "0",
                    "127.1",
                    "127.0.1",
                    "127.0.0.01",
                    "127.00.0.1",
                    "0127.0.0.1",
                    "0177.0.0.1",
                    "0x7f.0.0.1",
                    "0x7f000001",
                    "2130706433",
                    "017700000001",
                    "127.0.0.256",
                    "127.0.0.1.1",
                    "127.0.0",
                    "127...1",
                    "128.0.0.1",
                    "126.255.255.255",
                    "[::]",
                    "[0:0:0:0:0:0:0:0]",
                    "[::ffff:127.0.0.1]",
                    "[::ffff:7f00:1]",
                    "[::127.0.0.1]",
                    "[0:0:0:0:0:0:0:1]",
                    "[::0001]",
                    "[::1%25lo]",
                    "[::1%lo]",
                    "[64:ff9b::7f00:1]",
                    "[fe80::1]",
                    "[fd00::1]",
                    "::1",
                    "[::1",
                    "::1]",
                    "[[::1]]",
                    "[]",
                    "localtest.me",
                    "lvh.me",
                    "127.0.0.1.nip.io",
                    "127-0-0-1.sslip.io",
                    "localhost.localdomain",
                    "ip6-localhost",
                    "loopback",
                    "LOCALHOST.",
                    "host.docker.internal",
                    "10.0.0.1",
                    "192.168.1.1",
                    "172.16.0.1",
                    "169.254.169.254",
                    "100.64.0.1",
                    "metadata.google.internal",
                    "evil.example",
                    "example.com",
                    "mcp.example",
                    "xmcp.example.com",
                    "mcp.example.com.evil",
                    "mcp-example.com",
                    "",
                    "loca1host",
                    "local host",
                    "null",
                    "undefined",
                    "*"};

std::set<std::string> foreign_names() {
  std::set<std::string> names(kOthers.begin(), kOthers.end());
  for (std::string const name : {"localhost", "127.0.0.1", "[::1]", "mcp.example.com"}) {
    for (auto const& behind : kBehind) names.insert(name + behind);
    for (auto const& before : kBefore) names.insert(before + name);
  }
  return names;
}

TEST(ForeignHosts, NoneOfThemIsServed_T52) {
  auto const names = foreign_names();
  HostPolicy const policy(true, {"mcp.example.com"}, {"https://mcp.example.com"});
  EXPECT_GE(names.size(), 200U);
  for (auto const& name : names) EXPECT_FALSE(policy.host_allowed(name)) << name;
}

TEST(ForeignHosts, NoPageOfThemIsServed_T52) {
  HostPolicy const policy(true, {"mcp.example.com"}, {"https://mcp.example.com"});
  for (auto const& name : foreign_names()) {
    for (std::string const scheme : {"http://", "https://"}) {
      EXPECT_FALSE(policy.origin_allowed(scheme + name)) << scheme << name;
    }
  }
  for (std::string const scheme : {"", "HTTP://", "ws://", "file://", "chrome-extension://", "data:",
                                   "http:/", "http:", "https:///", "javascript:", "ftp://", "blob:http://"}) {
    EXPECT_FALSE(policy.origin_allowed(scheme + "localhost")) << scheme;
    EXPECT_FALSE(policy.origin_allowed(scheme + "mcp.example.com")) << scheme;
  }
}

TEST(ForeignHosts, WhereOthersReachItOnlyTheListedOnesAreServed_T52) {
  HostPolicy const policy(false, {"mcp.example.com"}, {"https://mcp.example.com"});
  for (auto const& name : foreign_names()) {
    EXPECT_FALSE(policy.host_allowed(name)) << name;
    EXPECT_FALSE(policy.origin_allowed("https://" + name)) << name;
  }
  EXPECT_FALSE(policy.host_allowed("localhost"));
  EXPECT_FALSE(policy.origin_allowed("http://localhost"));
  EXPECT_TRUE(policy.host_allowed("mcp.example.com:8443"));
}

}  // namespace
}  // namespace weir::edge
