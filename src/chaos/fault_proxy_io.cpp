#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "chaos/fault_proxy.hpp"

namespace weir::chaos {

using base::Task;

namespace {

constexpr base::Duration kDialMax = std::chrono::seconds{5};
constexpr base::Duration kBindAgain = std::chrono::milliseconds{20};

Task<bool> write_all(net::Stream& stream, std::string bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    iovec const part{bytes.data() + sent, bytes.size() - sent};
    auto const put = stream.write({&part, 1});
    if (put.state == net::IoState::moved) {
      sent += put.bytes;
      continue;
    }
    if (put.state != net::IoState::blocked) co_return false;
    co_await stream.writable();
  }
  co_return true;
}

Task<std::string> read_some(net::Stream& stream) {  // "" at the end
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    auto const got = stream.read(bytes);
    if (got.state == net::IoState::moved) co_return std::string(bytes.data(), got.bytes);
    if (got.state != net::IoState::blocked) co_return std::string();
    co_await stream.readable();
  }
}

void reset_on_close(int fd) {
  linger const at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void set_host(std::string& request, std::string const& host) {
  constexpr std::string_view kField = "\r\nHost: ";
  auto const at = request.find(kField);
  if (at == std::string::npos || at > request.find("\r\n\r\n")) return;
  auto const end = request.find("\r\n", at + kField.size());
  if (end != std::string::npos) request.replace(at + kField.size(), end - at - kField.size(), host);
}

}  // namespace

struct FaultProxy::Link {
  // A request went in whose answer has not begun, or is about to: it is lost with the connection.
  bool owes() const noexcept {
    int unread = 0;
    return asked || (::ioctl(fd, FIONREAD, &unread) == 0 && unread > 0);
  }
  Link(base::Scheduler& scheduler, int client_fd) : fd(client_fd), over(scheduler), pumps(scheduler) {}
  void reset() {
    reset_on_close(fd);
    over.set();
  }
  int fd;
  std::unique_ptr<net::Stream> client, server;
  bool asked = false;  // a request went in whose answer has not begun
  base::Event over;
  base::TaskGroup pumps;
};

FaultProxy::FaultProxy(net::IoLoop& loop, ProxyTarget target, std::uint64_t seed)
    : loop_(loop),
      dialer_(loop, target.tls),
      target_(std::move(target)),
      deck_(seed),
      moving_(loop),
      links_(loop),
      accepting_(loop),
      trouble_(loop) {
  moving_.set();
}

base::Result<void> FaultProxy::listen(std::string const& host, std::uint16_t port) {
  auto bound = net::Listener::bind(host, port);
  if (!bound) return bound.error();
  listener_ = std::move(*bound);
  host_ = host;
  port_ = listener_->port();
  if (!listener_->attach(loop_))
    return base::Error(base::Fault::internal, base::Blame::gateway, "no descriptors");
  accepting_.spawn(accept());
  return {};
}

bool FaultProxy::bind() {
  auto bound = net::Listener::bind(host_, port_);
  if (!bound || !(*bound)->attach(loop_)) return false;
  listener_ = std::move(*bound);
  accepting_.spawn(accept());
  return true;
}

void FaultProxy::cut_all() {
  for (Link* const link : open_) link->reset();
}

void FaultProxy::heal() {
  step_.per_thousand = 0;
  step_.latency = step_.jitter = base::Duration::zero();
  trouble_.cancel();
  moving_.set();
  if (!listener_ && !bind()) trouble_.spawn(stay_down(kBindAgain));
}

Task<void> FaultProxy::accept() {
  for (;;) {
    co_await listener_->ready().wait();
    for (auto& accepted : listener_->accept()) {
      if (refusing_ || links_.size() >= kConnectionsMax) {
        reset_on_close(accepted.fd);
        ::close(accepted.fd);
      } else {
        links_.spawn(relay(std::move(accepted)));
      }
    }
  }
}

Task<void> FaultProxy::relay(net::Accepted accepted) {
  ++accepted_;
  Link link(loop_, accepted.fd);
  link.client = net::make_fd_stream(loop_, accepted.fd, std::move(accepted.peer));
  auto server = co_await dialer_.dial(target_.server, loop_.now() + kDialMax);
  if (!link.client || !server) co_return;
  link.server = std::move(*server);
  struct Listed {
    FaultProxy& proxy;
    Link* link;
    Listed(FaultProxy& p, Link* l) : proxy(p), link(l) { proxy.open_.insert(link); }
    Listed(Listed const&) = delete;
    Listed& operator=(Listed const&) = delete;
    ~Listed() { proxy.open_.erase(link); }
  } const listed(*this, &link);
  link.pumps.spawn(requests(link));
  link.pumps.spawn(answers(link));
  co_await link.over.wait();
  link.pumps.cancel();
}

