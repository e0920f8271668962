#include "oauth/refresh_book.hpp"

#include <fcntl.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "base/base64url.hpp"
#include "oauth/token_answer.hpp"

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

constexpr std::string_view kFirstLine = "weir refresh token 1\n";

std::string origin_of(base::Secret const& configured) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  auto const text = configured.reveal();
  SHA256(reinterpret_cast<unsigned char const*>(text.data()), text.size(), digest);
  return base::to_base64url({reinterpret_cast<char const*>(digest), sizeof digest});
}

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

// The token of a file that continues this chain.
std::optional<base::Secret> read_file(std::string const& file, std::string const& origin) {
  Descriptor const from{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (from.fd < 0) return std::nullopt;
  std::string text(kFirstLine.size() + origin.size() + 1 + kTokenBytesMax + 1, '\0');
  std::size_t got = 0;
  for (ssize_t more = 1; more > 0 && got < text.size(); got += static_cast<std::size_t>(more)) {
    more = ::read(from.fd, text.data() + got, text.size() - got);
    if (more < 0) return std::nullopt;
  }
  std::string_view view(text.data(), got);
  std::optional<base::Secret> token;
  std::string const begin = std::string(kFirstLine) + origin + "\n";
  if (view.starts_with(begin) && view.ends_with('\n')) {
    view.remove_prefix(begin.size());
    view.remove_suffix(1);
    if (view.find('\n') == std::string_view::npos) token = base::Secret(view);
  }
  explicit_bzero(text.data(), text.size());
  return token;
}

Error cannot_write(std::string const& file, char const* what) {
  return Error(Fault::internal, Blame::gateway,
               "the refresh token cannot be kept in " + file + ": " + what + ": " + std::strerror(errno));
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    auto const done = ::write(fd, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

base::Result<void> write_file(std::string const& file, std::string const& origin, base::Secret const& token) {
  std::string const fresh = file + ".new";
  Descriptor const to{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (to.fd < 0) return cannot_write(file, "open");
  bool const whole = write_all(to.fd, kFirstLine) && write_all(to.fd, origin) && write_all(to.fd, "\n") &&
                     write_all(to.fd, token.reveal()) && write_all(to.fd, "\n");
  if (!whole) return cannot_write(file, "write");
  if (::fsync(to.fd) != 0) return cannot_write(file, "sync");
  if (::rename(fresh.c_str(), file.c_str()) != 0) return cannot_write(file, "rename");
  return {};
}

}  // namespace

std::optional<RefreshBook::Use> RefreshBook::use(std::string const& server) {
  std::lock_guard const held(lock_);
  if (closed_) return std::nullopt;
  ++uses_[server];
  return Use(*this, server);
}

void RefreshBook::give_back(std::string const& server) noexcept {
  std::lock_guard const held(lock_);
  auto const found = uses_.find(server);
  if (--found->second == 0) uses_.erase(found);
}

bool RefreshBook::in_use(std::string_view server) const {
  std::lock_guard const held(lock_);
  return uses_.find(server) != uses_.end();
}

void RefreshBook::close() {
  std::lock_guard const held(lock_);
  closed_ = true;
}

base::Secret RefreshBook::current(std::string const& server, base::Secret const& configured,
                                  std::string const& file) {
  auto const origin = origin_of(configured);
  std::lock_guard const held(lock_);
  auto const known = chains_.find(server);
  if (known != chains_.end() && known->second.origin == origin) return known->second.token;
  auto kept = file.empty() ? std::nullopt : read_file(file, origin);
  auto& chain = chains_[server];
  chain.origin = origin;
  chain.token = kept ? std::move(*kept) : configured;
  return chain.token;
}

base::Result<void> RefreshBook::renewed(std::string const& server, base::Secret const& configured,
                                        std::string const& file, base::Secret const& token) {
  auto const origin = origin_of(configured);
  std::lock_guard const held(lock_);
  base::Result<void> written;
  if (!file.empty()) written = write_file(file, origin, token);
  chains_[server] = Chain{origin, token};
  return written;
}

void RefreshBook::ended(std::string const& server, base::Secret const& configured, std::string const& file) {
  auto const origin = origin_of(configured);
  std::lock_guard const held(lock_);
  if (!file.empty()) static_cast<void>(write_file(file, origin, {}));
  chains_[server] = Chain{origin, {}};
}

}  // namespace weir::oauth
