// KeysLoop: fetches the signing keys of a TokenIssuer: at the start, ahead of their end, and when somebody
// shows a token that they do not prove. Also takes what is over out of the known tokens, once a second.
//
// Lives on one worker, its home; one fetch at a time, for all who wait. stop() there, before the last
// reference goes; after that it is an empty shell that may die anywhere. Outlived by loop, fetcher and log.
#pragma once

#include <memory>
#include <string>

#include "auth/token_issuer.hpp"
#include "base/sync.hpp"
#include "base/task_group.hpp"
#include "net/http_fetch.hpp"
#include "observe/log.hpp"

namespace weir::auth {

class KeysLoop {
 public:
  static constexpr base::Duration kAnswerMax = std::chrono::seconds{5};
  static constexpr base::Duration kMetadataFor = std::chrono::hours{1};
  static constexpr base::Duration kSweepEvery = std::chrono::seconds{1};

  KeysLoop(base::Scheduler& home, net::Fetcher& fetcher, observe::Log& log,
           std::shared_ptr<TokenIssuer> issuer);

  void start();  // idempotent
  void stop() noexcept;
  // Where the issuer is configured ("weir.yaml:3:10", "" when that is not known), for the log.
  void set_place(std::string place) { place_ = std::move(place); }

  // At home. How it stands with the keys.
  struct Standing {
    bool usable = false;    // there are keys
    std::string trouble{};  // why none came when they were last asked for; "": they came, or are on their way
    base::TimePoint since{};  // … since then they have not come
  };
  Standing standing() const;

  // At home. Begins a fetch if this reason allows one, and waits until what is under way has ended, well or
  // not; until `deadline` at the latest. False: there is nothing more to wait for now. That fetch may have
  // begun before `why` was known; whoever still wants keys may come once more.
  base::Task<bool> freshen(KeyKeeper::Why why, base::TimePoint deadline);

 private:
  base::Task<void> keep_fresh();
  void begin(KeyKeeper::Why why);
  base::Task<void> fetch();
  void failed(base::Error const& why, bool metadata);
  base::Task<base::Result<std::string>> keys_url();
  base::Task<base::Result<net::FetchedReply>> get(std::string url, std::size_t bytes_max);

  base::Scheduler& home_;
  net::Fetcher& fetcher_;
  observe::Log& log_;
  std::shared_ptr<TokenIssuer> const issuer_;
  KeyKeeper keeper_;
  std::string found_url_;  // in the issuer's metadata
  base::TimePoint found_until_ = base::TimePoint::min();
  std::string place_;
  std::string trouble_;  // as in Standing
  base::TimePoint since_{};
  bool stopped_ = false;
  base::Event fetched_;
  base::TaskGroup tasks_;
};

}  // namespace weir::auth
