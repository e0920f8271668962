// weir_bench_upstream PORT: a modern MCP server with canned answers, for bench/run.py.
//
// One thread, one epoll set, 127.0.0.1 only. It answers server/discover, tools/list and tools/call with the
// request's id spliced in, on keep-alive connections with Content-Length; GET /healthz; and GET /calls with
// the number of tools/call so far. Tools: `small` (300 B body), `mid` (8 KiB), `large` (64 KiB, one text),
// `rows` (64 KiB, an array of small objects), `work` (300 B after a millisecond, one at a time) and `stream`
// (an event stream with one progress notification that stays open). Everything else gets -32601 with status
// 400, so a gateway takes it for a server of revision 2026-07-28 only. It trusts its peers: it is no example
// of a server.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kUsualId = 8;  // bytes of the id that the body sizes are meant for
constexpr std::string_view kBefore = R"({"jsonrpc":"2.0","id":)";

struct Connection {
  int fd = -1;
  std::string in;
  std::string out;  // what the socket did not take
};

std::string text_result(std::size_t body_bytes) {
  std::string const head = R"(,"result":{"resultType":"complete","content":[{"type":"text","text":")";
  std::string const tail = R"("}],"isError":false}})";
  std::string text;
  while (text.size() < body_bytes) text += "The quick brown fox jumps over the lazy dog. ";
  text.resize(body_bytes - kBefore.size() - kUsualId - head.size() - tail.size());
  return head + text + tail;
}

std::string rows_result(std::size_t body_bytes) {
  std::string all = R"(,"result":{"resultType":"complete","structuredContent":{"rows":[)";
  std::string const tail = R"(]},"content":[],"isError":false}})";
  for (int row = 0; all.size() + tail.size() + kUsualId + kBefore.size() + 80 < body_bytes; ++row) {
    std::array<char, 96> text{};
    int const n = std::snprintf(text.data(), text.size(),
                                R"({"id":%d,"name":"row-%d","score":%d.25,"ok":true},)", row, row, row % 97);
    all.append(text.data(), static_cast<std::size_t>(n));
  }
  all.pop_back();
  return all + tail;
}

std::string tool(std::string_view name) {
  return R"({"name":")" + std::string(name) +
         R"(","description":"canned","inputSchema":{"type":"object","properties":{"q":{"type":"string"}}}})";
}

std::string list_result() {
  std::string all = R"(,"result":{"resultType":"complete","ttlMs":3600000,"cacheScope":"public","tools":[)";
  for (auto const* name : {"small", "mid", "large", "rows", "work", "stream"}) all += tool(name) + ",";
  all.pop_back();
  return all + "]}}";
}

std::map<std::string, std::string, std::less<>> const& answers() {
  static std::map<std::string, std::string, std::less<>> const all{
      {"small", text_result(300)},
      {"mid", text_result(8192)},
      {"large", text_result(65536)},
      {"rows", rows_result(65536)},
      {"work", text_result(300)},
      {"server/discover",
       R"(,"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},)"
       R"("ttlMs":3600000,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":)"
       R"({"name":"bench","version":"1"}}}})"},
      {"tools/list", list_result()},
  };
  return all;
}

// The value of a header field written exactly as `name`, which ends in ": ".
std::string_view field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
    auto const line = head.substr(at + 1);
    if (line.size() < name.size() || ::strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    auto const value = line.substr(name.size());
    return value.substr(0, value.find('\r'));
  }
  return {};
}

// The JSON scalar after `key` in body, as it stands there.
std::string_view scalar(std::string_view body, std::string_view key) {
  auto const at = body.find(key);
  if (at == std::string_view::npos) return "null";
  auto const rest = body.substr(at + key.size());
  return rest.substr(0, rest.front() == '"' ? rest.find('"', 1) + 1 : rest.find_first_of(",}"));
}

void send_parts(Connection& to, std::array<iovec, 3> parts) {
  if (!to.out.empty()) {
    for (auto const& part : parts) to.out.append(static_cast<char const*>(part.iov_base), part.iov_len);
    return;
  }
  ssize_t const n = ::writev(to.fd, parts.data(), static_cast<int>(parts.size()));
  std::size_t taken = n < 0 ? 0 : static_cast<std::size_t>(n);
  for (auto const& part : parts) {
    std::size_t const gone = std::min(taken, part.iov_len);
    taken -= gone;
    to.out.append(static_cast<char const*>(part.iov_base) + gone, part.iov_len - gone);
  }
}

void reply(Connection& to, char const* status, std::string_view id, std::string_view rest) {
  std::array<char, 256> head{};
  std::size_t const length = kBefore.size() + id.size() + rest.size();
  int const n =
      std::snprintf(head.data(), head.size(),
                    "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s%.*s",
                    status, length, static_cast<int>(kBefore.size()), kBefore.data(),
                    static_cast<int>(std::min<std::size_t>(id.size(), 64)), id.data());
  iovec const first{head.data(), static_cast<std::size_t>(n)};
  send_parts(to, {first, iovec{const_cast<char*>(rest.data()), rest.size()}, iovec{}});
}

