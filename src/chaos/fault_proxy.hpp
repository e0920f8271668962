// FaultProxy: a TCP proxy in front of one HTTP server that harms its answers, by seed (F-51, T-01, T-03).
//
// What the client sends goes on untouched but for the Host field; each answer, sized or event stream, may be
// hit by one fault, drawn by a FaultDeck. kill and stop are what a client sees of them: connections reset and
// nobody listening, or a server that takes connections and moves nothing. A new proxy harms nothing. One
// loop's thread; destroying it closes everything. At most kConnectionsMax connections, more are closed.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/task_group.hpp"
#include "chaos/answer_text.hpp"
#include "chaos/fault_deck.hpp"
#include "net/dialer.hpp"
#include "net/listener.hpp"

namespace weir::chaos {

struct ProxyTarget {
  net::Endpoint server;
  std::string host_field;                // requests carry it as their Host; "" = as they come
  net::TlsContext const* tls = nullptr;  // where the server speaks TLS; outlives the proxy
};

class FaultProxy {
 public:
  static constexpr std::size_t kConnectionsMax = 2000;

  FaultProxy(net::IoLoop& loop, ProxyTarget target, std::uint64_t seed);

  // Errors: those of net::Listener.
  base::Result<void> listen(std::string const& host, std::uint16_t port = 0);
  std::uint16_t port() const noexcept { return port_; }

  void set(FaultStep const& step) { step_ = step; }
  void heal();     // no more faults; a killed or stopped server is back at once
  void cut_all();  // resets every connection
  void refuse(bool on) noexcept { refusing_ = on; }  // resets every new connection
  std::size_t connections() const noexcept { return links_.size(); }
  std::uint64_t connections_ever() const noexcept { return accepted_; }
  std::uint64_t requests() const noexcept { return requests_; }  // POSTs that reached the server's side
  FaultCounts const& counts() const noexcept { return deck_.counts(); }

 private:
  struct Link;
  enum class Next { more, over };
  bool bind();
  base::Task<void> accept();
  base::Task<void> relay(net::Accepted accepted);
  base::Task<void> requests(Link& link);
  base::Task<void> answers(Link& link);
  base::Task<Next> answer(Link& link, std::string bytes);
  base::Task<Next> harm(Link& link, std::string bytes, FaultKind kind);
  base::Task<Next> rewrite(Link& link, std::string bytes, FaultKind kind);
  base::Task<Next> drip(Link& link, std::string bytes);
  void kill(Link const& drawn_for);
  base::Task<void> stay_down(base::Duration time);
  base::Task<void> stand_still(base::Duration time);
  std::string instead(FaultKind kind);

  net::IoLoop& loop_;
  net::NetDialer dialer_;
  ProxyTarget target_;
  FaultStep step_;
  FaultDeck deck_;
  bool refusing_ = false;
  std::string host_;
  std::uint16_t port_ = 0;
  std::uint64_t accepted_ = 0, requests_ = 0;
  base::Event moving_;                       // not set: the server stands still
  std::set<Link*> open_;                     // relaying
  std::unique_ptr<net::Listener> listener_;  // null: the server is down
  base::TaskGroup links_;
  base::TaskGroup accepting_;
  base::TaskGroup trouble_;  // the time until the server is back
};

}  // namespace weir::chaos
