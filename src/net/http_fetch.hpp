// Fetcher: one small HTTP request and its whole answer, for what the gateway itself asks: keys, tokens,
// metadata, secrets.
//
// One per worker; not for the relay path: each request has a connection of its own. Redirects are never
// followed, they are answers like others (their `location` is kept). Whatever the status, an answer is a
// value; what it means is the asker's to say. Errors: connect_failed (nothing sent), connection_lost,
// protocol, timed_out, too_large, config (TLS trust), denied (by the guard).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "net/dialer.hpp"
#include "net/url.hpp"

namespace weir::net {

struct FetchRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, base::Secret>> fields;  // beside Host, Content-Length, User-Agent
  base::Secret body;
  std::size_t answer_bytes_max = 64 * 1024;
  std::shared_ptr<EgressGuard const> guard = {};  // where somebody else than the operator named the URL
};

struct FetchedReply {
  int status = 0;
  std::string content_type;  // lower case, without parameters
  // Those of kFieldsKept that came, names in lower case.
  std::vector<std::pair<std::string_view, std::string>> fields;
  std::string body;

  std::string_view field(std::string_view name) const noexcept;  // "" when absent
};

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  // `request` must outlive the task. The answer is complete, or it is an error.
  virtual base::Task<base::Result<FetchedReply>> fetch(FetchRequest const& request,
                                                       base::TimePoint deadline) = 0;
};

class NetFetcher final : public Fetcher {
 public:
  NetFetcher(base::Scheduler& scheduler, Dialer& dialer) noexcept : scheduler_(scheduler), dialer_(dialer) {}
  base::Task<base::Result<FetchedReply>> fetch(FetchRequest const& request,
                                               base::TimePoint deadline) override;

  // cache-control, date, dpop-nonce, etag, last-modified, location, retry-after, www-authenticate
  static std::vector<std::string_view> fields_kept();

 private:
  base::Scheduler& scheduler_;
  Dialer& dialer_;
};

}  // namespace weir::net
