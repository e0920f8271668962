// VaultSource: reads documents from HashiCorp Vault; logs in and renews before, once for all who wait (F-29).
//
// Belongs to one thread; `fetcher` outlives it. A role whose token was refused logs in anew and reads once
// more.
#pragma once

#include <memory>

#include "base/sync.hpp"
#include "net/http_fetch.hpp"
#include "secrets/vault_client.hpp"
#include "vault/secret_source.hpp"

namespace weir::vault {

class VaultSource final : public SecretSource {
 public:
  VaultSource(base::Scheduler& scheduler, net::Fetcher& fetcher, net::Url address,
              secrets::VaultOptions options, base::Random& random)
      : scheduler_(scheduler),
        fetcher_(fetcher),
        address_(std::move(address)),
        client_(std::move(options), random),
        turn_(scheduler, 1) {}

  base::Task<base::Result<secrets::StoreAnswer>> read(secrets::SecretReference const& about,
                                                      base::TimePoint deadline) override;

 private:
  base::Task<base::Result<void>> prepare(base::TimePoint deadline);

  base::Scheduler& scheduler_;
  net::Fetcher& fetcher_;
  net::Url address_;
  secrets::VaultClient client_;
  base::Semaphore turn_;  // to log in or renew
};

}  // namespace weir::vault
