// Authenticator: turns the credential of a request into a Principal, or refuses it.
//
// Immutable; rebuilt and swapped on a reload, shared by all workers. Keys are known by their SHA-256 only and
// compared in constant time over the hash; what is known of tokens is in TokenIssuer and AskingLoop. A
// listener that asks for nothing serves everybody as `anonymous`, whatever they send. Answers and timing do
// not tell an unknown key from an expired one. Faults: unauthenticated (none, or not accepted), invalid_input
// (what is shown cannot be a credential), denied (the token lacks scopes that every caller must have),
// unavailable and busy (nobody can say now).
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "auth/asking_loop.hpp"
#include "auth/keys_loop.hpp"
#include "base/clock.hpp"
#include "base/errand.hpp"
#include "base/result.hpp"
#include "config/settings.hpp"
#include "core/principal.hpp"

namespace weir::auth {

// Where tokens are proven; all null where none are accepted. The loops live at `home`.
struct TokenSources {
  std::shared_ptr<base::Workplace> home;
  std::shared_ptr<TokenIssuer> issuer;
  std::shared_ptr<KeysLoop> keys;
  std::shared_ptr<AskingLoop> asking;
};

class Authenticator {
 public:
  using Who = base::Result<std::shared_ptr<core::Principal const>>;

  // `methods`: what the listener accepts, in order; empty accepts everybody.
  Authenticator(std::vector<std::string> const& methods, std::vector<config::ApiKey> const& keys,
                TokenSources sources = {});

  struct Shown {
    std::string_view authorization;  // value of the header, or empty
    std::string_view endpoint;       // "" for the one of all servers
  };
  // Without waiting; nothing: identify_late() has to be asked.
  std::optional<Who> identify_now(Shown shown, base::WallTime wall, base::TimePoint now) const;
  // Waits for what the issuer says, on the caller's loop; `shown` and the authenticator must outlive the
  // task.
  base::Task<Who> identify_late(Shown shown, base::Scheduler& here) const;

  // Whether a caller whom `before` let in is known still, by what it showed then; its time apart.
  bool still_admits(core::Principal const& who, Authenticator const& before) const;

  // API keys only: what needs an issuer is refused.
  Who identify(std::string_view authorization, base::WallTime wall) const;

 private:
  using Verdict = TokenIssuer::Verdict;
  struct Key {
    std::array<std::uint8_t, 32> sha256;
    base::WallTime expires;
    std::shared_ptr<core::Principal const> principal;
  };
  std::shared_ptr<core::Principal const> find_key(std::string_view token, base::WallTime wall) const;
  // `late`: the issuer's verdict, if it has been waited for.
  std::optional<Who> decide(Shown shown, base::WallTime wall, base::TimePoint now, Verdict const* late) const;
  base::Task<Verdict> judge_late(std::string_view token, base::Scheduler& here) const;
  Who admitted(TokenCaller const& caller, std::string_view endpoint,
               std::vector<std::string> const& scopes) const;

  bool closed_ = false;  // a credential is needed
  bool opens_with_keys_ = false, opens_with_jwt_ = false, opens_by_asking_ = false;
  std::vector<Key> keys_;
  TokenSources sources_;
  std::shared_ptr<core::Principal const> anonymous_;
};

}  // namespace weir::auth