Task<void> FaultProxy::requests(Link& link) {
  for (;;) {
    std::string bytes = co_await read_some(*link.client);
    if (bytes.empty()) break;
    if (!link.asked) {
      link.asked = true;
      requests_ += bytes.starts_with("POST ") ? 1 : 0;
      if (!target_.host_field.empty()) set_host(bytes, target_.host_field);
      if (!moving_.is_set()) deck_.also_harmed(FaultKind::stop);
    }
    co_await moving_.wait();
    bool const sent = co_await write_all(*link.server, std::move(bytes));
    if (!sent) break;
  }
  link.over.set();
}

Task<void> FaultProxy::answers(Link& link) {
  for (;;) {
    std::string bytes = co_await read_some(*link.server);
    if (bytes.empty()) break;
    if (!moving_.is_set()) {
      if (link.asked) deck_.also_harmed(FaultKind::stop);
      co_await moving_.wait();
    }
    Next const next = co_await answer(link, std::move(bytes));
    if (next == Next::over) break;
  }
  link.over.set();
}

Task<FaultProxy::Next> FaultProxy::answer(Link& link, std::string bytes) {
  FaultKind kind = FaultKind::none;
  if (std::exchange(link.asked, false)) {
    kind = deck_.draw(step_);
    auto const wait = deck_.wait(step_);
    if (wait > base::Duration::zero()) co_await loop_.sleep_for(wait);
    co_await moving_.wait();
  }
  if (kind != FaultKind::none) co_return co_await harm(link, std::move(bytes), kind);
  bool const sent = co_await write_all(*link.client, std::move(bytes));
  co_return sent ? Next::more : Next::over;
}

Task<FaultProxy::Next> FaultProxy::harm(Link& link, std::string bytes, FaultKind kind) {
  switch (kind) {
    case FaultKind::kill: kill(link); co_return Next::over;
    case FaultKind::reset: link.reset(); co_return Next::over;
    case FaultKind::half_close:
      link.client->shutdown_write();
      co_await link.over.wait();
      co_return Next::over;
    case FaultKind::black_hole: co_await link.over.wait(); co_return Next::over;
    case FaultKind::http_5xx:
    case FaultKind::http_429: co_await write_all(*link.client, instead(kind)); co_return Next::over;
    case FaultKind::drip: co_return co_await drip(link, std::move(bytes));
    case FaultKind::truncate:
    case FaultKind::malformed:
    case FaultKind::wrong_id: co_return co_await rewrite(link, std::move(bytes), kind);
    case FaultKind::stop:
      if (moving_.is_set()) trouble_.spawn(stand_still(step_.stopped));
      co_await moving_.wait();
      break;
    case FaultKind::none: break;
  }
  bool const sent = co_await write_all(*link.client, std::move(bytes));
  co_return sent ? Next::more : Next::over;
}

// The response is waited for as long as it takes; events before it go on meanwhile.
Task<FaultProxy::Next> FaultProxy::rewrite(Link& link, std::string bytes, FaultKind kind) {
  AnswerText text;
  text.add(bytes);
  while (!text.whole()) {
    auto passed = text.take_passed();
    if (!passed.empty()) {
      bool const sent = co_await write_all(*link.client, std::move(passed));
      if (!sent) co_return Next::over;
    }
    auto more = co_await read_some(*link.server);
    if (more.empty()) break;
    text.add(more);
  }
  bool const done = kind == FaultKind::malformed  ? text.break_json()
                    : kind == FaultKind::wrong_id ? text.change_id()
                                                  : text.cut();
  if (!done) deck_.take_back(kind);
  bool const sent = co_await write_all(*link.client, text.take());
  co_return sent && (kind != FaultKind::truncate || !done) ? Next::more : Next::over;
}

Task<FaultProxy::Next> FaultProxy::drip(Link& link, std::string bytes) {
  for (char const byte : bytes) {
    co_await loop_.sleep_for(std::chrono::microseconds{1'000'000 / step_.drip_bytes_per_second});
    bool const sent = co_await write_all(*link.client, std::string(1, byte));
    if (!sent) co_return Next::over;
  }
  co_return Next::more;
}

void FaultProxy::kill(Link const& drawn_for) {
  for (Link* const link : open_) {
    if (link != &drawn_for && link->owes()) deck_.also_harmed(FaultKind::kill);
  }
  cut_all();
  if (!listener_) return;
  accepting_.cancel();
  listener_.reset();
  trouble_.spawn(stay_down(step_.down));
}

Task<void> FaultProxy::stay_down(base::Duration time) {
  co_await loop_.sleep_for(time);
  while (!bind()) co_await loop_.sleep_for(kBindAgain);
}

Task<void> FaultProxy::stand_still(base::Duration time) {
  moving_.reset();
  co_await loop_.sleep_for(time);
  moving_.set();
}

std::string FaultProxy::instead(FaultKind kind) {
  constexpr std::string_view kFailures[] = {"500 Internal Server Error", "502 Bad Gateway",
                                            "503 Service Unavailable"};
  std::string head = "HTTP/1.1 ";
  if (kind == FaultKind::http_429) {
    head += "429 Too Many Requests\r\nRetry-After: 1";
  } else {
    head += kFailures[deck_.below(std::size(kFailures))];
  }
  return head + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
}

}  // namespace weir::chaos
