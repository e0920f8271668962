// Tokens that are bound to a key (DPoP), from the question for one to the request that shows it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/virtual_loop.hpp"
#include "oauth/dpop_check_test.hpp"
#include "oauth/fake_issuer_test.hpp"
#include "oauth/proof_key.hpp"
#include "oauth/token_source_io.hpp"

namespace weir::oauth {
namespace {

using namespace std::chrono_literals;
using Value = core::CredentialSource::Value;
using Got = std::optional<base::Result<Value>>;

constexpr char kServer[] = "https://server.test/mcp";

base::Task<void> keep(TokenSource& source, base::TimePoint deadline, Got& out) {
  if (auto value = source.ready(nullptr)) {
    out = value;
    co_return;
  }
  out = co_await source.obtain(nullptr, deadline);
}

struct Proofs : testing::Test {
  base::VirtualLoop loop;
  FakeIssuer issuer{loop};
  base::SeededRandom random{5};
  TokenKeys keys{random};
  TokenCache cache{{}, loop.now()};
  RefreshBook book;
  std::string folder = testing::TempDir() + "weir_proofs_" + std::to_string(::getpid());
  SignInStore store{folder};
  TokenParts parts{loop, issuer, random, keys, cache, book, &store};
  TokenSourceOptions options;
  std::optional<TokenSource> source;
  DpopCheck check;
  std::string nonce;  // that the issuer wants to see; "": none
  std::string next;   // that it gives with a token
  std::string type = "DPoP";
  std::string bound_to;  // thumbprint in a token that is a JWT; "": it is none
  std::vector<std::string> wrong;
  unsigned made = 0;

  Proofs() {
    std::filesystem::remove_all(folder);
    options.server = "github";
    options.wanted.endpoint = *net::parse_url("https://issuer.test/token?tenant=1");
    options.wanted.issuer = "https://issuer.test";
    options.wanted.key_bound = true;
    options.client =
        ClientIdentity{ClientAuth::post, "weir", base::Secret("client-secret-1"), nullptr, key()};
    issuer.answer = [this](FakeIssuer::Asked const& asked) { return strict(asked); };
  }
  ~Proofs() override { std::filesystem::remove_all(folder); }

  std::shared_ptr<KeyProver const> key() { return *proof_key({}, random); }
  // Refuses what RFC 9449 lets it refuse.
  FakeIssuer::Reply strict(FakeIssuer::Asked const& asked) {
    auto const proof = asked.field("DPoP");
    auto const now = loop.clock().wall();
    auto const why = check(proof, {"POST", "https://issuer.test/token", now, nonce});
    if (why.starts_with("nonce")) {
      return FakeIssuer::with(FakeIssuer::json(400, R"({"error":"use_dpop_nonce"})"), "dpop-nonce", nonce);
    }
    if (!why.empty()) {
      wrong.push_back(why);
      return FakeIssuer::json(400, R"({"error":"invalid_dpop_proof"})");
    }
    auto const number = std::to_string(++made);
    auto const token = bound_to.empty()
                           ? "x-" + number
                           : base::to_base64url("{}") + "." +
                                 base::to_base64url(R"({"cnf":{"jkt":")" + bound_to + "\"}}") + ".s";
    auto reply = FakeIssuer::json(200, R"({"access_token":")" + token + R"(","token_type":")" + type +
                                           R"(","expires_in":3600,"refresh_token":"r-)" + number + R"("})");
    if (next.empty()) return reply;
    nonce = next;
    return FakeIssuer::with(reply, "dpop-nonce", next);
  }
  void begin(TokenSource::Locator locate = {}) { source.emplace(parts, options, std::move(locate)); }
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
  std::string shown(std::string const& token, std::string const& server_nonce = "",
                    char const* method = "POST") {
    auto const value = std::make_shared<base::Secret const>("DPoP " + token);
    auto const proof = source->proof(nullptr, value, method, std::string(kServer) + "?session=1");
    if (!proof) return proof.error().detail;
    return check(proof->reveal(), {method, kServer, loop.clock().wall(), server_nonce, token});
  }
};

TEST_F(Proofs, ATokenIsAskedForAndShownWithProofsOfOneKey_RFC9449) {
  begin();
  EXPECT_EQ(text(), "DPoP x-1");
  EXPECT_TRUE(wrong.empty()) << wrong.front();
  auto const of_issuer = check.thumbprint;
  EXPECT_EQ(of_issuer, options.client.prover->thumbprint());
  EXPECT_EQ(shown("x-1"), "");
  EXPECT_EQ(shown("x-1", "", "GET"), "");
  EXPECT_EQ(shown("x-1", "", "DELETE"), "");
  EXPECT_EQ(check.thumbprint, of_issuer);
  EXPECT_EQ(check.seen.size(), 4U) << "each proof has its own jti";
}

