// RestartKeys: settings that a running gateway keeps until it is started again, and what is to be said when a
// reload brings others.
//
// Brain; the gateway's, one thread. Keeps only these values, not the settings of the start.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/settings.hpp"

namespace weir::app {

class RestartKeys {
 public:
  explicit RestartKeys(config::Settings const& start);

  // One sentence for each key that `now` has otherwise than what is in effect, with its place, unless the
  // reload before had it so already.
  std::vector<std::string> reloaded(config::Settings const& now);

 private:
  using Values = std::map<std::string, std::string, std::less<>>;  // by key, as shown
  static Values values_of(config::Settings const& settings);
  static std::vector<std::string> addresses_of(config::Settings const& settings);

  Values const in_effect_;
  Values before_;
  std::vector<std::string> const bound_;
  std::vector<std::string> listed_;  // addresses of the reload before
};

}  // namespace weir::app
