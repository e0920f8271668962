// Callers: where the tokens of callers are proven, as configured: made at the start, replaced by a reload
// that changes them, kept by one that does not.
//
// One per process, on the first worker, whose thread calls everything but sources(). What a reload replaces
// stops at once; requests that still hold it are told that nobody can say now. Outlived by loop, dialer and
// log.
#pragma once

#include <mutex>
#include <optional>

#include "auth/authenticator.hpp"
#include "base/random.hpp"
#include "net/http_fetch.hpp"

namespace weir::app {

class Callers {
 public:
  Callers(base::Scheduler& home, net::Dialer& dialer, observe::Log& log, base::Random& random)
      : home_(home), fetcher_(home, dialer), log_(log), random_(random) {}
  ~Callers() { stop(); }
  Callers(Callers const&) = delete;
  Callers& operator=(Callers const&) = delete;

  void apply(config::Settings const& settings, std::shared_ptr<base::Workplace> place);
  void stop() noexcept;
  auth::TokenSources sources() const;  // any thread
  // How it stands with the keys of the issuer; nothing where none is configured.
  std::optional<auth::KeysLoop::Standing> keys() const;

 private:
  base::Scheduler& home_;
  net::NetFetcher fetcher_;
  observe::Log& log_;
  base::Random& random_;
  mutable std::mutex mutex_;  // of sources_; held for a copy only
  auth::TokenSources sources_;
};

}  // namespace weir::app
