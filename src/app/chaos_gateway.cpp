#include "app/chaos_gateway.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "app/gateway.hpp"
#include "config/client_files.hpp"
#include "config/values.hpp"

namespace weir::app {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

constexpr int kStartMsMax = 30'000;
constexpr int kEndMsMax = 15'000;
constexpr std::size_t kTailBytes = 2000;
constexpr std::size_t kKeyBytes = 24;

Error failed(std::string what) { return {Fault::internal, Blame::gateway, std::move(what)}; }

// What is the run's own: addresses, the key, the place of the cache. A shared cache is no place for answers
// that were got under faults.
void make_private(config::Settings& settings, std::string const& folder, std::string const& key) {
  config::ApiKey api_key;
  api_key.name = "chaos";
  api_key.sha256 = config::parse_key_hash(config::content_hash(key)).value();
  settings.keys = {std::move(api_key)};
  settings.listeners = {config::Listener()};
  settings.listeners.front().bind.port = settings.admin.bind.port = 0;
  settings.admin.bind.host = "127.0.0.1";
  settings.admin.bind.kind = config::Address::Kind::tcp;
  settings.listeners.front().auth = settings.admin.auth = {"keys"};
  auto& store = settings.caching.store;
  if (store.kind != config::StoreKind::none) store.kind = config::StoreKind::embedded;
  store.path = folder + "/cache";
  settings.metrics.path = "/metrics";
}

std::string read_to_end(int fd) {
  std::string text;
  char bytes[4096];
  for (ssize_t got; (got = ::read(fd, bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(got));
  return text;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto const put = ::write(fd, text.data(), text.size());
    if (put <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

void take_detours(config::Settings& settings, std::string const& text) {
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    char* rest = nullptr;
    auto const server = std::strtoull(text.c_str() + at, &rest, 10);
    auto const url = std::strtoull(rest, &rest, 10);
    std::string const to = text.substr(static_cast<std::size_t>(rest + 1 - text.c_str()),
                                       end - static_cast<std::size_t>(rest + 1 - text.c_str()));
    if (server < settings.servers.size() && url < settings.servers[server].urls.size())
      settings.servers[server].urls[url] = to;
    at = end + 1;
  }
}

// The child: everything from here on is a `weir run`.
[[noreturn]] void serve(config::Settings settings, config::Environment const& environment, int in, int out,
                        std::string const& log) {
  int const log_fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ::dup2(log_fd, STDOUT_FILENO);
  ::dup2(log_fd, STDERR_FILENO);
  auto const detours = read_to_end(in);
  if (!detours.ends_with('\n')) std::_Exit(0);  // the run ended before it began
  take_detours(settings, detours.substr(0, detours.size() - 1));
  GatewayOptions options;
  options.keep_pins = false;  // the addresses of the proxies are no servers of tomorrow
  options.settings = std::make_shared<config::Settings const>(std::move(settings));
  options.reload = [](bool) -> Result<std::shared_ptr<config::Settings const>> {
    return Error(Fault::config, Blame::gateway, "a run under faults keeps its configuration");
  };
  int code = 1;
  {
    Gateway gateway(std::move(options), environment);
    auto const started = gateway.start();
    write_all(out, started ? gateway.mcp_urls().front() + "\n" + gateway.admin_url() + "\n"
                           : "! " + started.error().detail + "\n");
    ::close(out);
    if (started) code = gateway.run();
  }
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

Result<std::unique_ptr<ChaosGateway>> ChaosGateway::begin(config::Settings settings,
                                                          config::Environment const& environment) {
  std::unique_ptr<ChaosGateway> made(new ChaosGateway());
  auto folder = (std::filesystem::temp_directory_path() / "weir-chaos-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return failed("no folder can be made for the run");
  made->folder_ = folder;
  base::SystemRandom random;
  made->key_ = random.token(kKeyBytes);
  int down[2], up[2];
  if (::pipe2(down, O_CLOEXEC) != 0) return failed("no descriptors");
  if (::pipe2(up, O_CLOEXEC) != 0) {
    ::close(down[0]);
    ::close(down[1]);
    return failed("no descriptors");
  }
  made->to_child_ = down[1];
  made->from_child_ = up[0];
  make_private(settings, folder, made->key_);
  std::fflush(nullptr);
  int const parent = ::getpid();
  made->pid_ = ::fork();
  if (made->pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) std::_Exit(0);
    ::close(down[1]);
    ::close(up[0]);
    serve(std::move(settings), environment, down[0], up[1], folder + "/log");
  }
  ::close(down[0]);
  ::close(up[1]);
  if (made->pid_ > 0) return made;
  made->pid_ = 0;
  return failed("no process can be started");
}

Result<void> ChaosGateway::start(std::vector<Detour> const& detours) {
  std::string lines;
  for (auto const& detour : detours) lines += fmt::format("{} {} {}\n", detour.server, detour.url, detour.to);
  bool const told = write_all(to_child_, lines + "\n");
  ::close(std::exchange(to_child_, -1));
  pollfd said{from_child_, POLLIN, 0};
  bool const heard = told && ::poll(&said, 1, kStartMsMax) == 1;
  std::string const text = heard ? read_to_end(from_child_) : "";
  auto const line = text.find('\n');
  if (line == std::string::npos || text.starts_with('!')) {
    auto const why = text.starts_with("! ") ? text.substr(2) : "it says nothing\n" + log_tail();
    return Error(Fault::unavailable, Blame::gateway, "the gateway of the run does not start: " + why);
  }
  auto mcp = net::parse_url(text.substr(0, line));
  auto admin = net::parse_url(text.substr(line + 1, text.size() - line - 2));
  if (!mcp || !admin) return failed("the gateway of the run gives no address");
  mcp_ = std::move(*mcp);
  admin_ = std::move(*admin);
  return {};
}

void ChaosGateway::end() {
  if (to_child_ >= 0) ::close(std::exchange(to_child_, -1));
  if (from_child_ >= 0) ::close(std::exchange(from_child_, -1));
  if (pid_ == 0) return;
  ::kill(pid_, SIGTERM);
  int const pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended{pidfd, POLLIN, 0};
  if (pidfd < 0 || ::poll(&ended, 1, kEndMsMax) != 1) ::kill(pid_, SIGKILL);
  if (pidfd >= 0) ::close(pidfd);
  ::waitpid(std::exchange(pid_, 0), nullptr, 0);
}

ChaosGateway::~ChaosGateway() {
  end();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

std::string ChaosGateway::log_tail() const {
  std::ifstream file(folder_ + "/log");
  std::string const text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return text.substr(text.size() > kTailBytes ? text.size() - kTailBytes : 0);
}

}  // namespace weir::app
