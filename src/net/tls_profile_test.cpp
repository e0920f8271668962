#include "net/tls_profile.hpp"

#include <gtest/gtest.h>

#include <set>

#include "net/tls_context.hpp"
#include "support/tls_peer.hpp"

namespace weir::net {
namespace {

base::WallTime now() { return base::SystemClock{}.wall(); }

TlsProfile profile_of(test::TlsPeer const& peer) {
  TlsProfile profile;
  profile.chain = peer.certificate_pem();
  profile.key = base::Secret(peer.key_pem());
  return profile;
}

void expect_flaw(TlsProfile const& profile, TlsPart part, std::string_view what) {
  auto const flaw = flaw_of(profile, now());
  ASSERT_TRUE(flaw) << what;
  EXPECT_EQ(flaw->part, part);
  EXPECT_NE(flaw->what.find(what), std::string::npos) << flaw->what;
  EXPECT_FALSE(flaw->fix.empty());
}

TEST(TlsProfile, WhatCanBeUsedHasNoFlaw) {
  test::TlsPeer const peer("DNS:a");
  EXPECT_FALSE(flaw_of({}, now()));
  auto profile = profile_of(peer);
  EXPECT_FALSE(flaw_of(profile, now()));
  profile.authorities = peer.certificate_pem();
  EXPECT_FALSE(flaw_of(profile, now()));
  EXPECT_TRUE(TlsContext::client(profile, nullptr));
  EXPECT_TRUE(TlsContext::server(profile));
}

TEST(TlsProfile, EachFlawNamesItsPartAndWhatToDo) {
  test::TlsPeer const peer("DNS:a");
  test::TlsPeer const other("DNS:b");
  test::TlsPeer const old("DNS:c", "old", {-7200, -3600});
  test::TlsPeer const early("DNS:d", "early", {3600, 7200});
  auto profile = profile_of(peer);
  profile.authorities = "nothing of the kind";
  expect_flaw(profile, TlsPart::authorities, "holds no certificate");
  profile.authorities = peer.certificate_pem().replace(60, 1, "#");
  expect_flaw(profile, TlsPart::authorities, "damaged");
  profile.authorities = old.certificate_pem();
  expect_flaw(profile, TlsPart::authorities, "has expired on 20");
  profile.authorities += peer.certificate_pem();  // one of them is good
  EXPECT_FALSE(flaw_of(profile, now()));

  expect_flaw(profile_of(old), TlsPart::chain, "has expired on 20");
  expect_flaw(profile_of(early), TlsPart::chain, "is not valid before 20");
  profile = profile_of(peer);
  profile.chain = "";
  expect_flaw(profile, TlsPart::chain, "holds no certificate");
  profile.chain = peer.certificate_pem() + old.certificate_pem();
  expect_flaw(profile, TlsPart::chain, "certificate 2 of the chain has expired");

  profile = profile_of(peer);
  profile.key = base::Secret(other.key_pem());
  expect_flaw(profile, TlsPart::key, "is not the key of the certificate");
  EXPECT_FALSE(TlsContext::client(profile, nullptr));
  EXPECT_FALSE(TlsContext::server(profile));
  profile.key = base::Secret("what");
  expect_flaw(profile, TlsPart::key, "no private key");
}

TEST(TlsProfile, AnExpiredOneIsRefusedFromItsLastSecondOn) {
  test::TlsPeer const peer("DNS:a", "short", {-60, 60});
  auto const profile = profile_of(peer);
  auto const begun = now();
  EXPECT_FALSE(flaw_of(profile, begun + std::chrono::seconds{50}));
  EXPECT_TRUE(flaw_of(profile, begun + std::chrono::seconds{61}));
}

TEST(TlsProfile, OtherBytesAreAnotherContextAndTheSameBytesTheSame_F23) {
  base::Secret const secret("secret of the process");
  TlsProfile plain;
  plain.authorities = "ab";
  std::set<std::string> names{hex_of(digest_of(plain, secret))};
  auto const add = [&](auto change) {
    auto profile = plain;
    change(profile);
    return names.insert(hex_of(digest_of(profile, secret))).second;
  };
  EXPECT_FALSE(add([](TlsProfile&) {}));
  EXPECT_TRUE(add([](TlsProfile& it) { it.authorities = "ac"; }));  // the file was rotated
  EXPECT_TRUE(add([](TlsProfile& it) { it.chain = "a"; }));         // another identity
  EXPECT_TRUE(add([](TlsProfile& it) { it.key = base::Secret("a"); }));
  EXPECT_TRUE(add([](TlsProfile& it) { it.verify = false; }));
  EXPECT_TRUE(add([](TlsProfile& it) { it.only_13 = true; }));
  EXPECT_TRUE(add([](TlsProfile& it) {  // the same text, cut elsewhere
    it.authorities = "a";
    it.chain = "b";
  }));
  EXPECT_NE(hex_of(digest_of(plain, base::Secret("another process"))), *names.begin());
}

}  // namespace
}  // namespace weir::net
