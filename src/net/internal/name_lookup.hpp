// NameLookups: names to addresses, off the loop: getaddrinfo() waits, so each look-up is a thread of its own.
//
// Owned by a dialer; its loop's thread. Whoever asks for a name that is being looked up waits for that
// answer. At most kLookupsMax threads; more names wait their turn, first come, first served. A look-up that
// nobody waits for any more keeps its thread until the C library gives up (10 to 30 s where no name server
// answers), which cannot be hurried. The end of the process cannot wait for it either: nobody joins these
// threads. What they touch is shared with them, and one that comes too late finds nobody to tell.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "net/io_loop.hpp"

namespace weir::net::internal {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

struct Found {
  std::vector<SocketAddress> addresses;
  std::string failure;  // why there are none
};

// Called on a look-up's thread; may wait. It must own what it uses.
using Resolver = std::function<Found(std::string const& host, std::uint16_t port)>;
Found ask_system(std::string const& host, std::uint16_t port);

// Nothing when `host` is a name. Takes what inet_aton() does: "127.1" and "0x7f000001" are addresses.
std::optional<SocketAddress> numeric_address(std::string const& host, std::uint16_t port) noexcept;

class NameLookups {
 public:
  static constexpr std::size_t kLookupsMax = 8;

  explicit NameLookups(IoLoop& loop, Resolver resolver = ask_system);
  NameLookups(NameLookups const&) = delete;
  NameLookups& operator=(NameLookups const&) = delete;
  ~NameLookups();  // at once; nobody waits in find() any more

  // Nothing when it took longer than until `deadline`.
  base::Task<std::optional<Found>> find(std::string host, std::uint16_t port, base::TimePoint deadline);

 private:
  struct Home;
  struct Question;
  struct Lookup;
  std::shared_ptr<Lookup> join(std::string host, std::uint16_t port);
  void start_waiting();
  void finished(Question const& question);
  static void answer(std::shared_ptr<Question> const& question);  // on a thread
  static void tell(std::shared_ptr<Question> const& question);    // on any

  IoLoop& loop_;
  Resolver resolver_;
  std::shared_ptr<Home> home_;
  std::vector<std::shared_ptr<Lookup>> lookups_;  // under way or waiting for a thread
};

}  // namespace weir::net::internal
