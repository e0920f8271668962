// Trusts: the certificates and keys in use at servers and listeners, and their exchange when files change.
//
// Main thread; the slots it hands out are read by all workers. What is new is taken over only when it can be
// used: a bad file leaves the last good one at work, with a line in the log, unless the settings themselves
// name another file; then the server is set aside, or the listener takes no connections, until it is right.
// Reading is the caller's: configure() reads at once, the watcher reads off the loop and hands over.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/tls_files.hpp"
#include "net/tls_contexts.hpp"
#include "net/trusted_dialer.hpp"
#include "observe/log.hpp"

namespace weir::app {

// What a server's connections are made with. `slot` is null where it has no trust of its own.
struct Trusted {
  std::shared_ptr<net::TrustSlot> slot;
  std::string problem;       // why it cannot be used; "" when it can
  std::string sign_in = {};  // of a person, where the server needs one: which one, or why there is none
};

// What a listener's connections are accepted with.
struct DoorTls {
  bool wanted = false;
  net::TlsContext::Ptr context;  // null while there is none that can be used: then nobody is let in
};

class Trusts {
 public:
  Trusts(net::TlsContexts& contexts, config::Environment const& environment, base::Clock const& clock,
         observe::Log& log) noexcept
      : contexts_(contexts), environment_(environment), clock_(clock), log_(log) {}

  void configure(std::shared_ptr<config::Settings const> settings);

  Trusted of_server(std::string_view name) const;
  DoorTls of_listener(config::Address const& bind) const;
  // The first reason why a listener cannot be opened; "" when there is none.
  std::string problem_of_listeners() const;

  // For a watcher: read these, then take() what they held. Takes nothing that was read before a configure().
  struct Watched {
    std::uint64_t round = 0;
    std::vector<TlsFiles> files;
  };
  Watched watched() const;
  // True: a server can be used that could not be, so there is a plan to make.
  bool take(Watched const& read, std::vector<TlsReading> const& readings);

 private:
  struct Kept {
    TlsFiles files;
    std::optional<net::TlsProfile> seen;   // in use
    std::optional<TlsTrouble> trouble;     // the last one told
    std::string problem;                   // why nothing is in use
    std::shared_ptr<net::TrustSlot> slot;  // of a server
    net::TlsContext::Ptr context;          // of a listener
  };
  using All = std::map<std::string, Kept, std::less<>>;  // by "server NAME", "listener BIND"
  void adopt(All& into, std::string const& id, TlsFiles files);
  bool take_one(std::string const& id, Kept& kept, TlsReading const& reading);
  bool use(std::string const& id, Kept& kept, net::TlsProfile const& profile);

  net::TlsContexts& contexts_;
  config::Environment const& environment_;
  base::Clock const& clock_;
  observe::Log& log_;
  std::shared_ptr<config::Settings const> settings_;
  All all_;
  std::uint64_t round_ = 0;
};

}  // namespace weir::app
