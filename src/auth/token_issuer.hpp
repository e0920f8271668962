// TokenIssuer: the issuer of signed tokens as the whole process knows it: its keys, and who was proven with
// them.
//
// Truth of the process; any thread, nothing here waits. judge() answers from what is known; where that does
// not do, it says which keys are wanted, and KeysLoop gets them. A new issuer configuration is a new
// TokenIssuer.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "auth/key_keeper.hpp"
#include "auth/known_tokens.hpp"
#include "config/auth_settings.hpp"
#include "jose/token.hpp"

namespace weir::auth {

class TokenIssuer {
 public:
  TokenIssuer(config::TokenAuth settings, std::uint64_t seed);

  struct Verdict {
    enum class Kind { caller, refused, wants_keys };
    Kind kind = Kind::refused;
    std::shared_ptr<TokenCaller const> caller;             // Kind::caller
    jose::TokenFault fault = jose::TokenFault::malformed;  // otherwise; of wants_keys when none can be had
    KeyKeeper::Why why = KeyKeeper::Why::none_yet;         // Kind::wants_keys
  };
  Verdict judge(std::string_view token, base::WallTime wall, base::TimePoint now);

  // By KeysLoop. Withdrawn keys prove nothing from then on, not even for tokens that are known.
  void set_keys(std::shared_ptr<jose::KeySet const> keys, std::string_view text,
                base::TimePoint usable_until);
  // Tokens that the keys do not prove want newer ones from then on; before that they are refused at once.
  void set_unknown_from(base::TimePoint from);

  bool has_keys(base::TimePoint now) const;
  config::TokenAuth const& settings() const noexcept { return settings_; }
  KnownTokens& known() noexcept { return known_; }

 private:
  struct Keys {
    std::shared_ptr<jose::KeySet const> set;
    base::TimePoint usable_until = base::TimePoint::min();
    std::uint64_t generation = 0;
    base::TimePoint unknown_from = base::TimePoint::min();  // here, so that it is read with its keys
  };
  Keys keys() const;
  Verdict prove(std::string_view token, std::string const& digest, Keys const& with, base::WallTime wall,
                base::TimePoint now);

  config::TokenAuth const settings_;
  jose::TokenRules const rules_;
  KnownTokens known_;
  std::atomic<std::uint64_t> generation_{0};
  mutable std::mutex mutex_;  // of what is below; held for a copy only
  Keys keys_;
  std::size_t text_hash_ = 0;
};

}  // namespace weir::auth
