// Environment: what configuration may ask of the machine: variables and files. Nothing else here touches it.
//
// app builds a DiskEnvironment from the process; tests use a MemoryEnvironment. Paths are as given by the
// user; relative ones are relative to working_directory(). Errors: not_found, denied, too_large, internal.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace weir::config {

class Environment {
 public:
  using Variables = std::map<std::string, std::string, std::less<>>;

  virtual ~Environment() = default;
  virtual Variables const& variables() const = 0;
  virtual std::string working_directory() const = 0;
  virtual unsigned cores() const = 0;
  virtual base::Result<std::string> read(std::string const& path, std::size_t bytes_max) const = 0;
  virtual bool exists(std::string const& path) const = 0;
  virtual std::vector<std::string> glob(
      std::string const& pattern) const = 0;  // sorted, `*` and `?` in names
  // Whole or not at all: a new file is renamed over the old one. Makes missing folders (0700); the file is
  // 0600.
  // What is kept for `vault:path#key`, `aws-sm:name#key`, `file:/path` or `cred:name` while the gateway runs.
  // Errors: unsupported (nothing is kept here), starting (not asked for yet), unavailable (with the reason).
  virtual base::Result<base::Secret> kept(std::string_view reference) const;
  virtual base::Result<void> write(std::string const& path, std::string_view text) = 0;

  std::optional<std::string_view> variable(std::string_view name) const;
  std::string home() const;                           // $HOME, or empty
  std::string absolute(std::string_view path) const;  // against working_directory(), `~/` against home()
};

class DiskEnvironment final : public Environment {
 public:
  explicit DiskEnvironment(Variables variables);
  Variables const& variables() const override { return variables_; }
  std::string working_directory() const override;
  unsigned cores() const override;
  base::Result<std::string> read(std::string const& path, std::size_t bytes_max) const override;
  bool exists(std::string const& path) const override;
  std::vector<std::string> glob(std::string const& pattern) const override;
  base::Result<void> write(std::string const& path, std::string_view text) override;

 private:
  Variables variables_;
};

// The in-memory twin. A path that ends in `/` is a folder.
class MemoryEnvironment final : public Environment {
 public:
  Variables vars;
  std::map<std::string, std::string> files;  // absolute path → text
  std::string cwd = "/here";
  unsigned core_count = 2;

  Variables const& variables() const override { return vars; }
  std::string working_directory() const override { return cwd; }
  unsigned cores() const override { return core_count; }
  base::Result<std::string> read(std::string const& path, std::size_t bytes_max) const override;
  bool exists(std::string const& path) const override;
  std::vector<std::string> glob(std::string const& pattern) const override;
  base::Result<void> write(std::string const& path, std::string_view text) override;
};

}  // namespace weir::config
