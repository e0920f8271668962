// LedgerClient: calls a gateway as many clients at once would, and keeps a ledger of every call.
//
// Modern clients over HTTP at /mcp/{server}, one connection pool for all. Each call has an id of its own; an
// answer with another id, or a second one, is noted. A call is lost when nothing came by its deadline plus
// kPatience. run() makes the calls with bounded concurrency and waits a moment after each error, as agents
// do: a server that refuses at once would otherwise get nearly all calls. One loop's thread.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/task_group.hpp"
#include "chaos/chaos_report.hpp"
#include "chaos/operation.hpp"
#include "net/http_client.hpp"
#include "net/url.hpp"
#include "upstream/http_heads.hpp"

namespace weir::chaos {

struct LedgerClientOptions {
  net::Url endpoint;  // of /mcp; http
  std::string key;    // "" for none
  std::size_t concurrency = 16;
  std::uint64_t calls = 1000;
  base::Duration time_max = std::chrono::minutes{10};
  std::atomic<bool> const* stop = nullptr;  // true: no more calls; may be null
};

class LedgerClient {
 public:
  static constexpr base::Duration kPatience = std::chrono::seconds{5};
  static constexpr base::Duration kAfterError = std::chrono::milliseconds{50};

  LedgerClient(net::IoLoop& loop, LedgerClientOptions options);

  // One call outside the ledger. Errors: those of net::HttpClient, timed_out, protocol.
  base::Task<base::Result<mcp::Message>> ask(Operation operation, base::Duration within);

  std::size_t in_flight(std::string const& server) const;  // of run()'s calls

  // Makes the calls: the operations in turn. `before_call` is told the number of each and its server. Fills
  // the report's calls, classes, errors and times.
  using BeforeCall = std::function<void(std::uint64_t number, Operation const& operation)>;
  base::Task<void> run(std::vector<Operation> operations, BeforeCall before_call, ChaosReport& report);

 private:
  struct Answers {
    std::vector<std::string> finals;
    std::string failure;  // why there may be none
  };
  struct Run;
  base::Task<void> worker(Run& run);
  base::Task<bool> one_call(Run& run, Operation const& operation);
  base::Task<base::Result<void>> exchange(Operation const& operation, std::uint64_t id, Answers& answers);
  bool account(Run& run, Operation const& operation, std::uint64_t id, Answers const& answers);
  upstream::HttpHeads const& heads_of(std::string const& server);

  net::IoLoop& loop_;
  LedgerClientOptions options_;
  net::NetDialer dialer_;
  net::HttpClient http_;
  std::map<std::string, upstream::HttpHeads> heads_;
  std::map<std::string, std::size_t> in_flight_;
  std::uint64_t last_id_ = 0;
};

}  // namespace weir::chaos
