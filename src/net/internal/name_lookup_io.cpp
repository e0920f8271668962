#include <netdb.h>

#include <cstring>
#include <system_error>
#include <thread>

#include "base/ready_until.hpp"
#include "base/run_until.hpp"
#include "net/internal/name_lookup.hpp"

namespace weir::net::internal {
namespace {

NameLookups::Found look_up(std::string const& host, std::uint16_t port, int flags) {
  NameLookups::Found found;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* first = nullptr;
  int const code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &first);
  if (code != 0) {
    found.failure = ::gai_strerror(code);
    return found;
  }
  for (auto const* at = first; at != nullptr; at = at->ai_next) {
    auto& address = found.addresses.emplace_back();
    address.length = std::min<socklen_t>(at->ai_addrlen, sizeof address.storage);
    std::memcpy(&address.storage, at->ai_addr, address.length);
  }
  ::freeaddrinfo(first);
  return found;
}

}  // namespace

// Shared by the owner, the thread, and the post by which the thread says that it is done.
struct NameLookups::Lookup {
  NameLookups* owner;
  base::Event* waiting;  // null once nobody waits
  std::string host;
  std::uint16_t port;
  base::Semaphore::Permit place;
  Found found;  // the thread's until it posts
  std::thread thread;
};

std::optional<SocketAddress> numeric_address(std::string const& host, std::uint16_t port) noexcept {
  auto found = look_up(host, port, AI_NUMERICHOST);
  if (found.addresses.empty()) return std::nullopt;
  return found.addresses.front();
}

NameLookups::~NameLookups() {
  for (auto const& lookup : running_) {
    lookup->thread.join();
    lookup->owner = nullptr;
    lookup->place = {};
  }
}

base::Task<base::Semaphore::Permit> NameLookups::place() { co_return co_await places_.acquire(); }

bool NameLookups::start(std::shared_ptr<Lookup> const& lookup) {
  try {
    lookup->thread = std::thread([lookup, &loop = loop_] {
      lookup->found = look_up(lookup->host, lookup->port, 0);
      loop.post([lookup] {
        if (lookup->owner != nullptr) lookup->owner->finished(*lookup);
      });
    });
  } catch (std::system_error const&) {
    return false;
  }
  running_.push_back(lookup);
  return true;
}

void NameLookups::finished(Lookup& lookup) {
  lookup.thread.join();  // posting was the last thing that it did
  lookup.place = {};
  if (lookup.waiting != nullptr) lookup.waiting->set();
  std::erase_if(running_, [&lookup](auto const& each) { return each.get() == &lookup; });
}

base::Task<std::optional<NameLookups::Found>> NameLookups::find(std::string host, std::uint16_t port,
                                                                base::TimePoint deadline) {
  auto waiting = place();
  if (co_await base::run_until(loop_, waiting, deadline) != base::Ended::done) co_return std::nullopt;
  base::Event done(loop_);
  struct Interest {  // ends with the task
    std::shared_ptr<Lookup> lookup = std::make_shared<Lookup>();
    ~Interest() { lookup->waiting = nullptr; }
  } const interest;
  auto& lookup = *interest.lookup;
  lookup.owner = this;
  lookup.waiting = &done;
  lookup.host = std::move(host);
  lookup.port = port;
  lookup.place = waiting.take();
  if (!start(interest.lookup)) co_return Found{{}, "no thread for the look-up"};
  if (!co_await base::ready_until(loop_, done, deadline)) co_return std::nullopt;
  co_return std::move(lookup.found);
}

}  // namespace weir::net::internal
