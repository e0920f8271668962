// RefreshBook: the refresh tokens that are valid now. Issuers change them with each use, so what stands in
// the configuration is only where a chain begins (F-31).
//
// One per process; any thread; its lock is held while a file is written. By server; a chain belongs to the
// configured token it began with, and a new one in the configuration begins a new chain. Where the server has
// a file for it, the file is replaced as a whole (mode 0600) before the new token counts, so that neither a
// crash nor a restart loses it. At most one chain for each configured server. Errors: internal, the file
// cannot be written; the new token then counts in memory.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace weir::oauth {

class RefreshBook {
 public:
  // `file`: "" for none. Empty: the chain has ended.
  base::Secret current(std::string const& server, base::Secret const& configured, std::string const& file);
  base::Result<void> renewed(std::string const& server, base::Secret const& configured,
                             std::string const& file, base::Secret const& token);
  // The issuer does not take it any more: nothing is sent until the configuration has another one.
  void ended(std::string const& server, base::Secret const& configured, std::string const& file);

 private:
  struct Chain {
    std::string origin;  // digest of the configured token
    base::Secret token;
  };
  std::mutex lock_;
  std::map<std::string, Chain> chains_;
};

}  // namespace weir::oauth
