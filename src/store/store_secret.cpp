#include "store/store_secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "base/assert.hpp"

namespace weir::store {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Result;

constexpr std::string_view kTextSalt = "weir store secret 1";
constexpr std::string_view kPurposeSalt = "weir store purpose 1";

unsigned char const* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<unsigned char const*>(text.data());
}

StoreSecret::Key hkdf(std::string_view secret, std::string_view salt, std::string_view info) {
  std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> const kdf(
      EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr), &EVP_PKEY_CTX_free);
  StoreSecret::Key key{};
  std::size_t size = key.size();
  bool const made =
      kdf && EVP_PKEY_derive_init(kdf.get()) > 0 && EVP_PKEY_CTX_set_hkdf_md(kdf.get(), EVP_sha256()) > 0 &&
      EVP_PKEY_CTX_set1_hkdf_salt(kdf.get(), bytes_of(salt), static_cast<int>(salt.size())) > 0 &&
      EVP_PKEY_CTX_set1_hkdf_key(kdf.get(), bytes_of(secret), static_cast<int>(secret.size())) > 0 &&
      EVP_PKEY_CTX_add1_hkdf_info(kdf.get(), bytes_of(info), static_cast<int>(info.size())) > 0 &&
      EVP_PKEY_derive(kdf.get(), key.data(), &size) > 0;
  WEIR_ASSERT(made && size == key.size());
  return key;
}

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor const&) = delete;
  Descriptor& operator=(Descriptor const&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

Error failed(fs::path const& path, std::string_view what, std::string cure) {
  return Error(base::Fault::config, base::Blame::gateway,
               fmt::format("the store's secret {}: {}", path.string(), what))
      .advise(std::move(cure));
}

Error failed_with(fs::path const& path, std::string_view doing, int error) {
  return failed(
      path, fmt::format("{}: {}", doing, strerrordesc_np(error)),
      fmt::format("let this user write to {}, or name another folder", path.parent_path().string()));
}

std::optional<Error> check_folder(fs::path const& file) {
  auto const folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  std::error_code error;
  if (!fs::exists(folder, error)) {
    if (folder.has_parent_path()) fs::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return failed_with(file, "cannot make its folder", errno);
    }
  }
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0) return failed_with(file, "cannot look at its folder", errno);
  if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return failed(file, "others may write to its folder", fmt::format("chmod go-w {}", folder.string()));
  }
  return std::nullopt;
}

// Nothing: there is no file.
Result<std::optional<StoreSecret>> load(fs::path const& file) {
  Descriptor const fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::optional<StoreSecret>();
  if (!fd) return failed_with(file, "cannot be opened", errno);
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return failed_with(file, "cannot be looked at", errno);
  auto const afresh = fmt::format("remove {}: a new one is made, and what was kept is lost", file.string());
  if (!S_ISREG(facts.st_mode)) return failed(file, "is no regular file", afresh);
  if ((facts.st_mode & 077) != 0) {
    return failed(
        file, fmt::format("others may use it (mode {:04o})", facts.st_mode & 07777),
        fmt::format("if nobody did, chmod 600 {}; if somebody might have, {}", file.string(), afresh));
  }
  if (facts.st_size != StoreSecret::kBytes) {
    return failed(file, fmt::format("has {} bytes, not {}", facts.st_size, StoreSecret::kBytes), afresh);
  }
  StoreSecret::Key key{};
  if (::read(fd.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
    return failed_with(file, "cannot be read", errno);
  }
  StoreSecret secret(key);
  explicit_bzero(key.data(), key.size());
  return std::optional<StoreSecret>(std::move(secret));
}

// A link makes the whole file appear at once, and fails where another process was first.
std::optional<Error> create(fs::path const& file, base::Random& random) {
  auto fresh = file;
  fresh += "." + random.token(9) + ".tmp";
  StoreSecret::Key key{};
  random.fill(key);
  int error = 0;
  {
    Descriptor const fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failed_with(file, "cannot be made", errno);
    bool const written = ::write(fd.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size());
    if (!written || ::fsync(fd.get()) != 0) error = errno != 0 ? errno : EIO;
  }
  explicit_bzero(key.data(), key.size());
  if (error == 0 && ::link(fresh.c_str(), file.c_str()) != 0 && errno != EEXIST) error = errno;
  ::unlink(fresh.c_str());
  if (error != 0) return failed_with(file, "cannot be made", error);
  Descriptor const folder(
      ::open(file.has_parent_path() ? file.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder) ::fsync(folder.get());
  return std::nullopt;
}

}  // namespace

StoreSecret::StoreSecret(Key const& bytes)
    : bytes_(std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size())) {}

StoreSecret StoreSecret::from_text(base::Secret const& text) {
  WEIR_ASSERT(!text.empty());
  auto key = hkdf(text.reveal(), kTextSalt, {});
  StoreSecret secret(key);
  explicit_bzero(key.data(), key.size());
  return secret;
}

StoreSecret::Key StoreSecret::derive(std::string_view purpose) const {
  return hkdf(bytes_.reveal(), kPurposeSalt, purpose);
}

Result<StoreSecret> StoreSecret::load_or_create(fs::path const& file, base::Random& random) {
  if (auto problem = check_folder(file)) return *std::move(problem);
  auto loaded = load(file);
  if (!loaded) return loaded.error();
  if (!*loaded) {
    if (auto problem = create(file, random)) return *std::move(problem);
    loaded = load(file);
    if (!loaded) return loaded.error();
    if (!*loaded) return failed_with(file, "vanished as it was made", ENOENT);
  }
  return **std::move(loaded);
}

}  // namespace weir::store
