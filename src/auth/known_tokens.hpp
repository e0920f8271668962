// KnownTokens: what has been found out about tokens, so that it is not found out again for every call.
//
// Truth of the process, any thread. The key is a hash of the whole token (F-01): a token that only ends like
// a known one is unknown. At most kEntriesMax good ones and kBadMax that were refused, apart, so that
// strangers cannot push out callers. An entry ends with its token's own time, at kGoodFor or kBadFor, and
// when the keys that proved it are withdrawn; sweep() takes what is over out of memory without being asked
// for it. No token is kept, but where callers' tokens are exchanged: those go with their entries.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "auth/token_caller.hpp"
#include "base/bounded_table.hpp"

namespace weir::auth {

class KnownTokens {
 public:
  static constexpr std::size_t kEntriesMax = 10'000;
  static constexpr std::size_t kBadMax = 1'000;
  static constexpr std::size_t kBatchMax = 256;

  // How long a verdict is used at most.
  struct Lifetimes {
    base::Duration good = std::chrono::minutes{5};
    base::Duration bad{};  // 0: refusals are not remembered
  };

  KnownTokens(Lifetimes const& lifetimes, std::uint64_t seed);

  struct Found {
    bool bad = false;
    std::shared_ptr<TokenCaller const> caller;  // null: unknown, or bad
  };
  // `generation`: of the keys in use.
  Found find(std::string const& digest, std::uint64_t generation, base::WallTime wall, base::TimePoint now);
  void keep(std::string const& digest, std::shared_ptr<TokenCaller const> caller, base::WallTime wall,
            base::TimePoint now);
  void keep_bad(std::string const& digest, base::TimePoint now);

  void sweep(base::WallTime wall, base::TimePoint now);
  std::size_t size() const noexcept { return good_.size() + bad_.size(); }

 private:
  struct Refused {};
  // Entries whose tokens end before their verdict does; at most kEndsMax, beyond it the verdict's time holds.
  static constexpr std::size_t kEndsMax = 2 * kEntriesMax;
  struct End {
    base::WallTime at;
    base::TableHandle entry;
    bool operator>(End const& other) const noexcept { return at > other.at; }
  };
  Lifetimes const lifetimes_;
  base::BoundedTable<std::string, TokenCaller const> good_;
  base::BoundedTable<std::string, Refused> bad_;
  std::mutex ends_mutex_;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends_;  // the next one first
};

}  // namespace weir::auth
