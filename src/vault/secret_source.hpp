// SecretSource: one kind of place where secrets are kept: Vault, AWS, files. Tests give their own.
//
// Used on one thread. `about` must outlive the task; its key does not matter, a document is read whole. An
// error's detail is fit for logs.
#pragma once

#include "base/result.hpp"
#include "base/task.hpp"
#include "secrets/secret_table.hpp"

namespace weir::vault {

class SecretSource {
 public:
  virtual ~SecretSource() = default;
  virtual base::Task<base::Result<secrets::StoreAnswer>> read(secrets::SecretReference const& about,
                                                              base::TimePoint deadline) = 0;
};

}  // namespace weir::vault
