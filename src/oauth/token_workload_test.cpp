// A platform vouches for the gateway: what is shown, to whom, and what happens when it is replaced.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/base64url.hpp"
#include "base/virtual_loop.hpp"
#include "oauth/fake_issuer_test.hpp"
#include "oauth/token_source_io.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;
using Value = core::CredentialSource::Value;
using Got = std::optional<base::Result<Value>>;

base::Task<void> keep(TokenSource& source, base::TimePoint deadline, Got& out) {
  if (auto value = source.ready(nullptr)) {
    out = value;
    co_return;
  }
  out = co_await source.obtain(nullptr, deadline);
}
base::Task<OAuthResult<TokenPlace>> found(TokenPlace place) { co_return place; }

struct Workload : testing::Test {
  base::VirtualLoop loop;
  FakeIssuer issuer{loop};
  base::SeededRandom random{5};
  TokenKeys keys{random};
  TokenCache cache{{}, loop.now()};
  RefreshBook book;
  TokenParts parts{loop, issuer, random, keys, cache, book};
  TokenSourceOptions options;
  TokenPlace place;
  std::string file = testing::TempDir() + "weir_workload_" + std::to_string(::getpid());
  std::vector<std::string> alarms;
  std::optional<TokenSource> source;
  unsigned made = 0;
  std::vector<bool> anew;

  Workload() {
    options.server = "web";
    options.grant = Grant::workload;
    options.client.id = "weir";
    options.assertion.file = file;
    place.endpoint = *net::parse_url("https://i.test/token");
    place.issuer = "https://i.test";
    place.resource = "https://s.test/mcp";
    place.scopes = {"use"};
    place.auth = ClientAuth::none;
    issuer.answer = [this](FakeIssuer::Asked const&) {
      return FakeIssuer::token("t-" + std::to_string(++made));
    };
    put("one", "https://i.test");
    begin();
  }
  ~Workload() override { std::filesystem::remove(file); }
  std::string assertion(std::string const& id, std::string const& audience,
                        base::Duration life = 3600s) const {
    auto const at = loop.clock().wall() + life;
    auto const exp = std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
    return base::to_base64url(R"({"alg":"RS256"})") + "." +
           base::to_base64url(R"({"sub":")" + id + R"(","aud":[")" + audience + R"("],"exp":)" +
                              std::to_string(exp) + "}") +
           ".c2ln";
  }
  void put(std::string const& id, std::string const& audience, base::Duration life = 3600s) const {
    std::ofstream(file, std::ios::trunc) << assertion(id, audience, life) << "\n";
  }
  void begin() {
    TokenSource::Reports reports;
    reports.alarm = [this](std::string const& what) { alarms.push_back(what); };
    source.emplace(
        parts, options,
        [this](base::TimePoint, bool again) {
          anew.push_back(again);
          return found(place);
        },
        std::move(reports));
  }
  base::Result<Value> get(base::Duration within = 20s) {
    Got out;
    base::TaskGroup tasks(loop);
    tasks.spawn(keep(*source, loop.now() + within, out));
    for (base::Duration waited{}; !out && waited <= within; waited += 10ms) loop.advance(10ms);
    return out ? *out : base::Result<Value>(base::Error());
  }
  std::string text() {
    auto const got = get();
    return got ? std::string((*got)->reveal()) : got.error().detail;
  }
};

TEST_F(Workload, TheAssertionIsShownInPlaceOfASecret_RFC7523) {
  EXPECT_EQ(text(), "Bearer t-1");
  ASSERT_EQ(issuer.asked.size(), 1U);
  EXPECT_EQ(issuer.asked[0].url, "https://i.test/token");
  EXPECT_EQ(issuer.asked[0].form,
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" +
                assertion("one", "https://i.test") +
                "&scope=use&resource=https%3A%2F%2Fs.test%2Fmcp&client_id=weir");
  EXPECT_EQ(issuer.asked[0].field("Authorization"), "");
}

TEST_F(Workload, OneThatNamesTheTokenEndpointIsForTheIssuerToo_RFC7523) {
  put("one", "https://i.test/token");
  EXPECT_EQ(text(), "Bearer t-1");
}

// An assertion may be shown again: the issuer has taken nothing when it answers so.
TEST_F(Workload, AnIssuerInTroubleIsAskedAgainWithTheSame_RFC7523) {
  issuer.answer = [this](FakeIssuer::Asked const&) {
    return ++made == 1 ? FakeIssuer::json(500, "{}") : FakeIssuer::token("t-" + std::to_string(made));
  };
  EXPECT_EQ(text(), "Bearer t-2");
  EXPECT_EQ(issuer.asked.size(), 2U);
}

