// OperationMetrics: counts and durations of one method of one server, and of one tool where there is one.
//
// Made by Metrics when a catalogue is built and kept as long as it; any thread. After the first use of a
// combination of labels, counting takes no lock and no look-up. Label values are from closed sets; others are
// counted as `_other`.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "observe/metric_table.hpp"

namespace prometheus {
class Counter;
class Histogram;
}  // namespace prometheus

namespace weir::observe {

class MetricRegistry;

enum class Outcome { ok, tool_error, error, denied, limited, shed, cancelled };
enum class Transport { tcp, pipe };

// What an error may be called, apart from base::name_of(Fault): the tool's own failure, an error answer of
// the upstream, the caller's change of mind.
inline constexpr std::string_view kToolError = "tool_error";
inline constexpr std::string_view kRpcError = "rpc_error";
inline constexpr std::string_view kCancelled = "cancelled";

class OperationMetrics {
 public:
  OperationMetrics(MetricRegistry& registry, std::string_view server, std::string_view method,
                   std::string_view tool);
  ~OperationMetrics();
  OperationMetrics(OperationMetrics const&) = delete;
  OperationMetrics& operator=(OperationMetrics const&) = delete;

  // mcp_requests_total.
  void count(Outcome outcome) noexcept;

  // mcp_server_operation_duration_seconds: what the client felt. `version` is a protocol revision as on the
  // wire, `error_type` is empty on success.
  void served(double seconds, std::string_view version, Transport transport,
              std::string_view error_type = {}) noexcept;

  // mcp_client_operation_duration_seconds: what the upstream cost.
  void called(double seconds, std::string_view version, Transport transport,
              std::string_view error_type = {}) noexcept;

  // Makes the series of every outcome and of a success over tcp, so that they are seen before anything
  // happens.
  void create_at_zero(std::string_view version) noexcept;

 private:
  struct ErrorRow;
  static constexpr std::size_t kVersions = 8;  // the registry knows at most 7; the last is `_other`
  using Side = std::array<std::atomic<ErrorRow*>, kVersions * 2>;

  prometheus::Histogram& cell(Side& side, Metric metric, std::string_view version, Transport transport,
                              std::string_view error_type) noexcept;

  MetricRegistry& registry_;
  std::string const server_;
  std::string const method_;
  std::string const tool_;
  std::array<std::atomic<prometheus::Counter*>, 7> requests_{};
  Side served_{};
  Side called_{};
};

}  // namespace weir::observe
