#include "oauth/sign_in_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

struct Descriptor {
  int fd = -1;
  Descriptor(char const* path, int flags, mode_t mode = 0) : fd(::open(path, flags | O_CLOEXEC, mode)) {}
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

Error trouble(std::string const& path, char const* what) {
  return Error(Fault::internal, Blame::gateway,
               "the sign-in in " + path + " cannot be " + what + ": " + std::strerror(errno));
}

Error unfit(std::string const& path, char const* why, std::string cure) {
  return Error(Fault::config, Blame::gateway, "the sign-in in " + path + " is not used: " + why)
      .advise(std::move(cure));
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

// The whole file, into memory that the caller wipes.
bool read_all(int fd, std::string& text) {
  text.assign(KeptSignIn::kTextMax + 1, '\0');
  std::size_t got = 0;
  while (got < text.size()) {
    auto const more = ::read(fd, text.data() + got, text.size() - got);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return false;
    if (more == 0) break;
    got += static_cast<std::size_t>(more);
  }
  text.resize(got);
  return true;
}

void append_hex(std::string& text, unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  text += kDigits[byte >> 4U];
  text += kDigits[byte & 15U];
}

// Names of servers become names of files: what could mean something else there is written in hex.
std::string file_name(std::string_view server) {
  std::string name;
  for (char const c : server) {
    bool const plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (plain) {
      name += c;
      continue;
    }
    name += '%';
    append_hex(name, static_cast<unsigned char>(c));
  }
  return name;
}

std::string digest_of(std::string_view person) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(person.data(), person.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string text;
  for (auto const byte : digest) append_hex(text, byte);
  return text;
}

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

// Tells of each file of a person's sign-in, until `told` says that it is enough.
template <class Told>
void each_file(std::string const& folder, Told const& told) {
  std::unique_ptr<DIR, CloseFolder> const from(::opendir(folder.c_str()));
  if (!from) return;
  while (auto const* const entry = ::readdir(from.get())) {
    if (std::string_view(entry->d_name).ends_with(".json") && !told(entry->d_name)) return;
  }
}

// Nothing: there is no such file.
Result<std::optional<KeptSignIn>> read_file(std::string const& path) {
  Descriptor const from(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (from.fd < 0 && errno == ENOENT) return std::optional<KeptSignIn>();
  if (from.fd < 0) return trouble(path, "opened");
  struct stat info {};
  if (::fstat(from.fd, &info) != 0) return trouble(path, "looked at");
  if (!S_ISREG(info.st_mode)) return unfit(path, "it is not a file", "remove it");
  if (info.st_uid != ::geteuid())
    return unfit(path, "it belongs to somebody else", "remove it and sign in again");
  if ((info.st_mode & 077U) != 0) {
    return unfit(path, "others may read or change it",
                 "chmod 600 it, or remove it and sign in again: its tokens may be known");
  }
  std::string text;
  bool const whole = read_all(from.fd, text);
  auto const error = trouble(path, "read");
  Result<KeptSignIn> kept = whole ? read_sign_in(text) : Result<KeptSignIn>(error);
  explicit_bzero(text.data(), text.size());
  if (kept) return std::optional<KeptSignIn>(std::move(*kept));
  if (!whole) return kept.error();
  return unfit(path, kept.error().detail.c_str(), "remove it and sign in again");
}

}  // namespace

SignInStore::Lease::~Lease() {
  if (fd_ >= 0) ::close(fd_);
}

std::string SignInStore::path_of(std::string_view server, std::string_view person) const {
  if (person.empty()) return folder_ + "/" + file_name(server) + ".json";
  return people_folder(server) + "/" + digest_of(person) + ".json";
}

std::string SignInStore::people_folder(std::string_view server) const {
  return folder_ + "/" + file_name(server);
}

SignInStore::Stamp SignInStore::stamp(std::string_view server, std::string_view person) const noexcept {
  struct stat info {};
  if (folder_.empty() || ::stat(path_of(server, person).c_str(), &info) != 0) return {};
  constexpr std::int64_t kSecond = 1'000'000'000;
  return {info.st_ino, info.st_ctim.tv_sec * kSecond + info.st_ctim.tv_nsec, info.st_size};
}

Result<std::optional<KeptSignIn>> SignInStore::read(std::string_view server, std::string_view person) const {
  if (folder_.empty()) return std::optional<KeptSignIn>();
  auto const path = path_of(server, person);
  auto kept = read_file(path);
  if (kept && *kept && (*kept)->person != person)
    return unfit(path, "it is somebody else's", "remove it and sign in again");
  return kept;
}

std::size_t SignInStore::count_people(std::string_view server) const noexcept {
  std::size_t count = 0;
  if (folder_.empty()) return count;
  each_file(people_folder(server), [&](std::string_view) { return ++count < 2 * kPeopleMax; });
  return count;
}

std::vector<std::string> SignInStore::people(std::string_view server) const {
  std::vector<std::string> found;
  if (folder_.empty()) return found;
  auto const folder = people_folder(server);
  each_file(folder, [&](std::string_view name) {
    auto kept = read_file(folder + "/" + std::string(name));
    if (kept && *kept && !(*kept)->person.empty()) found.push_back(std::move((*kept)->person));
    return found.size() < kPeopleMax;
  });
  return found;
}

Result<void> SignInStore::make_folder(std::string const& folder) const {
  if (folder_.empty()) {
    return Error(Fault::config, Blame::gateway, "there is no folder to keep sign-ins in")
        .advise("set HOME, XDG_STATE_HOME or STATE_DIRECTORY");
  }
  for (auto at = folder.find('/', 1); at != std::string::npos; at = folder.find('/', at + 1)) {
    ::mkdir(folder.substr(0, at).c_str(), 0700);  // those that are there stay as they are
  }
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return trouble(folder, "kept");
}

Result<std::optional<SignInStore::Lease>> SignInStore::try_lease(std::string_view server,
                                                                 std::string_view person) const {
  auto const folder = person.empty() ? folder_ : people_folder(server);
  if (auto made = make_folder(folder); !made) return made.error();
  // A file that is locked cannot be removed without losing the lock, so there is not one for each person.
  auto const path =
      person.empty() ? path_of(server) + ".lock" : folder + "/" + digest_of(person).substr(0, 2) + ".lock";
  int const fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return trouble(path, "locked");
  Lease lease(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return std::optional<Lease>(std::move(lease));
  if (errno == EWOULDBLOCK || errno == EINTR) return std::optional<Lease>();
  return trouble(path, "locked");
}

Result<void> SignInStore::write(std::string_view server, KeptSignIn const& kept) const {
  if (auto made = make_folder(kept.person.empty() ? folder_ : people_folder(server)); !made)
    return made.error();
  auto const path = path_of(server, kept.person);
  if (!kept.person.empty() && ::access(path.c_str(), F_OK) != 0 && count_people(server) >= kPeopleMax) {
    return Error(Fault::busy, Blame::gateway,
                 "there are " + std::to_string(kPeopleMax) + " sign-ins at this server already")
        .advise("let go of those that are not used any more: weir server logout NAME --for WHO");
  }
  auto const fresh = path + ".new";
  ::unlink(fresh.c_str());  // of somebody who was interrupted
  Descriptor const to(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (to.fd < 0) return trouble(path, "written");
  auto const text = written(kept);
  if (!write_all(to.fd, text.reveal()) || ::fsync(to.fd) != 0) return trouble(path, "written");
  if (::rename(fresh.c_str(), path.c_str()) != 0) return trouble(path, "replaced");
  return {};
}

Result<void> SignInStore::remove(std::string_view server, std::string_view person) const {
  auto const path = path_of(server, person);
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return trouble(path, "removed");
}

}  // namespace weir::oauth
