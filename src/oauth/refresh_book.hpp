// RefreshBook: the refresh tokens that are valid now. Issuers change them with each use, so what stands in
// the configuration is only where a chain begins (F-31).
//
// One per process; any thread; its lock is held while a file is written. By server; a chain belongs to the
// configured token it began with, and a new one in the configuration begins a new chain. Where the server has
// a file for it, the file is replaced as a whole (mode 0600) before the new token counts, so that neither a
// crash nor a restart loses it. At most one chain for each configured server. While a question is under way
// that uses a token up, here or in a sign-in that is kept elsewhere, it is in use: whoever ends the process
// or the source waits for that, or what the issuer answers is lost and the old token is worth nothing any
// more. Errors: internal, the file cannot be written; the new token then counts in memory.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace weir::oauth {

class RefreshBook {
 public:
  class Use {  // one question; over when it dies. The book outlives it
   public:
    Use(RefreshBook& book, std::string server) : book_(&book), server_(std::move(server)) {}
    Use(Use&& other) noexcept
        : book_(std::exchange(other.book_, nullptr)), server_(std::move(other.server_)) {}
    Use& operator=(Use&&) = delete;
    ~Use() {
      if (book_ != nullptr) book_->give_back(server_);
    }

   private:
    RefreshBook* book_;
    std::string server_;
  };
  std::optional<Use> use(std::string const& server);  // nothing: closed
  bool in_use(std::string_view server) const;
  void close();  // the process ends: nothing is used up any more

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
  void give_back(std::string const& server) noexcept;

  mutable std::mutex lock_;
  bool closed_ = false;
  std::map<std::string, unsigned, std::less<>> uses_;  // by server, of those that have any
  std::map<std::string, Chain> chains_;
};

}  // namespace weir::oauth
