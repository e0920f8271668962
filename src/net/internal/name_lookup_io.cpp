#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/ready_until.hpp"
#include "net/internal/name_lookup.hpp"

namespace weir::net::internal {
namespace {

Found look_up(std::string const& host, std::uint16_t port, int flags) {
  Found found;
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

Found ask_system(std::string const& host, std::uint16_t port) { return look_up(host, port, 0); }

std::optional<SocketAddress> numeric_address(std::string const& host, std::uint16_t port) noexcept {
  auto found = look_up(host, port, AI_NUMERICHOST);
  if (found.addresses.empty()) return std::nullopt;
  return found.addresses.front();
}

// Where answers go. The lock keeps the loop alive while a thread posts to it.
struct NameLookups::Home {
  std::mutex lock;
  NameLookups* lookups = nullptr;  // until their end
};

// All that a thread has; the last of the two sides to let go destroys it.
struct NameLookups::Question {
  std::string host;
  std::uint16_t port;
  Resolver resolver;
  std::shared_ptr<Home> home;
  Found found;  // the thread's until it posts
};

// Ours, and of everyone who waits for it.
struct NameLookups::Lookup {
  explicit Lookup(IoLoop& loop) noexcept : done(loop) {}
  std::shared_ptr<Question> question;
  base::Event done;
  bool started = false;
};

NameLookups::NameLookups(IoLoop& loop, Resolver resolver)
    : loop_(loop), resolver_(std::move(resolver)), home_(std::make_shared<Home>()) {
  home_->lookups = this;
}

NameLookups::~NameLookups() {
  std::lock_guard const guard(home_->lock);
  home_->lookups = nullptr;
}

void NameLookups::answer(std::shared_ptr<Question> const& question) {
  question->found = question->resolver(question->host, question->port);
  tell(question);
}

void NameLookups::tell(std::shared_ptr<Question> const& question) {
  auto& home = *question->home;
  std::lock_guard const guard(home.lock);
  if (home.lookups == nullptr) return;
  home.lookups->loop_.post([question] {
    if (auto* const lookups = question->home->lookups) lookups->finished(*question);
  });
}

std::shared_ptr<NameLookups::Lookup> NameLookups::join(std::string host, std::uint16_t port) {
  for (auto const& each : lookups_) {
    if (each->question->host == host && each->question->port == port) return each;
  }
  auto const& lookup = lookups_.emplace_back(std::make_shared<Lookup>(loop_));
  lookup->question = std::make_shared<Question>(Question{std::move(host), port, resolver_, home_, {}});
  return lookup;
}

void NameLookups::start_waiting() {
  // Those that nobody else holds were given up before their turn came.
  std::erase_if(lookups_, [](auto const& each) { return !each->started && each.use_count() == 1; });
  auto const is_started = [](auto const& each) { return each->started; };
  auto running = static_cast<std::size_t>(std::count_if(lookups_.begin(), lookups_.end(), is_started));
  for (auto const& each : lookups_) {
    if (running == kLookupsMax) return;
    if (each->started) continue;
    each->started = true;
    ++running;
    try {
      std::thread([question = each->question] { answer(question); }).detach();
    } catch (std::system_error const&) {
      each->question->found.failure = "no thread for the look-up";
      tell(each->question);
    }
  }
}

void NameLookups::finished(Question const& question) {
  auto const at = std::find_if(lookups_.begin(), lookups_.end(),
                               [&](auto const& each) { return each->question.get() == &question; });
  WEIR_ASSERT(at != lookups_.end());
  (*at)->done.set();
  lookups_.erase(at);
  start_waiting();
}

base::Task<std::optional<Found>> NameLookups::find(std::string host, std::uint16_t port,
                                                   base::TimePoint deadline) {
  auto const lookup = join(std::move(host), port);
  start_waiting();
  if (!co_await base::ready_until(loop_, lookup->done, deadline)) co_return std::nullopt;
  co_return lookup->question->found;
}

}  // namespace weir::net::internal
