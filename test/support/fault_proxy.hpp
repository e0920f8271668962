// FaultProxy: a TCP proxy in front of one server that harms what passes, by seed (T-01, T-03).
//
// For request/answer protocols over one loop: whatever the client sends goes on untouched; each answer (the
// first bytes that come back after a request) may be hit by one toxic, drawn from the seed. The default harms
// nothing. wrong_id and malformed know JSON-RPC over HTTP and keep the length; the others know only bytes.
// One thread; destroying it closes everything. At most kConnectionsMax connections, more are closed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "net/dialer.hpp"
#include "net/listener.hpp"

namespace weir::test {

struct FaultOptions {
  // Of 1000 answers, so many are …
  unsigned reset = 0;        // … replaced by a TCP reset
  unsigned close = 0;        // … replaced by an orderly end
  unsigned black_hole = 0;   // … swallowed, and all that follows on the connection
  unsigned drip = 0;         // … passed on at drip_bytes_per_second
  unsigned truncate = 0;     // … cut in the middle
  unsigned malformed = 0;    // … no JSON any more
  unsigned wrong_id = 0;     // … given another JSON-RPC id
  base::Duration latency{};  // before every answer,
  base::Duration jitter{};   // plus up to this
  unsigned drip_bytes_per_second = 50;
};

class FaultProxy {
 public:
  static constexpr std::size_t kConnectionsMax = 2000;
  struct Counts {
    std::uint64_t connections = 0, answers = 0;
    std::map<std::string, std::uint64_t> toxics;  // how often each was applied
  };

  FaultProxy(net::IoLoop& loop, net::Endpoint target, FaultOptions options, std::uint64_t seed);

  // Errors: those of net::Listener.
  base::Result<void> listen(std::string const& host, std::uint16_t port = 0);
  std::uint16_t port() const noexcept { return listener_->port(); }

  void set(FaultOptions options) noexcept { options_ = options; }
  void cut_all();                                    // resets every connection
  void refuse(bool on) noexcept { refusing_ = on; }  // resets every new connection
  std::size_t connections() const noexcept { return links_.size(); }
  Counts const& counts() const noexcept { return counts_; }

 private:
  struct Link;
  enum class Toxic { none, reset, close, black_hole, drip, truncate, malformed, wrong_id };
  base::Task<void> accept();
  base::Task<void> relay(net::Accepted accepted);
  base::Task<void> requests(Link& link);
  base::Task<void> answers(Link& link);
  base::Task<bool> pass(Link& link, std::string bytes, Toxic toxic);
  Toxic draw();

  net::IoLoop& loop_;
  net::NetDialer dialer_;
  net::Endpoint target_;
  FaultOptions options_;
  base::SeededRandom dice_;
  bool refusing_ = false;
  Counts counts_;
  std::set<Link*> open_;  // relaying
  std::unique_ptr<net::Listener> listener_;
  base::TaskGroup links_;
  base::TaskGroup accepting_;
};

}  // namespace weir::test
