// SignInStore: the kept sign-ins, a file for each server in Weir's state folder; where callers have sign-ins
// of their own, beside it a folder with one for each person, named by a digest of who that is.
//
// Only a path; any thread, any process: `weir server login` writes what a running gateway reads, and several
// gateways of one user share a folder. Files have mode 0600 and are replaced as a whole; one that others may
// read, or that belongs to somebody else, is not used. Whoever changes one holds its lease: an advisory lock
// (flock) on a file beside it, so that a refresh token is sent by one process at a time and a renewed one
// never replaces a newer sign-in; persons share kLeasesMax of them. A person's file says whose it is, and is
// not used for anybody else. The folders are made with mode 0700. Limit: kPeopleMax at one server, exact for
// who holds the lease of the gateway's own sign-in there. Errors: busy (that many are there already), config
// (a folder or file that cannot be used, with the cure), internal (the disk).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

  static constexpr std::size_t kPeopleMax = 1000;
  static constexpr std::size_t kLeasesMax = 256;

  explicit SignInStore(std::string folder) : folder_(std::move(folder)) {}  // "": there is none

  // `person`: as in KeptSignIn.
  std::string path_of(std::string_view server, std::string_view person = {}) const;
  Stamp stamp(std::string_view server, std::string_view person = {}) const noexcept;
  // Nothing: there is none.
  base::Result<std::optional<KeptSignIn>> read(std::string_view server, std::string_view person = {}) const;
  // Nothing: somebody else holds it now.
  base::Result<std::optional<Lease>> try_lease(std::string_view server, std::string_view person = {}) const;
  base::Result<void> write(std::string_view server, KeptSignIn const& kept) const;
  base::Result<void> remove(std::string_view server, std::string_view person = {}) const;

  std::size_t count_people(std::string_view server) const noexcept;
  // Whose files can be read; each of them is.
  std::vector<std::string> people(std::string_view server) const;

 private:
  std::string people_folder(std::string_view server) const;
  base::Result<void> make_folder(std::string const& folder) const;
  std::string folder_;
};

}  // namespace weir::oauth
