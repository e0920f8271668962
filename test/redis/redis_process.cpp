#include "redis/redis_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace weir::test {
namespace {

constexpr char kServer[] = "/usr/bin/redis-server";
constexpr auto kHang = std::chrono::seconds{30};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// Free now; whoever takes it before Redis does makes the start fail, and another one is tried.
std::uint16_t free_port() {
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto address = loopback(0);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

[[noreturn]] void run_server(std::vector<std::string> const& words, std::string const& folder) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int const log = ::open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(log, 1);
  ::dup2(log, 2);
  std::vector<char*> argv;
  for (auto const& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  ::execv(kServer, argv.data());
  ::_exit(127);
}

}  // namespace

bool RedisProcess::installed() { return ::access(kServer, X_OK) == 0; }

RedisProcess::RedisProcess(std::vector<std::string> options) : options_(std::move(options)) {
  std::string folder = "/tmp/weir-redis-XXXXXX";
  folder_ = ::mkdtemp(folder.data());
  port_ = free_port();
  do {
    tls_port_ = free_port();
  } while (tls_port_ == port_);
}

RedisProcess::~RedisProcess() {
  kill();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

void RedisProcess::start() {
  std::vector<std::string> words{
      kServer, "--port", std::to_string(port_), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
      "--dir", folder_,  "--tcp-keepalive",     "0"};
  for (auto option : options_) {
    if (auto const at = option.find("TLS_PORT"); at != std::string::npos) {
      option.replace(at, 8, std::to_string(tls_port_));
    }
    if (auto const at = option.find("FOLDER"); at != std::string::npos) option.replace(at, 6, folder_);
    words.push_back(std::move(option));
  }
  pid_ = ::fork();
  if (pid_ == 0) run_server(words, folder_);
  auto const until = std::chrono::steady_clock::now() + kHang;
  while (ask({"PING"}).is(store::RespValue::Kind::nil)) {
    if (std::chrono::steady_clock::now() > until || ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      std::fprintf(stderr, "redis-server did not start; see its log\n");
      std::abort();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

void RedisProcess::pause() { ::kill(pid_, SIGSTOP); }
void RedisProcess::resume() { ::kill(pid_, SIGCONT); }

void RedisProcess::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisProcess::log_in(std::string user, std::string password) {
  user_ = std::move(user);
  password_ = std::move(password);
}

store::RespValue RedisProcess::ask(std::vector<std::string_view> const& words) const {
  int const fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  timeval const patience{30, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  auto const address = loopback(port_);
  store::RespValue value;
  if (::connect(fd, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0) {
    auto command = password_.empty() ? "" : store::resp_command({"AUTH", user_, password_});
    command += store::resp_command(words);
    store::RespReader reader;
    int replies = password_.empty() ? 1 : 2;
    char buffer[65536];
    ssize_t got = ::send(fd, command.data(), command.size(), MSG_NOSIGNAL);
    while (replies > 0 && got > 0 && (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0) {
      reader.feed({buffer, static_cast<std::size_t>(got)});
      while (replies > 0 && reader.next(value) == store::RespReader::Step::reply) --replies;
    }
    if (replies > 0) value = {};
  }
  ::close(fd);
  return value;
}

}  // namespace weir::test
