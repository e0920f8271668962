// NameLookups: names to addresses, off the loop: getaddrinfo() waits, so each look-up is a thread of its own.
//
// Owned by a dialer; its loop's thread. At most kLookupsMax threads; more look-ups wait for a place. One that
// nobody waits for any more keeps its place until the C library gives up, which cannot be hurried; the
// destructor waits for those.
#pragma once

#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sync.hpp"
#include "base/task.hpp"
#include "net/io_loop.hpp"

namespace weir::net::internal {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

// Nothing when `host` is a name.
std::optional<SocketAddress> numeric_address(std::string const& host, std::uint16_t port) noexcept;

class NameLookups {
 public:
  static constexpr std::size_t kLookupsMax = 8;

  explicit NameLookups(IoLoop& loop) : loop_(loop), places_(loop, kLookupsMax) {}
  NameLookups(NameLookups const&) = delete;
  NameLookups& operator=(NameLookups const&) = delete;
  ~NameLookups();

  struct Found {
    std::vector<SocketAddress> addresses;
    std::string failure;  // why there are none
  };
  // Nothing when it took longer than until `deadline`.
  base::Task<std::optional<Found>> find(std::string host, std::uint16_t port, base::TimePoint deadline);

 private:
  struct Lookup;
  base::Task<base::Semaphore::Permit> place();
  bool start(std::shared_ptr<Lookup> const& lookup);
  void finished(Lookup& lookup);

  IoLoop& loop_;
  base::Semaphore places_;
  std::vector<std::shared_ptr<Lookup>> running_;
};

}  // namespace weir::net::internal
