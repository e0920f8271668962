#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "auth/token_issuer.hpp"
#include "jose/signing_key.hpp"

// What all workers ask at once, while one of them brings other keys. Meant for the thread sanitizer; what is
// withdrawn proves nothing in any build, and what is new is refused at no moment.
namespace weir::auth {
namespace {

using namespace std::chrono_literals;

constexpr base::WallTime kWall{1'000'000s};
constexpr base::TimePoint kNow{1000h};
constexpr int kThreads = 4;
constexpr int kTokens = 8;

config::TokenAuth settings() {
  config::TokenAuth settings;
  settings.issuer = "https://as.test";
  settings.audience = "https://mcp.test/mcp";
  settings.algorithms = {"ES256"};
  return settings;
}

struct Signer {
  explicit Signer(std::string name) : id(std::move(name)) {}
  std::string token(int number) const {
    auto const claims = R"({"iss":"https://as.test","aud":"https://mcp.test/mcp","exp":1000300,"sub":"u)" +
                        std::to_string(number) + "\"}";
    return std::string((*key.sign(claims, id)).reveal());
  }
  void publish(TokenIssuer& issuer) const {
    auto const text = R"({"keys":[)" + key.public_jwk(id) + "]}";
    issuer.set_keys(std::make_shared<jose::KeySet const>(*jose::KeySet::parse(text)), text, kNow + 24h);
  }

  std::string id;
  jose::SigningKey key = *jose::SigningKey::generate(jose::Algorithm::es256);
};

TEST(TokenIssuerThreads, WithdrawnKeysProveNothingOnAnyThread) {
  TokenIssuer issuer(settings(), 1);
  Signer const old("old");
  Signer const later("later");
  std::vector<std::string> tokens[2];
  for (int i = 0; i < kTokens; ++i) {
    tokens[0].push_back(old.token(i));
    tokens[1].push_back(later.token(i));
  }
  old.publish(issuer);
  std::atomic<bool> changing{false};
  std::atomic<bool> withdrawn{false};
  std::atomic<int> judged{0};
  std::atomic<int> believed{0};
  std::atomic<int> wrong{0};
  auto const work = [&](int thread) {
    for (int i = 0; i < 400; ++i) {
      bool const before = withdrawn;
      auto const verdict = issuer.judge(tokens[0][static_cast<std::size_t>(i % kTokens)], kWall, kNow);
      if (verdict.caller) {
        ++believed;
        if (before || verdict.caller->principal->subject != "u" + std::to_string(i % kTokens)) ++wrong;
      }
      if (!verdict.caller && !changing) ++wrong;
      auto const newer = issuer.judge(tokens[1][static_cast<std::size_t>(i % kTokens)], kWall, kNow);
      if (newer.kind == TokenIssuer::Verdict::Kind::refused || (before && !newer.caller)) ++wrong;
      if (i % 64 == thread) issuer.known().sweep(kWall, kNow);
      ++judged;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work, i);
  while (judged < kThreads * 100) std::this_thread::yield();
  changing = true;
  later.publish(issuer);
  issuer.set_unknown_from(kNow + 30s);  // as KeysLoop does once it has fetched
  withdrawn = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(believed, 0);
  EXPECT_LE(issuer.known().size(), 2U * kTokens);
}

}  // namespace
}  // namespace weir::auth
