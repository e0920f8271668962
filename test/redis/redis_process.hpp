// RedisProcess: a real redis-server for one test: a free loopback port, a folder of its own, nothing saved.
//
// Real sockets and real time. It dies with the test, or with the test program. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "store/resp.hpp"

namespace weir::test {

class RedisProcess {
 public:
  static bool installed();

  // `options` as on its command line, where TLS_PORT and FOLDER stand for its own. start() next.
  explicit RedisProcess(std::vector<std::string> options = {});
  ~RedisProcess();
  RedisProcess(RedisProcess const&) = delete;
  RedisProcess& operator=(RedisProcess const&) = delete;

  std::uint16_t port() const noexcept { return port_; }
  std::uint16_t tls_port() const noexcept { return tls_port_; }
  std::string const& folder() const noexcept { return folder_; }

  void pause();   // SIGSTOP
  void resume();  // SIGCONT
  void kill();    // SIGKILL
  void start();   // first, or again on the same port; empty, and ready when it returns

  // One command over a connection of its own; waits for the reply.
  store::RespValue ask(std::vector<std::string_view> const& words) const;
  std::int64_t number(std::vector<std::string_view> const& words) const { return ask(words).number; }
  // After this password (and user) has been told.
  void log_in(std::string user, std::string password);

 private:
  std::vector<std::string> options_;
  std::string folder_;
  std::string user_, password_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace weir::test
