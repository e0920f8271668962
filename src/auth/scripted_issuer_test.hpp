// ScriptedIssuer: an issuer on virtual time: answers what Weir asks it, counts the questions, signs tokens.
//
// For tests of this folder and of edge. Owns what lives at Weir's home too, and stops it.
#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "auth/authenticator.hpp"
#include "base/virtual_loop.hpp"
#include "jose/signing_key.hpp"

namespace weir::auth {

class ScriptedIssuer final : public net::Fetcher {
  base::VirtualLoop own_loop_;

 public:
  explicit ScriptedIssuer(base::VirtualLoop* at = nullptr) : loop(at != nullptr ? *at : own_loop_) {
    settings.issuer = "https://as.test";
    settings.audience = "https://mcp.test/mcp";
    settings.algorithms = {"ES256"};
    questions.url = "https://as.test/introspect";
    questions.client_id = "weir:1";
    questions.client_secret = base::Secret("p&ss");
    questions.issuer = settings.issuer;
    questions.audience = settings.audience;
  }
  ~ScriptedIssuer() override {
    if (keys) keys->stop();
    if (asking) asking->stop();
    place->close();
  }

  TokenSources sources() {
    issuer = std::make_shared<TokenIssuer>(settings, 1);
    keys = std::make_shared<KeysLoop>(loop, *this, log, issuer);
    asking = std::make_shared<AskingLoop>(loop, *this, log, questions, 1);
    return {place, issuer, keys, asking};
  }

  base::Task<base::Result<net::FetchedReply>> fetch(net::FetchRequest const& request,
                                                    base::TimePoint) override {
    seen.push_back(request.url.target);
    std::string const body(request.body.reveal());
    bodies.push_back(body);
    for (auto const& [name, value] : request.fields) {
      if (name == "Authorization") authorization = value.reveal();
    }
    co_await loop.sleep_for(latency);
    if (down) co_return base::Error(base::Fault::connect_failed, base::Blame::upstream, "nobody there");
    net::FetchedReply reply;
    reply.status = 200;
    reply.body = answer(request.url.target, body);
    if (reply.body.empty()) reply.status = 404;
    if (!cache_control.empty()) reply.fields.emplace_back("cache-control", cache_control);
    co_return reply;
  }

  std::string key_id() const { return named ? "k" + std::to_string(turn) : std::string(); }
  std::string key_set() const { return R"({"keys":[)" + key.public_jwk(key_id()) + "]}"; }
  void replace() { key = *jose::SigningKey::generate(jose::Algorithm::es256); }  // under the same name
  void rotate() {
    replace();
    ++turn;
  }
  std::string token(std::string const& subject, std::string const& scope = "",
                    std::string const& audience = "https://mcp.test/mcp") {
    auto const now =
        std::chrono::duration_cast<std::chrono::seconds>(loop.clock().wall().time_since_epoch()).count();
    return std::string(
        key.sign(fmt::format(R"({{"iss":"https://as.test","aud":"{}","sub":"{}","scope":"{}","exp":{}}})",
                             audience, subject, scope, now + 3600),
                 key_id())
            ->reveal());
  }
  std::string token_of_no_key(std::string const& subject) {
    auto const other = *jose::SigningKey::generate(jose::Algorithm::es256);
    return std::string(
        other
            .sign(R"({"iss":"https://as.test","aud":"x","sub":")" + subject + R"(","exp":9999999999})",
                  subject)
            ->reveal());
  }
  std::size_t asked(std::string_view part) const {
    return static_cast<std::size_t>(std::count_if(seen.begin(), seen.end(), [&](auto const& target) {
      return target.find(part) != std::string::npos;
    }));
  }

  base::VirtualLoop& loop;
  base::SystemClock clock;  // of the log, which has a thread of its own
  observe::Log log{{.fd = -1}, clock, {}};
  config::TokenAuth settings;
  config::Introspection questions;
  jose::SigningKey key = *jose::SigningKey::generate(jose::Algorithm::es256);
  int turn = 1;
  bool named = true;  // keys have ids
  bool down = false;
  base::Duration latency = std::chrono::milliseconds{10};
  std::string cache_control;
  std::string metadata = R"({"issuer":"https://as.test","jwks_uri":"https://as.test/keys"})";
  std::string keys_text;  // instead of key_set()
  std::vector<std::string> seen, bodies;
  std::string authorization;
  std::shared_ptr<base::Workplace> place = std::make_shared<base::Workplace>(loop);
  std::shared_ptr<TokenIssuer> issuer;
  std::shared_ptr<KeysLoop> keys;
  std::shared_ptr<AskingLoop> asking;

 private:
  std::string answer(std::string const& target, std::string const& body) const {
    if (target == "/.well-known/openid-configuration") return metadata;
    if (target == "/keys") return keys_text.empty() ? key_set() : keys_text;
    if (target != "/introspect") return {};
    if (body.find("token=opaque-") == std::string::npos) return R"({"active":false})";
    return R"({"active":true,"sub":"ann","aud":"https://mcp.test/mcp","scope":"a b"})";
  }
};

}  // namespace weir::auth
