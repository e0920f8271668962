// SignInStore: the kept sign-ins, a file for each server in Weir's state folder.
//
// Only a path; any thread, any process: `weir server login` writes what a running gateway reads, and several
// gateways of one user share a folder. Files have mode 0600 and are replaced as a whole; one that others may
// read, or that belongs to somebody else, is not used. Whoever changes one holds its lease: an advisory lock
// (flock) on a file beside it, so that a refresh token is sent by one process at a time and a renewed one
// never replaces a newer sign-in. The folder is made with mode 0700. Errors: config (a folder or file that
// cannot be used, with the cure), internal (the disk).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "oauth/kept_sign_in.hpp"

namespace weir::oauth {

class SignInStore {
 public:
  class Lease {
   public:
    explicit Lease(int fd) noexcept : fd_(fd) {}
    Lease(Lease&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Lease& operator=(Lease&& other) noexcept {
      std::swap(fd_, other.fd_);
      return *this;
    }
    ~Lease();

   private:
    int fd_;
  };
  // What tells one state of a file from another, without reading it.
  struct Stamp {
    std::uint64_t inode = 0;  // 0: there is no file
    std::int64_t changed_ns = 0;
    std::int64_t bytes = 0;
    bool operator==(Stamp const&) const = default;
  };

  explicit SignInStore(std::string folder) : folder_(std::move(folder)) {}  // "": there is none

  std::string path_of(std::string_view server) const;
  Stamp stamp(std::string_view server) const noexcept;
  // Nothing: there is none.
  base::Result<std::optional<KeptSignIn>> read(std::string_view server) const;
  // Nothing: somebody else holds it now.
  base::Result<std::optional<Lease>> try_lease(std::string_view server) const;
  base::Result<void> write(std::string_view server, KeptSignIn const& kept) const;
  base::Result<void> remove(std::string_view server) const;

 private:
  base::Result<void> make_folder() const;
  std::string folder_;
};

}  // namespace weir::oauth
