// Listener: a bound TCP port that hands out connected descriptors.
//
// Bound without SO_REUSEPORT, so that a second Weir on the same port is an error with a cause. The accepting
// worker passes descriptors on to the others: accept() takes what is there in one go, at most
// `accept_batch_max`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/fd_stream.hpp"

namespace weir::net {

struct Accepted {
  int fd;            // owned by whoever takes it; make_fd_stream() closes it in the end
  std::string peer;  // "127.0.0.1:54321"
};

class Listener {
 public:
  static constexpr std::size_t kAcceptBatchMax = 64;

  // Errors: config (no such address), busy (port in use; detail names it), internal. Port 0 picks a free one.
  static base::Result<std::unique_ptr<Listener>> bind(std::string const& host, std::uint16_t port);
  // One for each address of a name (`localhost` may be 127.0.0.1 and ::1; "" is any), on one port. Addresses
  // that this machine does not have are left out, unless there is no other.
  static base::Result<std::vector<std::unique_ptr<Listener>>> bind_all(std::string const& host,
                                                                       std::uint16_t port);
  ~Listener();

  std::uint16_t port() const noexcept { return port_; }
  std::string const& host() const noexcept { return host_; }

  // From here on the loop's thread uses the listener. False if the kernel refuses.
  bool attach(IoLoop& loop);
  base::Event& ready() noexcept { return watch_->event(); }
  std::vector<Accepted>
  accept();  // what is waiting; arms again. Out of descriptors counts as nothing waiting.
  bool out_of_descriptors() const noexcept { return out_of_descriptors_; }

 private:
  Listener(int fd, std::string host, std::uint16_t port) : fd_(fd), host_(std::move(host)), port_(port) {}
  int fd_;
  std::string host_;
  std::uint16_t port_;
  bool out_of_descriptors_ = false;
  std::unique_ptr<Readable> watch_;
};

// The process that listens on a local TCP port, "node (pid 4711)", or "" when it cannot be found (another
// user's).
std::string owner_of_port(std::uint16_t port);

}  // namespace weir::net