TEST_F(Proofs, ABearerTokenIsNoAnswer_RFC9449) {
  type = "Bearer";
  begin();
  auto const got = get();
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().detail.find("bearer token, where `dpop`"), std::string::npos) << got.error().detail;
  EXPECT_NE(got.error().hint.find("`dpop`"), std::string::npos) << got.error().hint;
  EXPECT_EQ(got.error().fault, base::Fault::config);
  EXPECT_EQ(issuer.asked.size(), 1U);
}

TEST_F(Proofs, WithoutAKeyABoundTokenIsNoAnswerAndNothingIsProved) {
  options.client.prover = nullptr;
  options.wanted.key_bound = false;
  issuer.answer = [](FakeIssuer::Asked const& asked) {
    EXPECT_EQ(asked.field("DPoP"), "");
    return FakeIssuer::json(200, R"({"access_token":"x","token_type":"DPoP"})");
  };
  begin();
  EXPECT_FALSE(get());
  issuer.answer = [](FakeIssuer::Asked const&) { return FakeIssuer::token("b-1"); };
  loop.advance(1min);
  auto const got = get();
  ASSERT_TRUE(got);
  EXPECT_EQ((*got)->reveal(), "Bearer b-1");
  EXPECT_TRUE(source->proof(nullptr, *got, "POST", kServer)->empty());
  EXPECT_FALSE(source->wants_nonce(nullptr, kServer, "n-1", R"(DPoP error="use_dpop_nonce")"));
}

TEST_F(Proofs, ATokenForAnotherKeyIsNotUsed_RFC9449) {
  bound_to = key()->thumbprint();
  begin();
  EXPECT_NE(text().find("bound to another key"), std::string::npos);
  loop.advance(1min);
  bound_to = options.client.prover->thumbprint();
  EXPECT_TRUE(text().starts_with("DPoP e30.")) << text();
}

TEST_F(Proofs, TheIssuersNonceIsLearnedOnceAndFollowedWhenItChanges_RFC9449) {
  nonce = "n-1";
  begin();
  EXPECT_EQ(text(), "DPoP x-1");
  EXPECT_EQ(issuer.asked.size(), 2U);
  next = "n-2";  // comes with the next token
  loop.advance(3600s);
  EXPECT_EQ(text(), "DPoP x-2");
  EXPECT_EQ(issuer.asked.size(), 3U) << "the nonce was known";
  loop.advance(3600s);
  EXPECT_EQ(text(), "DPoP x-3");
  EXPECT_EQ(issuer.asked.size(), 4U) << "the nonce of an answer that brought a token counts";
}

TEST_F(Proofs, AnIssuerThatIsNeverContentIsAskedTwiceAndToldOf_RFC9449) {
  issuer.answer = [](FakeIssuer::Asked const& asked) {
    auto const other = "n-" + std::to_string(asked.field("DPoP").size());
    return FakeIssuer::with(FakeIssuer::json(400, R"({"error":"use_dpop_nonce"})"), "dpop-nonce", other);
  };
  begin();
  EXPECT_NE(text().find("use_dpop_nonce"), std::string::npos);
  EXPECT_EQ(issuer.asked.size(), 2U);
}

TEST_F(Proofs, ANonceThatIsNoneIsNotUsed_RFC9449) {
  for (auto const& bad : {std::string("a b"), std::string(NonceBook::kNonceMax + 1, 'n'), std::string()}) {
    issuer.asked.clear();
    issuer.answer = [&bad](FakeIssuer::Asked const&) {
      return FakeIssuer::with(FakeIssuer::json(400, R"({"error":"use_dpop_nonce"})"), "dpop-nonce", bad);
    };
    begin();
    EXPECT_NE(text().find("protocol"), std::string::npos);
    EXPECT_EQ(issuer.asked.size(), 1U);
    loop.advance(1min);
  }
}

TEST_F(Proofs, TheServersNonceIsItsOwn_RFC9449) {
  nonce = "of-the-issuer";
  begin();
  EXPECT_EQ(text(), "DPoP x-1");
  EXPECT_EQ(shown("x-1"), "") << "the issuer's nonce is not for the server";
  EXPECT_TRUE(
      source->wants_nonce(nullptr, kServer, "n-1", R"(Bearer realm="x", DPoP error="use_dpop_nonce")"));
  EXPECT_EQ(shown("x-1", "n-1"), "");
  EXPECT_FALSE(source->wants_nonce(nullptr, kServer, "n-2", "")) << "of an answer that refuses nothing";
  EXPECT_EQ(shown("x-1", "n-2"), "");
  for (auto const* const field :
       {R"(DPoP error="invalid_token")", R"(Bearer error="use_dpop_nonce")", "DPoP"}) {
    EXPECT_FALSE(source->wants_nonce(nullptr, kServer, "n-2", field)) << field;
  }
  EXPECT_FALSE(source->wants_nonce(nullptr, kServer, "", R"(DPoP error="use_dpop_nonce")"))
      << "there is none to use";
  EXPECT_EQ(shown("x-1", "n-2"), "");
}

