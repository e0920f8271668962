#include "oauth/people_tokens_io.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "oauth/source_rig_test.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;

core::Principal subject(std::string const& name) {
  return {core::subject_id("https://login.test", name, ""), "jwt", {}, {}, name};
}
core::Principal const kKey{"key:ci", "key", {}};
core::Principal const kNobody{"anonymous", "anonymous", {}};

struct People : SourceRig {
  std::string folder = testing::TempDir() + "weir_people_" + std::to_string(::getpid());
  SignInStore store{folder};
  std::optional<PeopleTokens> people;
  core::Principal const ann = subject("ann");
  core::Principal const bob = subject("bob");

  People() {
    sign_ins = &store;
    std::filesystem::remove_all(folder);
    options.server = "web";
    options.grant = Grant::authorization_code;
    options.sign_in_use = {"https://s.test/mcp", "", ""};
    // Each refresh token is good once: r-NAME-N for x-NAME-N+1.
    issuer.answer = [this](FakeIssuer::Asked const& asked) {
      if (asked.url.ends_with("/revoke")) {
        revoked.push_back(asked.form);
        return FakeIssuer::json(200, "{}");
      }
      auto const at = asked.form.find("refresh_token=r-");
      auto const old = asked.form.substr(at + 16, asked.form.find('&', at) - at - 16);
      auto const dash = old.rfind('-');
      auto& number = used[old.substr(0, dash)];
      if (old.substr(dash + 1) != std::to_string(number))
        return FakeIssuer::json(400, R"({"error":"invalid_grant"})");
      auto const next = old.substr(0, dash) + "-" + std::to_string(++number);
      return FakeIssuer::json(200, R"({"access_token":"x-)" + next + R"(","refresh_token":"r-)" + next +
                                       R"(","token_type":"Bearer","expires_in":3600})");
    };
    start();
  }
  ~People() override {
    people.reset();
    std::filesystem::remove_all(folder);
  }

  void start(bool names_issuer = false) {
    TokenSource::Reports reports;
    reports.returned = [](std::string_view) {};
    people.reset();
    people.emplace(TokenParts{loop, issuer, random, keys, cache, book, sign_ins}, options,
                   TokenSource::Locator(), std::move(reports), names_issuer);
  }
  KeptSignIn sign_in(core::Principal const* who, std::string const& name) const {
    KeptSignIn kept;
    kept.id = "i-" + name;
    if (who != nullptr) kept.person = who->id;
    kept.server = "https://s.test/mcp";
    kept.issuer = "https://i.test";
    kept.token_endpoint = "https://i.test/token";
    kept.revocation_endpoint = "https://i.test/revoke";
    kept.resource = "https://s.test/mcp";
    kept.client_id = "c-1";
    kept.registered = true;
    kept.access_token = base::Secret("x-" + name + "-0");
    kept.refresh_token = base::Secret("r-" + name + "-0");
    kept.expires_at = loop.clock().wall() + 3600s;
    return kept;
  }
  void signs_in(core::Principal const& who, std::string const& name) {
    ASSERT_TRUE(store.write("web", sign_in(&who, name)));
  }
  static base::Task<void> asked(PeopleTokens& from, core::Principal const* who, base::TimePoint until,
                                Got& out) {
    if (auto value = from.ready(who)) {
      out = value;
      co_return;
    }
    out = co_await from.obtain(who, until);
  }
  base::Result<Value> get(core::Principal const* who) {
    Got out;
    base::TaskGroup tasks(loop);
    tasks.spawn(asked(*people, who, loop.now() + 20s, out));
    for (base::Duration waited{}; !out && waited <= 20s; waited += 10ms) loop.advance(10ms);
    return out ? *out : base::Result<Value>(base::Error());
  }
  std::string text(core::Principal const* who) {
    auto const got = get(who);
    return got ? std::string((*got)->reveal()) : got.error().hint;
  }

  std::map<std::string, int> used;
  std::vector<std::string> revoked;
};

