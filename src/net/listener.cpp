#include "net/listener.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

std::string address_text(sockaddr_storage const& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    auto const& v4 = reinterpret_cast<sockaddr_in const&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family != AF_INET6) return "local";
  auto const& v6 = reinterpret_cast<sockaddr_in6 const&>(address);
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

void set_port(sockaddr& address, std::uint16_t port) {
  auto& field = address.sa_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                              : reinterpret_cast<sockaddr_in&>(address).sin_port;
  field = htons(port);
}

// Whether `at` is the same address as one before it: /etc/hosts may name one twice.
bool is_repeated(addrinfo const& first, addrinfo const& at) {
  for (auto const* other = &first; other != &at; other = other->ai_next) {
    if (other->ai_addrlen == at.ai_addrlen && std::memcmp(other->ai_addr, at.ai_addr, at.ai_addrlen) == 0)
      return true;
  }
  return false;
}

base::Result<int> bind_one(addrinfo const& at, bool one_of_several, std::string const& where) {
  int const fd = ::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return Error(Fault::internal, Blame::gateway, std::string("socket: ") + std::strerror(errno));
  int const on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Without it `::` takes the port for 0.0.0.0 too, which has a socket of its own here.
  if (at.ai_family == AF_INET6 && one_of_several) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(fd, at.ai_addr, at.ai_addrlen) == 0 && ::listen(fd, 4096) == 0) return fd;
  int const cause = errno;
  ::close(fd);
  return Error(cause == EADDRINUSE ? Fault::busy : Fault::config, Blame::gateway,
               "cannot listen on " + where + ": " + std::strerror(cause));
}

}  // namespace

base::Result<std::unique_ptr<Listener>> Listener::bind(std::string const& host, std::uint16_t port) {
  auto all = bind_all(host, port);
  if (!all) return all.error();
  return std::move(all->front());
}

base::Result<std::vector<std::unique_ptr<Listener>>> Listener::bind_all(std::string const& host,
                                                                        std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  std::string const where = host + ":" + std::to_string(port);
  int const code =
      ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(port).c_str(), &wanted, &found);
  if (code != 0)
    return Error(Fault::config, Blame::gateway, "cannot listen on " + where + ": " + gai_strerror(code));
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owned(found, &::freeaddrinfo);
  std::vector<std::unique_ptr<Listener>> all;
  std::optional<Error> failed;
  for (auto* at = found; at != nullptr; at = at->ai_next) {
    if (!all.empty()) set_port(*at->ai_addr, all.front()->port());
    if (is_repeated(*found, *at)) continue;
    auto fd = bind_one(*at, found->ai_next != nullptr, where);
    if (fd) {
      all.push_back(std::unique_ptr<Listener>(new Listener(*fd, host, bound_port(*fd))));
    } else if (fd.error().fault == Fault::busy) {
      return fd.error();
    } else if (!failed) {
      failed = fd.error();
    }
  }
  if (all.empty()) return *failed;
  return all;
}

Listener::~Listener() {
  if (!watch_ && fd_ >= 0) ::close(fd_);
}

bool Listener::attach(IoLoop& loop) {
  watch_ = watch_fd(loop, fd_);
  if (!watch_) fd_ = -1;
  return watch_ != nullptr;
}

std::vector<Accepted> Listener::accept() {
  std::vector<Accepted> connections;
  out_of_descriptors_ = false;
  while (connections.size() < kAcceptBatchMax) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    int const fd =
        ::accept4(fd_, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      out_of_descriptors_ = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
      break;
    }
    int const on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connections.push_back(Accepted{fd, address_text(address)});
  }
  if (!out_of_descriptors_) watch_->again();
  return connections;
}

}  // namespace weir::net
