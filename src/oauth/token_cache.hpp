// TokenCache: the tokens that stand ready, and the refusals that are remembered, of all servers and callers.
//
// One per process; any thread. One short lock, never held while an issuer is asked or a value dies (R-008,
// F-06). Never more than `entries_max` entries: when it is full, the tenant that holds most of it loses what
// it used longest ago, so that none pushes out the others (F-12). A token is served before its end and never
// after it; expire() lets go of what is over without anybody asking for it (R-002, F-13). Values are Secret:
// what leaves is wiped with its last user. Keys are hashes (token_key.hpp).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/intrusive_list.hpp"
#include "base/timer_wheel.hpp"
#include "oauth/oauth_error.hpp"
#include "oauth/token_key.hpp"
#include "oauth/token_life.hpp"

namespace weir::oauth {

struct TokenCacheOptions {
  std::size_t entries_max = 5000;
  base::Duration life_max = std::chrono::seconds{300};
};

using TokenRef = std::shared_ptr<base::Secret const>;

// Takes back what its issuer should forget. Any thread.
class TokenReturns {
 public:
  virtual ~TokenReturns() = default;
  virtual void give_back(TokenRef token) = 0;
};

class TokenAsking;
class TokenCache;

struct TokenOwner {
  std::string tenant;  // "": the gateway itself and callers without one
  TokenKey subject{};
  std::weak_ptr<TokenReturns> returns = {};
  TokenAsking const* asking = nullptr;  // borrowed; null: nothing can have been dropped meanwhile
  TokenKey client{};                    // who asked: a refusal holds for that one alone
};

// Counted since the start, but for the last two. What leaves is counted under one reason.
struct TokenStats {
  std::uint64_t hits, misses, refusals;       // look-ups; refusals: answered by a remembered one
  std::uint64_t stored, refused;              // tokens and refusals that came
  std::uint64_t evicted_full, evicted_share;  // made room: the cache was full, or their tenant too large
  std::uint64_t expired, dropped, revoked;    // over; their server would not take them; their user is gone
  std::uint64_t renewals, renewals_failed;    // begun before the end; and those that brought none
  std::size_t entries, negative;              // now; negative: those of them that are refusals
  std::uint64_t evicted() const noexcept { return evicted_full + evicted_share; }
};

// A question to an issuer that is under way, from before it is sent until its answer is kept: so that what is
// dropped meanwhile is not kept afterwards. Any thread; the cache outlives it.
class TokenAsking : public base::ListHook {
 public:
  TokenAsking(TokenCache& cache, TokenKey const& subject);
  ~TokenAsking();
  TokenAsking(TokenAsking const&) = delete;
  TokenAsking& operator=(TokenAsking const&) = delete;

 private:
  friend class TokenCache;
  TokenCache& cache_;
  TokenKey subject_;
};

class TokenCache {
 public:
  TokenCache(TokenCacheOptions const& options, base::TimePoint now);
  ~TokenCache();
  TokenCache(TokenCache const&) = delete;
  TokenCache& operator=(TokenCache const&) = delete;

  struct Found {
    TokenRef token;                     // not null: serve it
    std::optional<OAuthError> refusal;  // remembered: do not ask now; its retry_after is what is left of it
    bool renew = false;                 // this caller, and no other, fetches the next one
  };
  // `counted`: false when the same call looks a second time. A token is served to whatever client asks, as it
  // does not end with the secret that it was asked for with; what another client was refused is none.
  Found find(TokenKey const& key, base::TimePoint now, bool counted = true, TokenKey const& client = {});

  // False: the owner's tokens were dropped while this one was asked for; it goes back to where it came from.
  bool keep(TokenKey const& key, TokenOwner owner, TokenRef token, TokenLife const& life,
            base::TimePoint now);
  // Remembers that there is none. A token that is served still stays: only renewing it failed, and it is
  // tried again after the same time.
  void refuse(TokenKey const& key, TokenOwner owner, OAuthError refusal, base::Duration remember,
              base::TimePoint now);
  // Nobody renews it any more: the next caller may.
  void renewal_over(TokenKey const& key);

  // The server would not take `used`; what was kept under the key since then stays.
  bool drop(TokenKey const& key, TokenRef const& used);
  // A user is gone (F-11): their tokens go back to where they came from, and nothing is remembered of them,
  // nor of what is being asked for them just now. How many entries that were.
  std::size_t drop_subject(TokenKey const& subject);

  // Lets go of up to `batch_max` entries whose time is over; a full batch means that there may be more.
  std::size_t expire(base::TimePoint now, std::size_t batch_max);
  // Nothing is lost but what a lowered cap has no room for. Callers' tokens live no longer than a lowered
  // lifetime from now on.
  void set_options(TokenCacheOptions const& options, base::TimePoint now);

  std::size_t size() const;
  TokenStats stats() const;
  base::Duration life_max() const;

 private:
  friend class TokenAsking;
  struct UseHook : base::ListHook {};
  struct Tenant;
  struct Entry;
  using Dead = std::vector<std::unique_ptr<Entry>>;

  Entry& place(TokenKey const& key, TokenOwner&& owner, Dead& dead);
  void set_end(Entry& entry, base::TimePoint until);
  void shorten(base::TimePoint now);
  void make_room(std::string const* newcomers_tenant, Dead& dead);  // null: for a lowered cap
  std::unique_ptr<Entry> take(Entry& entry);
  void expire_some(base::TimePoint now, std::size_t batch_max, Dead& dead);

  mutable std::mutex lock_;
  TokenCacheOptions options_;
  base::TimerWheel ends_;
  base::IntrusiveList<base::TimerNode> over_;  // their time is up; they wait for a batch
  base::IntrusiveList<TokenAsking> asking_;    // what nobody has dropped yet
  std::unordered_map<TokenKey, std::unique_ptr<Entry>, TokenKeyHash> entries_;
  std::unordered_map<std::string, std::unique_ptr<Tenant>> tenants_;
  TokenStats counted_{};
};

}  // namespace weir::oauth