TEST_F(Workload, AnEndpointThatWasDiscoveredIsAskedUnderGuard) {
  text();
  EXPECT_FALSE(issuer.asked.at(0).guarded) << "the operator named it";
  place.guard = std::make_shared<net::EgressGuard const>(net::EgressRules{});
  loop.advance(3600s);
  put("two", "https://i.test");
  EXPECT_EQ(text(), "Bearer t-2");
  EXPECT_TRUE(issuer.asked.at(1).guarded);
}

TEST_F(Workload, OneThatWasReplacedIsShownTheNextTime_RFC7523) {
  text();
  put("two", "https://i.test", 7200s);
  loop.advance(3600s);
  EXPECT_EQ(text(), "Bearer t-2");
  auto const claims = issuer.asked.at(1).form.find(base::to_base64url(R"({"sub":"two")").substr(0, 12));
  EXPECT_NE(claims, std::string::npos) << issuer.asked.at(1).form;
}

TEST_F(Workload, OneThatIsOverOrForSomebodyElseIsNotSent_RFC7523) {
  put("one", "https://i.test", 0s);
  auto const over = get();
  ASSERT_FALSE(over);
  EXPECT_NE(over.error().detail.find("has ended"), std::string::npos);
  EXPECT_EQ(over.error().fault, base::Fault::config);
  loop.advance(6s);
  put("one", "https://other.test");
  auto const foreign = get();
  ASSERT_FALSE(foreign);
  EXPECT_NE(foreign.error().detail.find("another audience"), std::string::npos);
  EXPECT_NE(foreign.error().hint.find("`auth.assertion_audience`"), std::string::npos);
  loop.advance(31s);
  std::filesystem::remove(file);
  EXPECT_NE(text().find("cannot be read"), std::string::npos);
  EXPECT_TRUE(issuer.asked.empty());
  EXPECT_EQ(alarms.size(), 3U);
  for (auto const& alarm : alarms) EXPECT_EQ(alarm.find("c2ln"), std::string::npos) << alarm;
  loop.advance(6s);
  put("one", "https://i.test");
  EXPECT_EQ(text(), "Bearer t-1");
}

TEST_F(Workload, TheIssuerMayBeCalledOtherwiseWhereThatIsConfigured) {
  options.assertion.audience = "urn:the-issuer";
  begin();
  EXPECT_NE(text().find("another audience"), std::string::npos) << "its usual name does not count then";
  loop.advance(31s);
  put("one", "urn:the-issuer");
  EXPECT_EQ(text(), "Bearer t-1");
}

TEST_F(Workload, WhenTheServerMovesTheAssertionGoesToNoIssuerThatItIsNotFor) {
  auto const first = get();
  ASSERT_TRUE(first);
  place.issuer = "https://i2.test";
  place.endpoint = *net::parse_url("https://i2.test/token");
  EXPECT_EQ(text(), "Bearer t-1") << "while the server takes it";
  source->refused(nullptr, *first, false);
  auto const refused = get();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("another audience"), std::string::npos);
  EXPECT_EQ(issuer.asked.size(), 1U) << "nothing has gone to the new one";
  EXPECT_EQ(anew, (std::vector<bool>{false, true}));
  put("one", "https://i2.test");
  loop.advance(31s);
  EXPECT_EQ(text(), "Bearer t-2") << "without a person";
  EXPECT_EQ(issuer.asked.back().url, "https://i2.test/token");
}

TEST_F(Workload, ARefusalIsTheOperatorsAndTheNextAssertionIsTriedSoon_RFC7523) {
  issuer.answer = [](FakeIssuer::Asked const&) {
    return FakeIssuer::json(400, R"({"error":"invalid_grant"})");
  };
  auto const refused = get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, base::Fault::config);
  EXPECT_NE(refused.error().hint.find("assertion"), std::string::npos) << refused.error().hint;
  EXPECT_EQ(issuer.asked.size(), 1U) << "nothing else is tried instead";
  issuer.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::token("t-1"); };
  loop.advance(9s);
  EXPECT_FALSE(get());
  EXPECT_EQ(issuer.asked.size(), 1U);
  loop.advance(2s);
  EXPECT_EQ(text(), "Bearer t-1");
}

}  // namespace
}  // namespace weir::oauth
