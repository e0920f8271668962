// KeptEnvironment: the machine as configuration sees it while the gateway runs: secrets come from what is
// kept, and the texts of a configuration can be read again as they were.
//
// Borrows both; one thread. A secret that changes makes new settings of the texts in force: a file that
// somebody is just editing must not take effect with it. What is read for the first time while replaying
// comes from disk.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "config/environment.hpp"
#include "secrets/secret_table.hpp"

namespace weir::app {

class KeptEnvironment final : public config::Environment {
 public:
  KeptEnvironment(config::Environment& machine, secrets::SecretTable const& table)
      : machine_(machine), table_(table) {}

  void read_anew() {  // from now on: what is on disk, remembered
    before_ = std::exchange(texts_, {});
    replaying_ = false;
  }
  // What was read anew is in force, or is not: then what was remembered before it is.
  void in_force(bool taken) {
    if (!taken) texts_ = std::move(before_);
    before_.clear();
  }
  void replay() noexcept { replaying_ = true; }  // from now on: what was remembered

  // References that no store is asked for, and why not.
  enum class LeftOut { disabled, beyond };  // only disabled servers need it; there are too many
  using AllLeftOut = std::map<std::string, LeftOut, std::less<>>;
  bool leave_out(AllLeftOut references) {  // true: these are others than before
    left_out_.swap(references);
    return left_out_ != references;
  }

  Variables const& variables() const override { return machine_.variables(); }
  std::string working_directory() const override { return machine_.working_directory(); }
  unsigned cores() const override { return machine_.cores(); }
  base::Result<std::string> read(std::string const& path, std::size_t bytes_max) const override;
  bool exists(std::string const& path) const override { return machine_.exists(path); }
  std::vector<std::string> glob(std::string const& pattern) const override;
  base::Result<base::Secret> kept(std::string_view reference) const override;
  base::Result<void> write(std::string const& path, std::string_view text) override {
    return machine_.write(path, text);
  }

 private:
  config::Environment& machine_;
  secrets::SecretTable const& table_;
  using Texts = std::map<std::string, base::Result<std::string>>;
  mutable Texts texts_;
  Texts before_;
  AllLeftOut left_out_;
  mutable std::map<std::string, std::vector<std::string>> lists_;
  bool replaying_ = false;
};

}  // namespace weir::app
