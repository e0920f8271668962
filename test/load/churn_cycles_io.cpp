#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "churn_run.hpp"
#include "process_view.hpp"

// The second part of ChurnRun: connections that come and go in every state.
namespace weir::load {

using namespace std::chrono_literals;
using test::FakeClient;

namespace {

constexpr std::uint64_t kPerBatch = 50;
constexpr std::size_t kAheadMax = 500;  // connections that weir has not yet seen the end of
constexpr std::string_view kPost =
    "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json, "
    "text/event-stream\r\n";

std::string post(std::string const& fields, std::string const& body) {
  return fmt::format("{}{}Content-Length: {}\r\n\r\n{}", kPost, fields, body.size(), body);
}

std::string call(std::uint64_t id, std::string_view meta) {
  return fmt::format(
      R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"s__slow","arguments":{{"ms":5}}{}}}}})",
      id, meta);
}

constexpr std::string_view kModernMeta =
    R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientCapabilities":{}})";

}  // namespace

// Connects, says what client `number` says, and is gone: every other one with a reset. False: refused.
bool ChurnRun::touch(std::uint64_t number) const {
  std::string const session = "Mcp-Session-Id: " + session_ + "\r\n";
  std::string const modern =
      post("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: s__slow\r\n",
           call(number, kModernMeta));
  std::string const legacy = post(session, call(number, ""));
  std::string said;
  switch (number / 2 % 6) {
    case 0: break;
    case 1: said = legacy.substr(0, 60); break;
    case 2: said = legacy.substr(0, legacy.size() - 20); break;
    case 3: said = legacy; break;
    case 4: said = modern; break;
    default:
      said = "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n" + session + "\r\n";
  }
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(weir_.port());
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool const connected = fd >= 0 && ::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
  bool const told = connected && (said.empty() || ::send(fd, said.data(), said.size(), MSG_NOSIGNAL) > 0);
  linger const reset{number % 2 == 0 ? 1 : 0, 0};
  if (reset.l_onoff != 0) ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  if (fd >= 0) ::close(fd);
  return told;
}

// The least number in half a second: the connection of the scrape before is no part of it.
base::Task<std::size_t> ChurnRun::own_descriptors() {
  std::size_t least = ~std::size_t{0};
  for (base::TimePoint const until = loop_.now() + 500ms; loop_.now() < until;) {
    least = std::min(least, open_descriptors(weir_.pid()) - server_.connections());
    co_await loop_.sleep_for(10ms);
  }
  co_return least;
}

base::Task<void> ChurnRun::disconnect_often() {
  for (std::uint64_t number = 0; number < options_.cycles; ++number) {
    if (!touch(number)) ++untouched_;
    if (number % kPerBatch != 0) continue;
    co_await loop_.sleep_for(2ms);
    while (open_descriptors(weir_.pid()) > descriptors_ + server_.connections() + kAheadMax) {
      co_await loop_.sleep_for(2ms);
    }
  }
}

base::Task<void> ChurnRun::check_cycles() {
  streams_open_.cancel();
  FakeClient client(loop_, FakeClient::Era::legacy, [this] { return connect(weir_.port()); });
  base::Event answered(loop_);
  client.on_done = [&answered](auto const&) { answered.set(); };
  client.initialize();
  co_await answered.wait();
  session_ = client.session();
  client.close_connections();
  auto const begun = loop_.now();
  co_await disconnect_often();
  std::chrono::duration<double> const took = loop_.now() - begun;
  // Weir hears of the last clients in its own time; what it never hears of is still there at the end.
  std::size_t now = 0;
  Sample last;
  for (base::TimePoint const until = loop_.now() + 20s; loop_.now() < until;) {
    last = co_await sample();
    now = co_await own_descriptors();
    if (last.streams == 0 && now <= descriptors_) break;
  }
  report_.check(untouched_ == 0 && !session_.empty(), "every connection was accepted",
                fmt::format("{} refused", untouched_));
  report_.check(now <= descriptors_, "no descriptor is left",
                fmt::format("{} before, {} after", descriptors_, now));
  report_.check(last.streams == 0, "no stream is left", fmt::format("{}", last.streams));
  report_.figures.emplace_back("cycles", static_cast<double>(options_.cycles));
  report_.figures.emplace_back("cycle_seconds", took.count());
  report_.figures.emplace_back("descriptors_left",
                               static_cast<double>(now) - static_cast<double>(descriptors_));
}

}  // namespace weir::load
