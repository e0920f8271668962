// FallbackPlan: what is tried, and in which order, once a server has failed a call.
//
// Made of what the operator declared for a server or a tool; immutable, any thread. An explicit chain is
// taken as it is. Without one, the hook for this kind of failure names the first step; what else the operator
// has provided follows in the order copy, backup folder, default document, because a step that has nothing
// to offer leads to the next (R-096, C-4). A default comes last in any case: it always has something. After
// the last step comes the failure itself.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace weir::fallback {

enum class Strategy {
  use_cache,         // any copy, fresh or within stale limits
  use_stale_cache,   // likewise: a fresh one would have been used already
  server,            // an equivalent operation of another server
  use_local_backup,  // a file of the backup folder
  use_default,       // the default document, or a text that says that this is none
  message,           // a fixed text of the operator's
  skip,              // the next step
};
std::string_view name_of(Strategy strategy) noexcept;  // as configured; a label

struct Step {
  Strategy strategy = Strategy::skip;
  std::string server, tool;  // Strategy::server; an empty tool: of the same name
  std::string message;       // Strategy::message
  bool operator==(Step const&) const = default;
};

struct Declared {
  std::optional<std::vector<Step>> chain;  // overrides all that follows
  std::optional<Strategy> on_timeout, on_error;
  std::optional<Strategy> on_open, on_rate_limited;  // not set: as on_error
  bool stale_ok = false;
  bool has_backup = false;    // a backup folder is configured
  bool has_standard = false;  // a default document is
};

class FallbackPlan {
 public:
  FallbackPlan() = default;
  explicit FallbackPlan(Declared const& declared);

  // Without `skip`: what is left of it has had its effect.
  std::vector<Step> const& steps_for(base::Fault fault) const noexcept;
  unsigned servers_for(base::Fault fault) const noexcept;  // other servers among them
  bool wants_copy() const noexcept { return wants_copy_; }
  bool empty() const noexcept { return empty_; }

 private:
  enum Kind { timeout, error, open, rate_limited, kinds };
  static Kind kind_of(base::Fault fault) noexcept;
  std::array<std::vector<Step>, kinds> steps_;
  bool wants_copy_ = false;
  bool empty_ = true;
};

// Whether something may stand in for the answer: the server, or the way to it, failed. Never what a caller
// did wrong or may not do, nor what a server said in its own protocol (F-46).
bool qualifies(base::Error const& error) noexcept;

}  // namespace weir::fallback
