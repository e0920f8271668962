// PinFile: what tools said of themselves, kept for the next start (SQLite, beside nothing that expires).
//
// One thread at a time; blocks on the disk, for kBusyMax where another process of the same user writes. Rows
// belong to an owner, a server of one configuration, and to a tenant or ("") to all; each change is one
// transaction, so that a kill leaves the old rows or the new ones. The file says its version: one of version
// 0, which knew no tenants, becomes one of kVersion when it is opened; a later one is an error. Errors name
// the file and the cure; a file that is damaged is an error, not a fresh start, because forgetting pins would
// mean trusting everybody anew. The file is 0600, its folder 0700, and it does not grow beyond its bytes:
// what does not fit is an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "store/sqlite.hpp"

namespace weir::store {

struct PinRow {
  std::string tenant;  // "": for all
  std::string tool;
  std::string hash;
  std::string definition;
  bool approved = false;
  friend bool operator==(PinRow const&, PinRow const&) = default;
};

class PinFile {
 public:
  static constexpr std::chrono::milliseconds kBusyMax{250};

  static constexpr int kVersion = 1;
  static constexpr std::uint64_t kBytesMax = 64 * 1024 * 1024;

  static base::Result<std::unique_ptr<PinFile>> open(std::filesystem::path const& file,
                                                     std::uint64_t bytes_max = kBytesMax);

  // Those of all first, then by tenant, each in order of names; at most `most`.
  base::Result<std::vector<PinRow>> read(std::string_view owner, std::size_t most);

  enum class Write {
    more,  // one that is there already is replaced only if a person approved of the new one, so that two
           // processes that see a tool for the first time agree; approved for all, it is no tenant's any more
    tenant,  // these, of one tenant, are all that the owner has of that tenant
    all,     // these are all that the owner has
  };
  base::Result<void> write(std::string_view owner, std::vector<PinRow> const& rows, Write how);

 private:
  PinFile(std::string name, Database db) : name_(std::move(name)), db_(std::move(db)) {}
  base::Error failure() const;
  bool make_table();
  bool write_rows(std::string_view owner, std::vector<PinRow> const& rows, Write how);

  std::string name_;
  Database db_;
};

}  // namespace weir::store
