#include "auth/authenticator.hpp"

#include <gtest/gtest.h>

namespace weir::auth {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kNow{100h};

// SHA-256 of "abc" (FIPS 180-2 appendix B.1).
constexpr std::array<std::uint8_t, 32> kAbc{0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                            0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                            0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};

config::ApiKey key() {
  config::ApiKey made;
  made.name = "ci";
  made.sha256 = kAbc;
  made.groups = {"bots"};
  made.expires = kNow;
  return made;
}

TEST(Authenticator, AListenerWithoutMethodsServesEverybodyAsAnonymous) {
  Authenticator const open({}, {key()});
  EXPECT_TRUE((*open.identify("", kNow))->anonymous());
  EXPECT_TRUE((*open.identify("Bearer abc", kNow))->anonymous());
}

TEST(Authenticator, AKnownKeyNamesItsPrincipal) {
  Authenticator const closed({"keys"}, {key()});
  auto const who = closed.identify("Bearer abc", kNow - 1ms);
  ASSERT_TRUE(who);
  EXPECT_EQ((*who)->id, "key:ci");
  EXPECT_EQ((*who)->groups, std::vector<std::string>{"bots"});
  EXPECT_TRUE(closed.identify("bearer abc", kNow - 1ms)) << "the scheme has no case";
}

TEST(Authenticator, EverythingElseIsRefusedAlike) {
  Authenticator const closed({"keys"}, {key()});
  for (char const* const sent : {"", "Bearer ", "Bearer abd", "Basic abc", "abc", "Bearer abc "}) {
    auto const who = closed.identify(sent, kNow - 1ms);
    ASSERT_FALSE(who) << sent;
    EXPECT_EQ(who.error().fault, base::Fault::unauthenticated);
  }
  EXPECT_FALSE(closed.identify("Bearer abc", kNow)) << "expired from that instant on";
  EXPECT_EQ(closed.identify("Bearer abc", kNow).error().detail,
            closed.identify("Bearer x", kNow).error().detail);
  EXPECT_FALSE(closed.identify("Bearer " + std::string(16 * 1024 + 1, 'a'), kNow - 1ms));
}

TEST(Authenticator, AMethodThatIsNotOfferedNeverOpensTheDoor) {
  Authenticator const closed({"jwt"}, {key()});
  EXPECT_FALSE(closed.identify("Bearer abc", kNow - 1ms));
  EXPECT_FALSE(closed.identify("", kNow - 1ms));
}

}  // namespace
}  // namespace weir::auth
