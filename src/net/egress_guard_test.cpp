#include "net/egress_guard.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include "net/url.hpp"

namespace weir::net {
namespace {

sockaddr_storage address(std::string const& text) {
  sockaddr_storage out{};
  sockaddr_in four{};
  sockaddr_in6 six{};
  if (::inet_pton(AF_INET, text.c_str(), &four.sin_addr) == 1) {
    four.sin_family = AF_INET;
    std::memcpy(&out, &four, sizeof four);
  } else if (::inet_pton(AF_INET6, text.c_str(), &six.sin6_addr) == 1) {
    six.sin6_family = AF_INET6;
    std::memcpy(&out, &six, sizeof six);
  } else {
    ADD_FAILURE() << text;
  }
  return out;
}

bool permits(EgressGuard const& guard, std::string const& text) {
  auto const made = address(text);
  return guard.permits(reinterpret_cast<sockaddr const&>(made));
}

bool checks(EgressGuard const& guard, std::string const& url) {
  auto const parsed = parse_url(url);
  return parsed && guard.check(*parsed);
}

struct Quad {
  unsigned a, b, c, d;
  std::string text() const { return fmt::format("{}.{}.{}.{}", a, b, c, d); }
  std::string hex() const { return fmt::format("{:02x}{:02x}:{:02x}{:02x}", a, b, c, d); }
  unsigned long number() const { return ((a * 256UL + b) * 256UL + c) * 256UL + d; }
};

// Ends of each closed range, and what clouds answer on.
constexpr Quad kClosed[] = {
    {0, 0, 0, 0},         {0, 255, 255, 255},   {10, 0, 0, 0},        {10, 255, 255, 255},
    {100, 64, 0, 0},      {100, 127, 255, 255}, {100, 100, 100, 200}, {127, 0, 0, 1},
    {127, 255, 255, 255}, {168, 63, 129, 16},   {169, 254, 0, 0},     {169, 254, 169, 254},
    {169, 254, 170, 2},   {169, 254, 255, 255}, {172, 16, 0, 0},      {172, 31, 255, 255},
    {192, 0, 0, 0},       {192, 0, 0, 192},     {192, 0, 2, 1},       {192, 88, 99, 1},
    {192, 168, 0, 0},     {192, 168, 255, 255}, {198, 18, 0, 0},      {198, 19, 255, 255},
    {198, 51, 100, 7},    {203, 0, 113, 9},     {224, 0, 0, 1},       {239, 255, 255, 255},
    {240, 0, 0, 0},       {255, 255, 255, 255}, {192, 31, 196, 1},    {192, 52, 193, 1},
    {192, 175, 48, 1},
};
// Their neighbours.
constexpr Quad kOpen[] = {
    {1, 0, 0, 0},         {9, 255, 255, 255},   {11, 0, 0, 0},       {100, 63, 255, 255},
    {100, 128, 0, 0},     {126, 255, 255, 255}, {128, 0, 0, 0},      {168, 63, 129, 15},
    {168, 63, 129, 17},   {169, 253, 255, 255}, {169, 255, 0, 0},    {172, 15, 255, 255},
    {172, 32, 0, 0},      {192, 0, 1, 0},       {192, 0, 3, 0},      {192, 88, 98, 255},
    {192, 167, 255, 255}, {192, 169, 0, 0},     {198, 17, 255, 255}, {198, 20, 0, 0},
    {198, 51, 99, 255},   {203, 0, 112, 255},   {203, 0, 114, 0},    {223, 255, 255, 255},
};

TEST(EgressGuard, NoWayOfWritingAClosedAddressPasses_T53) {
  EgressGuard const guard({});
  int cases = 0;
  auto const closed = [&](std::string const& text) {
    ++cases;
    EXPECT_FALSE(permits(guard, text)) << text;
    EXPECT_FALSE(checks(guard, "https://" + (text.find(':') < text.size() ? "[" + text + "]" : text) + "/"))
        << text;
  };
  auto const unread = [&](std::string const& host) {
    ++cases;
    EXPECT_FALSE(checks(guard, "https://" + host + "/meta")) << host;
  };
  for (auto const& quad : kClosed) {
    closed(quad.text());
    closed("::ffff:" + quad.text());            // mapped
    closed("::" + quad.text());                 // compatible
    closed("64:ff9b::" + quad.text());          // NAT64
    closed("64:ff9b:1::" + quad.text());        // NAT64 of a network's own
    closed("2002:" + quad.hex() + "::1");       // 6to4
    closed("2001:0:" + quad.hex() + "::1");     // Teredo
    closed("2a00:1:2:3:0:5efe:" + quad.hex());  // ISATAP
    unread(quad.text());
    unread(fmt::format("0{:o}.0{:o}.0{:o}.0{:o}", quad.a, quad.b, quad.c, quad.d));
    unread(fmt::format("0x{:x}.0x{:x}.0x{:x}.0x{:x}", quad.a, quad.b, quad.c, quad.d));
    unread(fmt::format("{}", quad.number()));
    unread(fmt::format("0x{:x}", quad.number()));
    unread(fmt::format("{}.{}", quad.a, quad.number() & 0xffffffU));
    unread(quad.text() + ".");
  }
  for (auto const* const text : {"::",
                                 "::1",
                                 "100::1",
                                 "100:0:0:1::1",
                                 "2001::1",
                                 "2001:1ff::1",
                                 "2001:db8::1",
                                 "2620:4f:8000::1",
                                 "3fff::1",
                                 "3fff:fff::1",
                                 "5f00::1",
                                 "fc00::1",
                                 "fd00:ec2::254",
                                 "fdff::1",
                                 "fe80::1",
                                 "febf::1",
                                 "fec0::1",
                                 "ff02::1",
                                 "4000::1",
                                 "1fff::1",
                                 "::ffff:0:127.0.0.1",
                                 "64:ff9b:1:ffff::1"}) {
    closed(text);
  }
  EXPECT_GE(cases, 300);
}

TEST(EgressGuard, NeighboursOfClosedRangesPass) {
  EgressGuard const guard({});
  for (auto const& quad : kOpen) {
    EXPECT_TRUE(permits(guard, quad.text())) << quad.text();
    EXPECT_TRUE(permits(guard, "::ffff:" + quad.text())) << quad.text();
    EXPECT_TRUE(permits(guard, "64:ff9b::" + quad.text())) << quad.text();
    EXPECT_TRUE(permits(guard, "2002:" + quad.hex() + "::1")) << quad.text();
    EXPECT_TRUE(checks(guard, "https://" + quad.text() + "/"));
  }
  for (auto const* const text : {"2001:200::1", "2001:db7::1", "2001:db9::1", "2a00::1", "2620:4f:7fff::1",
                                 "3ffe::1", "3fff:1000::1", "2003::1"}) {
    EXPECT_TRUE(permits(guard, text)) << text;
  }
}

TEST(EgressGuard, OnlyHttpsAndNamesWithOneReading) {
  EgressGuard const guard({});
  EXPECT_TRUE(checks(guard, "https://issuer.example.com/x"));
  EXPECT_TRUE(checks(guard, "https://issuer.example.com.:8443/x"));
  EXPECT_FALSE(checks(guard, "http://issuer.example.com/x"));
  EXPECT_FALSE(checks(guard, "http://localhost/x"));
  EXPECT_FALSE(checks(guard, "https://1.2.3/"));
  EXPECT_FALSE(checks(guard, "https://host.0x7f/"));
  EXPECT_TRUE(checks(guard, "https://1.example/"));
}

TEST(EgressGuard, TheLoopbackPassesOnlyWhereTheServerIsThere) {
  EgressGuard const guard({true, true, {}});
  EXPECT_TRUE(checks(guard, "http://localhost:8080/x"));
  EXPECT_TRUE(checks(guard, "http://127.0.0.1:8080/x"));
  EXPECT_TRUE(checks(guard, "http://[::1]:8080/x"));
  EXPECT_TRUE(permits(guard, "127.9.9.9"));
  EXPECT_TRUE(permits(guard, "::ffff:127.0.0.1"));
  EXPECT_FALSE(permits(guard, "10.0.0.1"));
  EXPECT_FALSE(permits(guard, "::"));
  EXPECT_FALSE(checks(guard, "http://issuer.example.com/x"));
  EXPECT_FALSE(checks(guard, "http://10.0.0.1/x"));
}

TEST(EgressGuard, WhatTheOperatorAllowsPasses) {
  EgressGuard const guard({true,
                           false,
                           {*AddressRange::parse("10.0.0.0/24"), *AddressRange::parse("10.0.4.9"),
                            *AddressRange::parse("fd00:1::/32")}});
  EXPECT_TRUE(permits(guard, "10.0.0.0"));
  EXPECT_TRUE(permits(guard, "10.0.0.255"));
  EXPECT_FALSE(permits(guard, "10.0.1.0"));
  EXPECT_TRUE(permits(guard, "::ffff:10.0.0.7"));
  EXPECT_TRUE(permits(guard, "10.0.4.9"));
  EXPECT_FALSE(permits(guard, "10.0.4.8"));
  EXPECT_TRUE(permits(guard, "fd00:1:ffff::1"));
  EXPECT_FALSE(permits(guard, "fd00:2::1"));
  EXPECT_TRUE(permits(EgressGuard({false, false, {}}), "169.254.169.254"));
}

TEST(EgressGuard, ARangeHasOneSpelling) {
  for (auto const* const bad : {"", "10.0.0.0/33", "10.0.0.1/24", "10.0.0/24", "fd00::/129", "fd00::1/64",
                                "10.0.0.0/", "10.0.0.0/ 8", "10.0.0.0/-1", "010.0.0.0/8", "host"}) {
    EXPECT_FALSE(AddressRange::parse(bad)) << bad;
  }
  EXPECT_EQ(AddressRange::parse("0.0.0.0/0")->bits, 96U);
  EXPECT_EQ(AddressRange::parse("::/0")->bits, 0U);
}

TEST(EgressGuard, AnAddressOfOneLinkIsClosed) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  ::inet_pton(AF_INET6, "2a00::1", &six.sin6_addr);
  EgressGuard const guard({});
  EXPECT_TRUE(guard.permits(reinterpret_cast<sockaddr const&>(six)));
  six.sin6_scope_id = 2;
  EXPECT_FALSE(guard.permits(reinterpret_cast<sockaddr const&>(six)));
}

}  // namespace
}  // namespace weir::net
