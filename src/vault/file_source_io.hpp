// FileSource: secrets in files and in the credentials that a service manager gives: `${file:…}` and
// `${cred:…}`.
//
// Belongs to one thread and reads on it: at most kBytesMax of an ordinary file. A file that is being replaced
// by renaming is always whole; an empty one is one that is being written, and counts as a failure.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "vault/secret_source.hpp"

namespace weir::vault {

class FileSource final : public SecretSource {
 public:
  struct Found {
    std::string text;
    std::optional<base::WallTime> written;
  };
  using Read = std::function<base::Result<Found>(secrets::SecretReference const& about)>;
  explicit FileSource(Read read) : read_(std::move(read)) {}

  base::Task<base::Result<secrets::StoreAnswer>> read(secrets::SecretReference const& about,
                                                      base::TimePoint deadline) override;

 private:
  Read read_;
};

}  // namespace weir::vault