void open_stream(Connection& to, std::string_view body) {
  std::string event =
      R"(data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)";
  event.append(scalar(body, "\"progressToken\":")).append(R"(,"progress":1}})").append("\n\n");
  std::array<char, 16> size{};
  std::snprintf(size.data(), size.size(), "%zx\r\n", event.size());
  std::string const all =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
      std::string(size.data()) + event + "\r\n";
  send_parts(to, {iovec{const_cast<char*>(all.data()), all.size()}, iovec{}, iovec{}});
}

// `bench__small` is `small`: peers that do not rewrite names send the client's.
std::string_view own_name(std::string_view name) {
  auto const prefix = name.find("__");
  return prefix == std::string_view::npos ? name : name.substr(prefix + 2);
}

void reply_text(Connection& to, std::string const& text) {
  std::string all = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
  send_parts(to, {iovec{all.data(), all.size()}, iovec{}, iovec{}});
}

void answer(Connection& to, std::string_view head, std::string_view body) {
  static unsigned long calls = 0;
  if (head.starts_with("GET /healthz")) return reply_text(to, "ok\n");
  if (head.starts_with("GET /calls")) return reply_text(to, std::to_string(calls));
  auto const method = field(head, "mcp-method: ");
  if (method == "tools/call") ++calls;
  auto const name = method == "tools/call" ? own_name(field(head, "mcp-name: ")) : method;
  if (name == "stream") {
    open_stream(to, body);
    return;
  }
  if (name == "work") {
    timespec const millisecond{0, 1'000'000};
    ::nanosleep(&millisecond, nullptr);
  }
  auto const id = scalar(body, "\"id\":");
  auto const found = answers().find(name);
  if (found != answers().end()) {
    reply(to, "200 OK", id, found->second);
  } else {
    reply(to, "400 Bad Request", id, R"(,"error":{"code":-32601,"message":"Method not found"}})");
  }
}

// False: the connection is over.
bool serve(Connection& peer) {
  static std::array<char, 65536> chunk;
  ssize_t const n = ::recv(peer.fd, chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  peer.in.append(chunk.data(), static_cast<std::size_t>(n));
  for (;;) {
    auto const end = peer.in.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    std::string_view const head = std::string_view(peer.in).substr(0, end + 2);
    auto const length = std::strtoul(std::string(field(head, "content-length: ")).c_str(), nullptr, 10);
    if (peer.in.size() < end + 4 + length) return true;
    answer(peer, head, std::string_view(peer.in).substr(end + 4, length));
    peer.in.erase(0, end + 4 + length);
  }
}

void watch(int epoll, Connection& peer, int operation, bool writable) {
  epoll_event event{};
  event.events = EPOLLIN | (writable ? static_cast<unsigned>(EPOLLOUT) : 0U);
  event.data.ptr = &peer;
  ::epoll_ctl(epoll, operation, peer.fd, &event);
}

void flush(int epoll, Connection& peer) {
  ssize_t const n = ::send(peer.fd, peer.out.data(), peer.out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0) peer.out.erase(0, static_cast<std::size_t>(n));
  if (peer.out.empty()) watch(epoll, peer, EPOLL_CTL_MOD, false);
}

int listen_on(char const* port) {
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int const one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || ::listen(fd, 4096) != 0) return -1;
  return fd;
}

void take(int epoll, int listener) {
  int const fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  int const one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  auto* const peer = new Connection;
  peer->fd = fd;
  watch(epoll, *peer, EPOLL_CTL_ADD, false);
}

}  // namespace

int main(int argc, char** argv) {
  int const listener = argc == 2 ? listen_on(argv[1]) : -1;
  if (listener < 0) return std::fprintf(stderr, "usage: weir_bench_upstream PORT (a free one)\n"), 64;
  std::signal(SIGPIPE, SIG_IGN);
  int const epoll = ::epoll_create1(EPOLL_CLOEXEC);
  Connection own;
  own.fd = listener;
  watch(epoll, own, EPOLL_CTL_ADD, false);
  std::array<epoll_event, 256> events;
  for (;;) {
    int const n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < n; ++i) {
      auto const& event = events[static_cast<std::size_t>(i)];
      auto* const peer = static_cast<Connection*>(event.data.ptr);
      if (peer == &own) {
        take(epoll, listener);
        continue;
      }
      if ((event.events & EPOLLOUT) != 0) flush(epoll, *peer);
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) continue;
      if (!serve(*peer)) {
        ::close(peer->fd);
        delete peer;
      } else if (!peer->out.empty()) {
        watch(epoll, *peer, EPOLL_CTL_MOD, true);
      }
    }
  }
}