TEST_F(People, EachHasTheTokenOfTheirOwnSignInAndNoOther) {
  signs_in(ann, "ann");
  signs_in(kKey, "ci");
  ASSERT_TRUE(store.write("web", sign_in(nullptr, "own")));
  options.sign_in = "i-own";
  start();
  EXPECT_TRUE(people->per_caller());
  EXPECT_EQ(text(&ann), "Bearer x-ann-0");
  EXPECT_EQ(text(&kKey), "Bearer x-ci-0");
  EXPECT_EQ(text(nullptr), "Bearer x-own-0") << "the gateway's own, for lists";
  EXPECT_EQ(
      text(&bob),
      "You have to sign in at this server; at the gateway, that is `weir server login web --for sub:bob`.");
  auto const stranger = get(&bob);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().fault, base::Fault::unavailable);
  EXPECT_EQ(stranger.error().blame, base::Blame::gateway);
  EXPECT_TRUE(issuer.asked.empty());
  EXPECT_EQ(people->size(), 2U) << "nothing is kept of who has not signed in";
}

TEST_F(People, TheSameNameOfAnotherIssuerOrTenantIsSomebodyElse) {
  signs_in(ann, "ann");
  core::Principal const other{core::subject_id("https://other.test", "ann", ""), "jwt", {}, {}, "ann"};
  core::Principal const tenant{
      core::subject_id("https://login.test", "ann", "t 1"), "jwt", {}, {}, "ann", "t 1"};
  start(true);
  EXPECT_EQ(text(&ann), "Bearer x-ann-0");
  EXPECT_NE(text(&other).find("`weir server login web --for sub:ann --issuer https://other.test`"),
            std::string::npos);
  EXPECT_NE(text(&tenant).find("--for sub:ann --issuer https://login.test --tenant 't 1'`"),
            std::string::npos);
}

TEST_F(People, AFileThatIsSomebodyElsesIsNotUsed) {
  signs_in(ann, "ann");
  std::filesystem::copy_file(store.path_of("web", ann.id), store.path_of("web", bob.id));
  std::filesystem::permissions(store.path_of("web", bob.id), std::filesystem::perms{0600});
  auto const refused = get(&bob);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("it is somebody else's"), std::string::npos);
  EXPECT_EQ(text(&ann), "Bearer x-ann-0");
}

TEST_F(People, WhoSaysNotWhoTheyAreGetsNone) {
  auto const refused = get(&kNobody);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, base::Fault::denied);
}

TEST_F(People, RenewalsOfOnePersonAreOneQuestionAndTouchNobodyElse) {
  signs_in(ann, "ann");
  signs_in(bob, "bob");
  EXPECT_EQ(text(&bob), "Bearer x-bob-0");
  auto const first = get(&ann);
  ASSERT_TRUE(first);
  people->refused(&ann, *first, false);
  issuer.takes = 500ms;
  std::vector<Got> outs(50);
  base::TaskGroup tasks(loop);
  for (auto& out : outs) tasks.spawn(asked(*people, &ann, loop.now() + 20s, out));
  loop.advance(600ms);
  for (auto const& out : outs) {
    ASSERT_TRUE(out && *out);
    EXPECT_EQ((**out)->reveal(), "Bearer x-ann-1");
  }
  EXPECT_EQ(issuer.asked.size(), 1U);
  EXPECT_EQ(text(&bob), "Bearer x-bob-0");
  auto const kept = store.read("web", ann.id);
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->refresh_token.reveal(), "r-ann-1");
  EXPECT_EQ((*kept)->person, ann.id);
  loop.advance(2s);
  EXPECT_EQ(text(&ann), "Bearer x-ann-1") << "a renewed file is the same sign-in";
  EXPECT_EQ(issuer.asked.size(), 1U);
}

