#include "oauth/workload_assertion.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "oauth/error_table.hpp"

namespace weir::oauth {

namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kFileBytesMax = kTokenBytesMax + 64;  // with what stands around it

OAuthError unreadable(std::string why) {
  auto error = misfit(Cause::config, 0, "the assertion cannot be read: " + std::move(why));
  error.remember = std::chrono::seconds{5};
  error.advice = "An operator has to look at `auth.assertion_file` of the server.";
  return error;
}

// The file may be replaced at any time; whoever replaces it does so as a whole.
OAuthResult<base::Secret> read_file(std::string const& file) {
  int const fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return unreadable(file + ": " + std::strerror(errno));
  struct stat info {};
  bool const regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  std::string text(regular ? kFileBytesMax + 1 : 0, '\0');
  std::size_t got = 0;
  int trouble = 0;
  while (got < text.size()) {
    auto const more = ::read(fd, text.data() + got, text.size() - got);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) trouble = errno;
    if (more <= 0) break;
    got += static_cast<std::size_t>(more);
  }
  ::close(fd);
  base::Secret kept(std::string_view(text).substr(0, got));
  explicit_bzero(text.data(), text.size());
  if (!regular) return unreadable(file + " is not a file");
  if (trouble != 0) return unreadable(file + ": " + std::strerror(trouble));
  if (got > kFileBytesMax) return unreadable(file + " is too long");
  return kept;
}

bool sendable(std::string_view text) noexcept {
  return text.size() <= kTokenBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

OAuthResult<base::Secret> read_assertion(WorkloadAssertion const& from) {
  auto read = from.file.empty() ? OAuthResult<base::Secret>(from.text) : read_file(from.file);
  if (!read) return read;
  auto text = read->reveal();
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  text.remove_suffix(text.size() - std::min(text.find_last_not_of(kSpace) + 1, text.size()));
  if (text.empty()) return unreadable("it is empty");
  if (!sendable(text)) return unreadable("it is no token, or too long");
  return base::Secret(text);
}

OAuthResult<void> check_assertion(std::string_view assertion, std::vector<std::string> const& audiences,
                                  base::WallTime now) {
  auto const claims = peek(assertion);
  if (!claims) return unreadable("it is not a JSON Web Token");
  if (claims->repeats) return unreadable("it says something twice");
  bool const ours = std::any_of(claims->audiences.begin(), claims->audiences.end(), [&](auto const& named) {
    return std::any_of(audiences.begin(), audiences.end(),
                       [&](auto const& one) { return !one.empty() && same_resource(one, named); });
  });
  if (!ours) {
    auto error = misfit(Cause::policy, 0, "the assertion is for another audience than this issuer");
    error.advice =
        "It is not sent there. Have it made for the issuer of the server, or say in "
        "`auth.assertion_audience` "
        "how that issuer is called in it.";
    return error;
  }
  if (claims->expires_at && *claims->expires_at <= now) {
    auto error = misfit(Cause::reauth, 0, "the assertion has ended");
    error.remember = std::chrono::seconds{5};  // it may be replaced at any time
    error.advice = "Whoever writes it has to renew it; Weir reads it again at each use.";
    return error;
  }
  return {};
}

}  // namespace weir::oauth
