#include "observe/operation_metrics.hpp"

#include <algorithm>

#include "base/result.hpp"
#include "observe/internal/metric_registry.hpp"

namespace weir::observe {
namespace {

constexpr std::size_t kFaults = static_cast<std::size_t>(base::Fault::internal) + 1;
constexpr std::size_t kErrorTypes = kFaults + 5;  // none, the three of the header, `_other`

std::array<std::string_view, kErrorTypes> const& error_types() noexcept {
  static auto const types = [] {
    std::array<std::string_view, kErrorTypes> all{"", kToolError, kRpcError, kCancelled};
    for (std::size_t i = 0; i < kFaults; ++i) all[4 + i] = base::name_of(static_cast<base::Fault>(i));
    all.back() = kOther;
    return all;
  }();
  return types;
}

std::size_t error_index(std::string_view type) noexcept {
  if (type.empty()) return 0;
  auto const& types = error_types();
  auto const found = std::find(types.begin(), types.end() - 1, type);
  return static_cast<std::size_t>(found - types.begin());
}

}  // namespace

// Durations of one protocol version and transport, by error type.
struct OperationMetrics::ErrorRow {
  std::array<std::atomic<prometheus::Histogram*>, kErrorTypes> cells{};
};

OperationMetrics::OperationMetrics(MetricRegistry& registry, std::string_view server, std::string_view method,
                                   std::string_view tool)
    : registry_(registry), server_(server), method_(method), tool_(tool) {}

OperationMetrics::~OperationMetrics() {
  for (Side* const side : {&served_, &called_})
    for (auto& row : *side) delete row.load();
}

void OperationMetrics::count(Outcome outcome) noexcept {
  auto const index = static_cast<std::size_t>(outcome);
  prometheus::Counter* counter = requests_[index].load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &registry_.counter(Metric::requests, {method_, server_, tool_, kOutcomes[index]});
    requests_[index].store(counter, std::memory_order_release);
  }
  counter->Increment();
}

void OperationMetrics::served(double seconds, std::string_view version, Transport transport,
                              std::string_view error_type) noexcept {
  cell(served_, Metric::server_operation_duration, version, transport, error_type).Observe(seconds);
}

void OperationMetrics::called(double seconds, std::string_view version, Transport transport,
                              std::string_view error_type) noexcept {
  cell(called_, Metric::client_operation_duration, version, transport, error_type).Observe(seconds);
}

void OperationMetrics::create_at_zero(std::string_view version) noexcept {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i)
    requests_[i] = &registry_.counter(Metric::requests, {method_, server_, tool_, kOutcomes[i]});
  cell(served_, Metric::server_operation_duration, version, Transport::tcp, {});
  cell(called_, Metric::client_operation_duration, version, Transport::tcp, {});
}

prometheus::Histogram& OperationMetrics::cell(Side& side, Metric metric, std::string_view version,
                                              Transport transport, std::string_view error_type) noexcept {
  std::size_t const v = registry_.version_index(version);
  auto& slot = side[std::min(v, kVersions - 1) * 2 + static_cast<std::size_t>(transport)];
  ErrorRow* row = slot.load(std::memory_order_acquire);
  if (row == nullptr) {
    auto fresh = std::make_unique<ErrorRow>();
    if (slot.compare_exchange_strong(row, fresh.get(), std::memory_order_acq_rel)) row = fresh.release();
  }
  std::size_t const e = error_index(error_type);
  prometheus::Histogram* histogram = row->cells[e].load(std::memory_order_acquire);
  if (histogram == nullptr) {
    histogram =
        &registry_.histogram(metric, {method_, tool_, server_, error_types()[e], registry_.version_at(v),
                                      transport == Transport::tcp ? "tcp" : "pipe"});
    row->cells[e].store(histogram, std::memory_order_release);
  }
  return *histogram;
}

}  // namespace weir::observe
