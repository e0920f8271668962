#include "net/url.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace weir::net {
namespace {

std::string shown(base::Result<Url> const& url) {
  if (url.has_error()) return "error";
  return std::string{url->https ? "s " : "- "} + url->host + " " + std::to_string(url->port) + " " +
         url->authority + " " + url->target;
}

TEST(Url, IsTakenApart) {
  EXPECT_EQ(shown(parse_url("http://localhost:3000/mcp")), "- localhost 3000 localhost:3000 /mcp");
  EXPECT_EQ(shown(parse_url("https://Example.COM/a/b?c=d&e")), "s example.com 443 example.com /a/b?c=d&e");
  EXPECT_EQ(shown(parse_url("HTTPS://example.com:443")), "s example.com 443 example.com /");
  EXPECT_EQ(shown(parse_url("http://example.com:80?x")), "- example.com 80 example.com /?x");
  EXPECT_EQ(shown(parse_url("https://example.com:80/")), "s example.com 80 example.com:80 /");
  EXPECT_EQ(shown(parse_url("http://example.com:/")), "- example.com 80 example.com /");
  EXPECT_EQ(shown(parse_url("http://127.0.0.1:8080/")), "- 127.0.0.1 8080 127.0.0.1:8080 /");
  EXPECT_EQ(shown(parse_url("http://[::1]:8080/x")), "- ::1 8080 [::1]:8080 /x");
  EXPECT_EQ(shown(parse_url("https://[2001:DB8::1]/")), "s 2001:db8::1 443 [2001:db8::1] /");
  EXPECT_EQ(shown(parse_url("http://h:65535/%7Bx%7D")), "- h 65535 h:65535 /%7Bx%7D");
}

TEST(Url, IsRefusedWhenItIsNotPlainHttp) {
  for (std::string_view const text : {"",
                                      "localhost",
                                      "localhost:3000",
                                      "//localhost/",
                                      "/mcp",
                                      "ftp://h/",
                                      "file:///etc/passwd",
                                      "ws://h/",
                                      "javascript:alert(1)",
                                      "http://",
                                      "http:///x",
                                      "https:h",
                                      "http://user@h/",
                                      "http://user:pw@h/",
                                      "http://@h/",
                                      "http://h/#f",
                                      "http://h#",
                                      "http://h:0/",
                                      "http://h:65536/",
                                      "http://h:x/",
                                      "http://h:-1/",
                                      "http://h:80:80/",
                                      "http://[::1/",
                                      "http://::1/",
                                      "http://[fe80::1%25eth0]/",
                                      "http://[v1.x]/",
                                      "http://a b/",
                                      "http://h/a b",
                                      "http://h/\r\nHost: x",
                                      "http://h\r\n/",
                                      "http://h%2fx/",
                                      "http://h,x/",
                                      "http://h/{x}",
                                      "http://h/\xc3\xa9",
                                      " http://h/",
                                      "http://h/ ",
                                      "http://h\\x/",
                                      "http://\xc3\xa9.example/"}) {
    EXPECT_EQ(shown(parse_url(text)), "error") << text;
  }
}

TEST(Url, HoldsItsLengthLimitOnBothSides) {
  std::string const start = "http://h/";
  EXPECT_TRUE(parse_url(start + std::string(kUrlBytesMax - start.size(), 'a')).has_value());
  EXPECT_TRUE(parse_url(start + std::string(kUrlBytesMax - start.size() + 1, 'a')).has_error());
}

TEST(Url, TextIsReadBackTheSame) {
  for (std::string_view const text :
       {"http://localhost:3000/mcp?x=y", "https://[::1]/", "https://h:8443/a"}) {
    EXPECT_EQ(parse_url(text)->text(), text);
  }
}

// P051: the endpoint event of HTTP+SSE names a URI that may be relative and must keep the origin.
TEST(Url, ReferencesAreResolvedAgainstABase) {
  Url const base = *parse_url("https://h:8443/a/sse?k=v");
  EXPECT_EQ(shown(resolve_url(base, "/messages?sessionId=1")), "s h 8443 h:8443 /messages?sessionId=1");
  EXPECT_EQ(shown(resolve_url(base, "messages")), "s h 8443 h:8443 /a/messages");
  EXPECT_EQ(shown(resolve_url(base, "../m?x")), "s h 8443 h:8443 /m?x");
  EXPECT_EQ(shown(resolve_url(base, "./m/../n")), "s h 8443 h:8443 /a/n");
  EXPECT_EQ(shown(resolve_url(base, "../../../m")), "s h 8443 h:8443 /m");
  EXPECT_EQ(shown(resolve_url(base, "../..")), "s h 8443 h:8443 /");
  EXPECT_EQ(shown(resolve_url(base, "../..?x")), "s h 8443 h:8443 /?x");
  EXPECT_EQ(shown(resolve_url(base, "?y=z")), "s h 8443 h:8443 /a/sse?y=z");
  EXPECT_EQ(shown(resolve_url(base, "")), "s h 8443 h:8443 /a/sse?k=v");
  EXPECT_EQ(shown(resolve_url(base, "//other/x")), "s other 443 other /x");
  EXPECT_EQ(shown(resolve_url(base, "http://[::1]:81/x")), "- ::1 81 [::1]:81 /x");
  EXPECT_EQ(shown(resolve_url(*parse_url("http://h"), "m")), "- h 80 h /m");
}

TEST(Url, BadReferencesBlameTheUpstream) {
  Url const base = *parse_url("https://h/sse");
  for (std::string_view const text :
       {"#f", "/x#f", "javascript:alert(1)", "//user@h/x", "/a b", "/a\r\nb", "\\\\h\\x", "http://h:0/"}) {
    base::Result<Url> const url = resolve_url(base, text);
    ASSERT_TRUE(url.has_error()) << text;
    EXPECT_EQ(url.error().fault, base::Fault::protocol);
    EXPECT_EQ(url.error().blame, base::Blame::upstream);
  }
}

TEST(Url, OriginIsSchemeHostAndPort) {
  Url const base = *parse_url("https://Host/sse");
  EXPECT_TRUE(same_origin(base, *parse_url("https://hOST:443/other?x")));
  EXPECT_FALSE(same_origin(base, *parse_url("http://host/sse")));
  EXPECT_FALSE(same_origin(base, *parse_url("http://host:443/sse")));
  EXPECT_FALSE(same_origin(base, *parse_url("https://host:8443/sse")));
  EXPECT_FALSE(same_origin(base, *parse_url("https://host.evil.example/sse")));
}

}  // namespace
}  // namespace weir::net
