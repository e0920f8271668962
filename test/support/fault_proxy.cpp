#include "support/fault_proxy.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace weir::test {

namespace {

constexpr std::string_view kNames[] = {"none", "reset",    "close",     "black_hole",
                                       "drip", "truncate", "malformed", "wrong_id"};

base::Task<bool> write_all(net::Stream& stream, std::string bytes) {
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

base::Task<std::string> read_some(net::Stream& stream) {  // "" at the end
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    auto const got = stream.read(bytes);
    if (got.state == net::IoState::moved) co_return std::string(bytes.data(), got.bytes);
    if (got.state != net::IoState::blocked) co_return std::string();
    co_await stream.readable();
  }
}

void break_json(std::string& bytes) {
  auto const head = bytes.find("\r\n\r\n");
  auto const body = bytes.find('{', head == std::string::npos ? 0 : head);
  if (body != std::string::npos) bytes[body] = '!';
}

void change_id(std::string& bytes) {
  auto const key = bytes.find("\"id\":");
  if (key == std::string::npos || key + 5 >= bytes.size()) return;
  char& digit = bytes[key + 5];
  if (digit >= '0' && digit <= '9') digit = static_cast<char>('1' + (digit - '0' + 4) % 9);
}

}  // namespace

struct FaultProxy::Link {
  explicit Link(base::Scheduler& scheduler, int client_fd)
      : fd(client_fd), over(scheduler), pumps(scheduler) {}
  void reset() {
    linger const at_once{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    over.set();
  }
  int fd;
  std::unique_ptr<net::Stream> client, server;
  bool answer_begins = false;
  base::Event over;
  base::TaskGroup pumps;
};

FaultProxy::FaultProxy(net::IoLoop& loop, net::Endpoint target, FaultOptions options, std::uint64_t seed)
    : loop_(loop),
      dialer_(loop, nullptr),
      target_(std::move(target)),
      options_(options),
      dice_(seed),
      links_(loop),
      accepting_(loop) {}

base::Result<void> FaultProxy::listen(std::string const& host, std::uint16_t port) {
  auto bound = net::Listener::bind(host, port);
  if (!bound) return bound.error();
  listener_ = std::move(*bound);
  if (!listener_->attach(loop_))
    return base::Error(base::Fault::internal, base::Blame::gateway, "no descriptors");
  accepting_.spawn(accept());
  return {};
}

void FaultProxy::cut_all() {
  for (Link* const link : open_) link->reset();
}

base::Task<void> FaultProxy::accept() {
  for (;;) {
    co_await listener_->ready().wait();
    for (auto& accepted : listener_->accept()) {
      if (refusing_ || links_.size() >= kConnectionsMax) {
        linger const at_once{1, 0};
        ::setsockopt(accepted.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(accepted.fd);
      } else {
        links_.spawn(relay(std::move(accepted)));
      }
    }
  }
}

base::Task<void> FaultProxy::relay(net::Accepted accepted) {
  ++counts_.connections;
  Link link(loop_, accepted.fd);
  link.client = net::make_fd_stream(loop_, accepted.fd, std::move(accepted.peer));
  auto server = co_await dialer_.dial(target_, loop_.now() + std::chrono::seconds{5});
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

base::Task<void> FaultProxy::requests(Link& link) {
  for (;;) {
    std::string bytes = co_await read_some(*link.client);
    if (bytes.empty()) break;
    link.answer_begins = true;
    bool const sent = co_await write_all(*link.server, std::move(bytes));
    if (!sent) break;
  }
  link.over.set();
}

base::Task<void> FaultProxy::answers(Link& link) {
  for (;;) {
    std::string bytes = co_await read_some(*link.server);
    if (bytes.empty()) break;
    Toxic toxic = Toxic::none;
    if (std::exchange(link.answer_begins, false)) {
      ++counts_.answers;
      toxic = draw();
      if (toxic != Toxic::none) ++counts_.toxics[std::string(kNames[static_cast<std::size_t>(toxic)])];
      base::Duration wait = options_.latency;
      if (options_.jitter.count() > 0) {
        wait += base::Duration{
            static_cast<std::int64_t>(dice_.below(static_cast<std::uint64_t>(options_.jitter.count())))};
      }
      if (wait.count() > 0) co_await loop_.sleep_for(wait);
    }
    bool const more = co_await pass(link, std::move(bytes), toxic);
    if (!more) break;
  }
  link.over.set();
}

base::Task<bool> FaultProxy::pass(Link& link, std::string bytes, Toxic toxic) {
  switch (toxic) {
    case Toxic::reset: link.reset(); co_return false;
    case Toxic::close: co_return false;
    case Toxic::black_hole: co_await link.over.wait(); co_return false;
    case Toxic::truncate:
      bytes.resize(bytes.size() / 2);
      co_await write_all(*link.client, std::move(bytes));
      co_return false;
    case Toxic::drip:
      for (char const byte : bytes) {
        co_await loop_.sleep_for(std::chrono::microseconds{1'000'000 / options_.drip_bytes_per_second});
        bool const sent = co_await write_all(*link.client, std::string(1, byte));
        if (!sent) co_return false;
      }
      co_return true;
    case Toxic::malformed: break_json(bytes); break;
    case Toxic::wrong_id: change_id(bytes); break;
    case Toxic::none: break;
  }
  co_return co_await write_all(*link.client, std::move(bytes));
}

FaultProxy::Toxic FaultProxy::draw() {
  std::uint64_t at = dice_.below(1000);
  unsigned const shares[] = {options_.reset,    options_.close,     options_.black_hole, options_.drip,
                             options_.truncate, options_.malformed, options_.wrong_id};
  for (std::size_t i = 0; i < std::size(shares); ++i) {
    if (at < shares[i]) return static_cast<Toxic>(i + 1);
    at -= shares[i];
  }
  return Toxic::none;
}

}  // namespace weir::test