base::Task<OAuthResult<TokenPlace>> found(TokenPlace place) { co_return place; }

TEST_F(Proofs, AnIssuerThatTakesOtherAlgorithmsIsNotAsked_RFC9449) {
  TokenPlace place;
  place.endpoint = options.wanted.endpoint;
  place.issuer = options.wanted.issuer;
  place.proof_algorithms = {"PS256"};
  begin([&place](base::TimePoint, bool) { return found(place); });
  auto const refused = get();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().hint.find("`dpop_algorithm`"), std::string::npos) << refused.error().hint;
  EXPECT_TRUE(issuer.asked.empty());
  place.proof_algorithms = {"PS256", "ES256"};
  loop.advance(1min);
  EXPECT_EQ(text(), "DPoP x-1");
}

TEST_F(Proofs, ATokenOfAnotherKeyIsNotTakenFromTheCache) {
  begin();
  EXPECT_EQ(text(), "DPoP x-1");
  begin();  // with the same key
  EXPECT_EQ(text(), "DPoP x-1");
  options.client.prover = key();
  begin();
  EXPECT_EQ(text(), "DPoP x-2");
}

struct SignedInProofs : Proofs {
  std::shared_ptr<KeyProver const> own = key();

  SignedInProofs() {
    options.grant = Grant::authorization_code;
    options.client = {ClientAuth::none, "", {}, nullptr, nullptr};
    options.sign_in_use = {kServer, "", "", true};
    options.sign_in = "i-1";
    EXPECT_TRUE(store.write("github", signed_in()));
  }
  KeptSignIn signed_in() const {
    KeptSignIn kept;
    kept.id = "i-1";
    kept.server = kServer;
    kept.issuer = "https://issuer.test";
    kept.token_endpoint = "https://issuer.test/token";
    kept.client_id = "c-1";
    kept.registered = true;
    kept.access_token = base::Secret("x-0");
    kept.refresh_token = base::Secret("r-0");
    kept.expires_at = loop.clock().wall() + 3600s;
    kept.bound_key = own->thumbprint();
    kept.key = own->written();
    return kept;
  }
};

TEST_F(SignedInProofs, TheKeyOfASignInLivesAsLongAsItsTokens_RFC9449) {
  begin();
  EXPECT_EQ(text(), "DPoP x-0");
  EXPECT_EQ(shown("x-0"), "");
  EXPECT_EQ(check.thumbprint, own->thumbprint());
  begin();  // a restart, while the token is still at hand
  ASSERT_TRUE(source->ready(nullptr));
  EXPECT_EQ(shown("x-0"), "");
  EXPECT_EQ(check.thumbprint, own->thumbprint());
  begin();
  loop.advance(3600s);
  EXPECT_EQ(text(), "DPoP x-1") << "a refresh token is bound to it too";
  EXPECT_TRUE(wrong.empty()) << wrong.front();
  EXPECT_EQ(check.thumbprint, own->thumbprint());
  EXPECT_EQ((*store.read("github"))->key, own->written());
}

TEST_F(SignedInProofs, AnotherSignInBringsItsOwnKeyWithoutARestart_RFC9449) {
  begin();
  EXPECT_EQ(text(), "DPoP x-0");
  auto const second = key();
  auto kept = signed_in();
  kept.id = "i-2";
  kept.bound_key = second->thumbprint();
  kept.key = second->written();
  ASSERT_TRUE(store.write("github", kept));
  loop.advance(3600s);
  EXPECT_EQ(text(), "DPoP x-1");
  EXPECT_TRUE(wrong.empty()) << wrong.front();
  EXPECT_EQ(check.thumbprint, second->thumbprint());
}

TEST_F(SignedInProofs, ABearerTokenDoesNotRenewIt_RFC9449) {
  begin();
  EXPECT_EQ(text(), "DPoP x-0");
  loop.advance(3600s);
  type = "Bearer";
  EXPECT_NE(text().find("bearer token, where `dpop`"), std::string::npos);
  EXPECT_EQ((*store.read("github"))->access_token.reveal(), "x-0");
}

TEST_F(SignedInProofs, WithoutItsKeyASignInIsNoUse) {
  auto kept = signed_in();
  kept.key = base::Secret("broken");
  ASSERT_TRUE(store.write("github", kept));
  begin();
  EXPECT_NE(text().find("weir server login github"), std::string::npos);
  EXPECT_TRUE(issuer.asked.empty());
}

}  // namespace
}  // namespace weir::oauth