TEST_F(People, ASignInAndASignOutAreNoticedWithinASecondAndTheTokenIsLetGo) {
  EXPECT_EQ(text(&ann).substr(0, 8), "You have");
  signs_in(ann, "ann");
  EXPECT_EQ(text(&ann), "Bearer x-ann-0") << "at once: nobody had looked";
  ASSERT_TRUE(store.remove("web", ann.id));
  loop.advance(PeopleTokens::kLookEvery);
  EXPECT_EQ(text(&ann).substr(0, 8), "You have");
  EXPECT_EQ(people->size(), 0U);
  EXPECT_EQ(cache.size(), 0U);
  auto other = sign_in(&ann, "ann2");
  ASSERT_TRUE(store.write("web", other));
  EXPECT_EQ(text(&ann), "Bearer x-ann2-0");
}

TEST_F(People, ASignInThatHasEndedNamesTheCommandOfItsPerson) {
  signs_in(ann, "ann");
  used["ann"] = 7;  // the issuer knows it no more
  auto const first = get(&ann);
  ASSERT_TRUE(first);
  people->refused(&ann, *first, false);
  EXPECT_NE(text(&ann).find("`weir server login web --for sub:ann`"), std::string::npos);
  auto const lacking = people->forbidden(&ann, R"(Bearer error="insufficient_scope", scope="admin")");
  ASSERT_TRUE(lacking);
  EXPECT_NE(lacking->hint.find("`weir server login web --for sub:ann --scope admin`"), std::string::npos);
}

TEST_F(People, WhoseUserIsDroppedHasTheirTokenGivenBack) {
  signs_in(ann, "ann");
  signs_in(bob, "bob");
  EXPECT_EQ(text(&ann), "Bearer x-ann-0");
  EXPECT_EQ(text(&bob), "Bearer x-bob-0");
  EXPECT_EQ(cache.drop_subject(keys.subject("https://login.test", "ann")), 1U);
  loop.advance(1s);
  ASSERT_EQ(revoked.size(), 1U);
  EXPECT_NE(revoked[0].find("token=x-ann-0"), std::string::npos);
  EXPECT_EQ(cache.size(), 1U);
}

TEST_F(People, ListsAreAskedForWithoutATokenUntilTheServerRefusesThat) {
  signs_in(ann, "ann");
  auto const open = get(nullptr);
  ASSERT_TRUE(open);
  EXPECT_TRUE((*open)->reveal().empty()) << "never a person's";
  auto const proof = people->proof(nullptr, *open, "POST", "https://s.test/mcp");
  EXPECT_TRUE(proof && proof->empty());
  people->refused(nullptr, *open, false);
  EXPECT_EQ(people->ready(nullptr), nullptr);
  EXPECT_NE(text(nullptr).find("`weir server login web`"), std::string::npos);
  EXPECT_EQ(text(&ann), "Bearer x-ann-0") << "which says nothing of callers";
  loop.advance(PeopleTokens::kShut);
  EXPECT_TRUE(get(nullptr)) << "it may be open by now";
}

TEST_F(People, ThoseWhoCalledLongestAgoMakeRoom) {
  std::vector<core::Principal> many;
  signs_in(subject("p0"), "p0");
  for (std::size_t i = 0; i < SignInStore::kPeopleMax; ++i) {
    auto const name = "p" + std::to_string(i);
    many.push_back(subject(name));
    auto const path = store.path_of("web", many.back().id);
    std::ofstream(path) << written(sign_in(&many.back(), name)).reveal();  // without waiting for the disk
    std::filesystem::permissions(path, std::filesystem::perms{0600});
  }
  for (auto const& one : many) ASSERT_TRUE(get(&one));
  EXPECT_EQ(people->size(), SignInStore::kPeopleMax);
  EXPECT_FALSE(store.write("web", sign_in(&ann, "ann"))) << "there is no place in the store either";
  ASSERT_TRUE(store.remove("web", many[3].id));
  signs_in(ann, "ann");
  EXPECT_EQ(text(&ann), "Bearer x-ann-0");
  EXPECT_EQ(people->size(), SignInStore::kPeopleMax);
  EXPECT_EQ(text(&many[0]), "Bearer x-p0-0");
}

}  // namespace
}  // namespace weir::oauth
