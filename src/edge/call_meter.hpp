// CallMeter: one access line and the metrics of each finished call.
//
// One per worker. Handles are looked up by (server, method, tool) in a bounded table of this worker, so a
// call takes no lock once its tool was seen. Only names from the catalogue become label values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/call.hpp"
#include "observe/log.hpp"
#include "observe/metrics.hpp"

namespace weir::edge {

struct CallRecord {
  std::string_view request_id;
  observe::Outcome outcome = observe::Outcome::ok;
  std::string_view error_type;  // "" on success
  std::string_view denied;      // why the caller may not, as mcp_policy_denied_total has it; else ""
  int error_code = 0;
  base::Duration duration{};
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

class CallMeter {
 public:
  static constexpr std::size_t kHandlesMax = 20'000;

  CallMeter(observe::Metrics& metrics, observe::Log& log, base::Clock const& clock, bool access_lines)
      : metrics_(metrics), log_(log), clock_(clock), access_lines_(access_lines) {}

  void set_access_lines(bool wanted) noexcept { access_lines_ = wanted; }  // for a reload

  void record(core::Call const& call, CallRecord const& record);
  observe::StreamMetrics const& streams(bool modern) const noexcept {
    return modern ? metrics_.gateway().modern_streams : metrics_.gateway().legacy_streams;
  }
  // A request that was refused before it became a call.
  void refused(std::string_view reason) { metrics_.gateway().http_rejects.add(reason); }
  // … because it is not known who calls.
  void not_let_in(std::string_view reason) { metrics_.gateway().auth_failures.add(reason); }
  // … because of who it seems to come from. `why` is of a closed set, so that the log makes one line of a
  // storm; `shown` is what did not pass, never a credential.
  void kept_out(observe::Level level, std::string_view event, std::string_view why, std::string_view shown) {
    log_.event(level, event, why, {{observe::Key::shown, shown}});
  }

 private:
  struct Handles {
    observe::OperationMetrics* operation;
    observe::ServerMetrics const* server;  // null when no server was involved
  };
  Handles handles_of(core::Call const& call);
  observe::Metrics& metrics_;
  observe::Log& log_;
  base::Clock const& clock_;
  bool access_lines_;
  std::string key_;
  std::unordered_map<std::string, Handles> handles_;
};

}  // namespace weir::edge
