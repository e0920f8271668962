#include "auth/authenticator.hpp"

#include <gtest/gtest.h>

#include "auth/scripted_issuer_test.hpp"
#include "base/base64url.hpp"
#include "base/task_group.hpp"

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

// RFC 9110 section 11.4: 1*SP behind the scheme.
TEST(Authenticator, SeveralBlanksMayStandBetweenSchemeAndToken) {
  Authenticator const closed({"keys"}, {key()});
  for (char const* const sent : {"Bearer  abc", "bearer     abc"}) {
    EXPECT_TRUE(closed.identify(sent, kNow - 1ms)) << sent;
    auto const who = closed.identify_now({sent, ""}, kNow - 1ms, base::TimePoint{});
    EXPECT_TRUE(who && *who) << sent;
  }
  EXPECT_FALSE(closed.identify("Bearer \tabc", kNow - 1ms));
  EXPECT_FALSE(closed.identify("Bearer    ", kNow - 1ms));
}

TEST(Authenticator, WhatIsShownWithoutABearerIsNotCalledNothing) {
  Authenticator const closed({"keys"}, {key()});
  auto const why = [&](std::string_view sent) {
    return closed.identify_now({sent, ""}, kNow - 1ms, base::TimePoint{})->error().detail;
  };
  EXPECT_EQ(why(""), "no credential");
  for (char const* const sent : {"Basic YTpi", "Digest a=b", "Token abc", "abc"}) {
    EXPECT_EQ(why(sent), "no bearer credential") << sent;
  }
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

TEST(Authenticator, WithoutWaitingKeysAreAllThatIsKnown) {
  Authenticator const closed({"keys"}, {key()});
  auto const who = closed.identify_now({"Bearer abc", ""}, kNow - 1ms, base::TimePoint{});
  ASSERT_TRUE(who && *who);
  EXPECT_EQ((**who)->id, "key:ci");
  EXPECT_FALSE(*closed.identify_now({"Bearer x", ""}, kNow - 1ms, base::TimePoint{}));
}

// RFC 6750 section 3.1: invalid_request, apart from a credential that is absent or unknown.
TEST(Authenticator, WhatCannotBeACredentialIsToldApart) {
  config::ApiKey odd = key();
  std::ranges::copy(token_digest("two words"), odd.sha256.begin());
  Authenticator const closed({"keys"}, {key(), odd});
  auto const fault = [&](std::string const& sent) {
    auto const who = closed.identify_now({sent, ""}, kNow - 1ms, base::TimePoint{});
    return *who ? std::string("none") : base::name_of(who->error().fault);
  };
  for (char const* const sent : {"Bearer", "Bearer ", "Bearer abc, Bearer abd", "Foo %%", "a:b"}) {
    EXPECT_EQ(fault(sent), "invalid_input") << sent;
  }
  for (char const* const sent : {"", "Bearer abd", "Basic YTpi", "abc"}) {
    EXPECT_EQ(fault(sent), "unauthenticated") << sent;
  }
  EXPECT_EQ(fault("Bearer two words"), "none") << "a key may be any text";
  auto const anybody = Authenticator({}, {}).identify_now({"Bearer", ""}, kNow, base::TimePoint{});
  EXPECT_TRUE(*anybody) << "nobody is asked";
}

struct TokenDoor : testing::Test {
  ScriptedIssuer issuer;
  std::vector<std::string> methods{"keys", "jwt"};
  std::optional<Authenticator> door;
  base::TaskGroup tasks{issuer.loop};

  void open() { door.emplace(methods, std::vector{key()}, issuer.sources()); }
  std::optional<Authenticator::Who> now(std::string const& header, std::string_view endpoint = "") {
    return door->identify_now({header, endpoint}, issuer.loop.clock().wall(), issuer.loop.now());
  }
  // As edge asks: at once, else late; then the answer comes while time passes.
  using Answer = std::shared_ptr<std::optional<Authenticator::Who>>;
  Answer show(std::string const& token) {
    auto answer = std::make_shared<std::optional<Authenticator::Who>>(now("Bearer " + token));
    auto task = [](Authenticator const& at, std::string text, base::Scheduler& here,
                   Answer to) -> base::Task<void> {
      *to = co_await at.identify_late({text, ""}, here);
    };
    if (!*answer) tasks.spawn(task(*door, "Bearer " + token, issuer.loop, answer));
    issuer.loop.run();
    return answer;
  }
  static std::string told(Answer const& answer) {
    if (!*answer) return "waits";
    return **answer ? (***answer)->subject : base::name_of((*answer)->error().fault);
  }
  // One that anybody can write.
  static std::string written(std::string const& header, std::string const& claims,
                             std::string const& end = "AAAA") {
    return base::to_base64url(header) + "." + base::to_base64url(claims) + "." + end;
  }
  // What the way that waits comes to.
  std::optional<Authenticator::Who> late(std::string header) {
    std::optional<Authenticator::Who> out;
    auto task = [](Authenticator const& at, std::string text, base::Scheduler& here,
                   std::optional<Authenticator::Who>& to) -> base::Task<void> {
      to = co_await at.identify_late({text, ""}, here);
    };
    tasks.spawn(task(*door, std::move(header), issuer.loop, out));
    issuer.loop.advance(6s);
    return out;
  }
};

TEST_F(TokenDoor, TheFirstTokenWaitsForKeysAndTheNextDoesNot) {
  open();
  auto const token = "Bearer " + issuer.token("ann");
  EXPECT_FALSE(now(token)) << "no keys yet";
  auto const first = late(token);
  ASSERT_TRUE(first && *first) << first->error().detail;
  EXPECT_EQ((**first)->id, "sub:https://as.test|ann");
  auto const next = now(token);
  ASSERT_TRUE(next && *next);
  EXPECT_EQ(**next, **first) << "the same object: nothing was proven twice";
  EXPECT_EQ(issuer.asked("/keys"), 1U);
  auto const another = now("Bearer " + issuer.token("bob"));
  ASSERT_TRUE(another && *another);
}

TEST_F(TokenDoor, AnApiKeyNeedsNoIssuer) {
  issuer.down = true;
  open();
  EXPECT_TRUE(*door->identify_now({"Bearer abc", ""}, kNow - 1ms, issuer.loop.now()));
  auto const who = late("Bearer " + issuer.token("ann"));
  ASSERT_TRUE(who && !*who);
  EXPECT_EQ(who->error().fault, base::Fault::unavailable) << "not the caller's fault";
}

TEST_F(TokenDoor, AKeyThatIsNewIsFetchedOnceForAll_T61) {
  open();
  ASSERT_TRUE(late("Bearer " + issuer.token("ann")));
  issuer.rotate();
  auto const fresh = "Bearer " + issuer.token("ann");
  EXPECT_FALSE(now(fresh)) << "its key is unknown";
  auto const who = late(fresh);
  ASSERT_TRUE(who && *who);
  EXPECT_EQ(issuer.asked("/keys"), 2U);
  for (int i = 0; i < 20; ++i) {
    auto const made_up = late("Bearer " + issuer.token_of_no_key("eve" + std::to_string(i)));
    ASSERT_TRUE(made_up && !*made_up);
    EXPECT_EQ(made_up->error().fault, base::Fault::unauthenticated);
  }
  EXPECT_LE(issuer.asked("/keys"), 7U) << "two minutes of made-up keys: one fetch in thirty seconds";
}

TEST_F(TokenDoor, WithdrawnKeysOpenNothingForTokensThatAreKnown) {
  open();
  auto const old = "Bearer " + issuer.token("ann");
  ASSERT_TRUE(*late(old));
  issuer.rotate();
  ASSERT_TRUE(*late("Bearer " + issuer.token("bob")));
  auto const again = late(old);
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
}

TEST_F(TokenDoor, ATokenWithoutTheScopesOfAllIsDeniedNotRefused) {
  issuer.settings.scopes = {"mcp"};
  open();
  auto const lacking = late("Bearer " + issuer.token("ann", "other"));
  ASSERT_TRUE(lacking && !*lacking);
  EXPECT_EQ(lacking->error().fault, base::Fault::denied);
  EXPECT_TRUE(*late("Bearer " + issuer.token("ann", "other mcp")));
}

TEST_F(TokenDoor, ATokenForOneServersEndpointOpensThatOneOnly) {
  open();
  late("Bearer " + issuer.token("ann"));
  auto const token = "Bearer " + issuer.token("ann", "", "https://mcp.test/mcp/github");
  EXPECT_TRUE(*now(token, "github"));
  EXPECT_FALSE(*now(token, ""));
  EXPECT_FALSE(*now(token, "docs"));
}

TEST_F(TokenDoor, NoIssuerIsAskedAboutWhatCannotBeAToken) {
  methods = {"jwt", "introspection"};
  open();
  auto const who = now("Bearer opaque-1, Bearer opaque-2");
  ASSERT_TRUE(who && !*who);
  EXPECT_EQ(who->error().fault, base::Fault::invalid_input);
  EXPECT_EQ(issuer.asked(""), 0U);
}

TEST_F(TokenDoor, AnOpaqueTokenIsAskedAboutOnceAMinute) {
  methods = {"jwt", "introspection"};
  open();
  late("Bearer " + issuer.token("ann"));
  EXPECT_FALSE(now("Bearer opaque-1"));
  auto const who = late("Bearer opaque-1");
  ASSERT_TRUE(who && *who) << who->error().detail;
  EXPECT_EQ((**who)->kind, "opaque");
  EXPECT_TRUE(now("Bearer opaque-1"));
  EXPECT_EQ(issuer.asked("/introspect"), 1U);
  issuer.loop.advance(60s);
  EXPECT_FALSE(now("Bearer opaque-1"));
  auto const bad = late("Bearer nothing");
  ASSERT_TRUE(bad && !*bad);
  EXPECT_EQ(bad->error().fault, base::Fault::unauthenticated);
  EXPECT_TRUE(now("Bearer nothing")) << "the refusal is known";
}

// Its issuer has said what its tokens look like: one that does not hold is not worth a question.
TEST_F(TokenDoor, AForgedTokenIsNotAskedAbout) {
  methods = {"jwt", "introspection"};
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  auto const forged = "Bearer " + issuer.token_of_no_key("k1");
  EXPECT_FALSE(now(forged)) << "its key may have been replaced";
  ASSERT_FALSE(*late(forged));
  auto const at_once = now(forged);
  ASSERT_TRUE(at_once);
  EXPECT_FALSE(*at_once);
  ASSERT_FALSE(*late(forged));
  EXPECT_EQ(issuer.asked("/introspect"), 0U);
}

TEST_F(TokenDoor, ATokenOfAnotherIssuerIsAskedAboutWhateverItsHeaderSays) {
  methods = {"jwt", "introspection"};
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  std::string const foreign = R"({"iss":"https://other.test","sub":"ann"})";
  std::size_t asked = 0;
  for (char const* const header :
       {R"({"alg":"RS256"})", R"({"alg":"HS256"})", R"({"alg":"ES384"})", R"({"alg":"none"})", "{}",
        R"({"alg":"ES256","typ":"JWS+x"})", R"({"alg":"ES256","crit":["exp"]})", R"({"alg":"ES256","kid":1})",
        "no JSON"}) {
    EXPECT_FALSE(now("Bearer " + written(header, foreign))) << header;
    ASSERT_FALSE(*late("Bearer " + written(header, foreign))) << "the issuer says no";
    EXPECT_EQ(issuer.asked("/introspect"), ++asked) << header;
  }
}

TEST_F(TokenDoor, WhateverClaimsToBeOfOurIssuerIsNotAskedAbout) {
  methods = {"jwt", "introspection"};
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  std::string const ours = R"({"iss":"https://as.test","aud":"https://mcp.test/mcp","sub":"ann"})";
  for (char const* const header :
       {R"({"alg":"HS256"})", R"({"alg":"ES384"})", R"({"alg":"none"})", "{}",
        R"({"alg":"ES256","typ":"JWS+x"})", R"({"alg":"ES256","crit":["exp"]})", R"({"alg":"ES256","kid":1})",
        R"({"alg":"ES256","alg":"ES256"})", "no JSON"}) {
    for (char const* const end : {"AAAA", "", "A", "AAAA.AAAA"}) {
      EXPECT_EQ(told(show(written(header, ours, end))), "unauthenticated") << header << end;
    }
  }
  EXPECT_EQ(told(show(written(R"({"alg":"ES256","kid":"k1"})", ours, "A"))), "unauthenticated") << "at once";
  EXPECT_EQ(issuer.asked("/introspect"), 0U);
  EXPECT_EQ(issuer.asked("/keys"), 1U);
}

TEST_F(TokenDoor, WhoMakesUpAKeyWaitsForOneFetchOnly_T61) {
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  EXPECT_FALSE(now("Bearer " + issuer.token_of_no_key("eve")));
  ASSERT_FALSE(*late("Bearer " + issuer.token_of_no_key("eve")));
  auto const next = now("Bearer " + issuer.token_of_no_key("mallory"));
  ASSERT_TRUE(next) << "told at once: they were fetched a moment ago";
  EXPECT_FALSE(*next);
}

TEST_F(TokenDoor, AllWhoseKeyIsNewWaitForTheFetchUnderWay_T61) {
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  issuer.latency = 1500ms;
  issuer.rotate();
  std::vector<Answer> answers;
  for (int i = 0; i < 8; ++i, issuer.loop.advance(150ms)) {
    answers.push_back(show(issuer.token("u" + std::to_string(i))));
    EXPECT_EQ(told(answers.back()), "waits") << i;
  }
  issuer.loop.advance(400ms);
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(told(answers[i]), "u" + std::to_string(i));
  EXPECT_EQ(issuer.asked("/keys"), 2U);
}

// The answer under way was made before the key was published.
TEST_F(TokenDoor, WhoWaitedForAnOlderFetchHasOneMore_T61) {
  open();
  issuer.keys->start();
  issuer.loop.advance(1s);
  issuer.latency = 1500ms;
  issuer.keys_text = issuer.key_set();
  issuer.rotate();
  while (issuer.asked("/keys") < 2) issuer.loop.advance(100ms);  // it is due
  auto const ann = show(issuer.token("ann"));
  auto const bob = show(issuer.token("bob"));
  issuer.loop.advance(1600ms);
  EXPECT_EQ(told(ann) + " " + told(bob), "waits waits");
  EXPECT_EQ(issuer.asked("/keys"), 3U) << "one for both";
  issuer.keys_text.clear();
  issuer.loop.advance(1600ms);
  EXPECT_EQ(told(ann) + " " + told(bob), "ann bob");
  EXPECT_EQ(issuer.asked("/keys"), 3U);
}

TEST_F(TokenDoor, AStormOfMadeUpKeysIsOneFetchAndEndsWithIt_T48) {
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  issuer.latency = 1500ms;
  std::vector<Answer> answers;
  for (int i = 0; i < 100; ++i, issuer.loop.advance(10ms)) {
    answers.push_back(show(issuer.token_of_no_key(i % 2 == 0 ? "k1" : "made up")));
  }
  EXPECT_EQ(told(answers.front()), "waits");
  issuer.loop.advance(600ms);
  for (auto const& answer : answers) EXPECT_EQ(told(answer), "unauthenticated");
  EXPECT_EQ(issuer.asked("/keys"), 2U);
  for (char const* const name : {"k1", "made up"}) {
    EXPECT_EQ(told(show(issuer.token_of_no_key(name))), "unauthenticated") << "without waiting";
  }
  issuer.loop.advance(28s + 300ms);
  EXPECT_EQ(told(show(issuer.token_of_no_key("k1"))), "unauthenticated") << "29.9 s after it began";
  issuer.loop.advance(100ms);
  EXPECT_EQ(told(show(issuer.token_of_no_key("k1"))), "waits");
}

TEST_F(TokenDoor, AKeyThatIsReplacedUnderItsNameIsFetched_T61) {
  for (bool const named : {true, false}) {
    issuer.named = named;
    if (issuer.keys) issuer.keys->stop();
    issuer.seen.clear();
    open();
    auto const old = issuer.token("ann");
    ASSERT_TRUE(*late("Bearer " + old));
    issuer.replace();
    auto const ann = show(issuer.token("ann"));
    EXPECT_EQ(told(ann), "waits");
    issuer.loop.advance(1s);
    EXPECT_EQ(told(ann), "ann") << named;
    EXPECT_EQ(issuer.asked("/keys"), 2U);
    EXPECT_EQ(told(show(old)), "unauthenticated") << "the old one is withdrawn";
  }
}

TEST_F(TokenDoor, ForgedSignaturesAreOneFetchInThirtySeconds_T48) {
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  std::size_t waited = 0;
  for (int i = 0; i < 120; ++i, issuer.loop.advance(1s)) {
    auto const forged = show(issuer.token_of_no_key("k1"));
    if (!*forged) ++waited;
  }
  EXPECT_EQ(waited, 4U);
  EXPECT_EQ(issuer.asked("/keys"), 5U);
}

TEST_F(TokenDoor, WhileTheIssuerIsDownATokenOfANewKeyIsNeitherGoodNorBad) {
  open();
  auto const old = issuer.token("bob");
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  issuer.down = true;
  issuer.latency = 1s;
  issuer.rotate();
  std::vector<Answer> const answers{show(issuer.token("ann")), show(issuer.token("ann")),
                                    show(issuer.token_of_no_key("k1"))};
  issuer.loop.advance(1100ms);
  for (auto const& answer : answers) EXPECT_EQ(told(answer), "unavailable");
  EXPECT_EQ(told(show(old)), "bob") << "the last good keys";
  issuer.loop.advance(5s);
  EXPECT_EQ(told(show(issuer.token("ann"))), "unavailable") << "without another fetch";
  EXPECT_EQ(issuer.asked("/keys"), 2U);
  issuer.down = false;
  issuer.loop.advance(24s);
  auto const ann = show(issuer.token("ann"));
  issuer.loop.advance(3500ms);
  EXPECT_EQ(told(ann), "ann");
}

TEST_F(TokenDoor, WhoWaitsForAnIssuerThatIsSlowIsToldSoInFiveSeconds) {
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  issuer.latency = 1h;
  issuer.rotate();
  auto const ann = show(issuer.token("ann"));
  issuer.loop.advance(4900ms);
  EXPECT_EQ(told(ann), "waits");
  issuer.loop.advance(200ms);
  EXPECT_EQ(told(ann), "unavailable");
}

TEST_F(TokenDoor, WhoWaitsIsToldWhenTheSettingsChange) {
  open();
  ASSERT_TRUE(*late("Bearer " + issuer.token("ann")));
  issuer.latency = 1h;
  issuer.rotate();
  auto const ann = show(issuer.token("ann"));
  issuer.loop.advance(1s);
  EXPECT_EQ(told(ann), "waits");
  issuer.keys->stop();
  issuer.loop.run();
  EXPECT_EQ(told(ann), "unavailable");
  EXPECT_EQ(told(show(issuer.token("bob"))), "unavailable") << "at once";
}

TEST_F(TokenDoor, ATokenThatMayBeExchangedIsKeptWithItsOwnEnd_R011) {
  open();
  EXPECT_FALSE((**late("Bearer " + issuer.token("ann")))->token) << "nobody needs it";
  issuer.keys->stop();
  issuer.settings.exchanged = true;
  open();
  auto const token = issuer.token("ann");
  auto const ends = issuer.loop.clock().wall() + 1h;
  auto const kept = (**late("Bearer " + token))->token;
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->text.reveal(), token);
  EXPECT_EQ(kept->issuer + " " + kept->subject, "https://as.test ann");
  EXPECT_LE(kept->expires, ends);
  EXPECT_GT(kept->expires, ends - 1s);
}

TEST_F(TokenDoor, NothingOpensWhereTokensAreNotOffered) {
  methods = {"keys"};
  open();
  EXPECT_FALSE(*now("Bearer " + issuer.token("ann")));
  EXPECT_FALSE(*now("Bearer opaque-1"));
  EXPECT_EQ(issuer.asked(""), 0U);
}

}  // namespace
}  // namespace weir::auth
