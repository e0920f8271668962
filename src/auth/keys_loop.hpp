// KeysLoop: fetches the signing keys of a TokenIssuer: at the start, ahead of their end, and when somebody
// shows a token of a key that is unknown. Also takes what is over out of the known tokens, once a second.
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

  // At home. Returns when keys have been fetched for this reason, could not be, or need not be; at `deadline`
  // at the latest.
  base::Task<void> freshen(KeyKeeper::Why why, base::TimePoint deadline);

 private:
  base::Task<void> keep_fresh();
  void begin(KeyKeeper::Why why);
  base::Task<void> fetch();
  base::Task<base::Result<std::string>> keys_url();
  base::Task<base::Result<net::FetchedReply>> get(std::string url, std::size_t bytes_max);

  base::Scheduler& home_;
  net::Fetcher& fetcher_;
  observe::Log& log_;
  std::shared_ptr<TokenIssuer> const issuer_;
  KeyKeeper keeper_;
  std::string found_url_;  // in the issuer's metadata
  base::TimePoint found_until_ = base::TimePoint::min();
  bool stopped_ = false;
  base::Event fetched_;
  base::TaskGroup tasks_;
};

}  // namespace weir::auth
