// MetricRegistry: the series of prometheus-cpp behind the table of metrics, capped per metric.
//
// Owned by Metrics; any thread. Resolving a series takes a lock; what it returns lives as long as the
// registry.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "observe/metric_table.hpp"

namespace weir::observe {

class MetricRegistry {
 public:
  using LabelValues = std::initializer_list<std::string_view>;  // in the order of the table
  static constexpr std::size_t kLabelBytesMax = 128;  // longer or unprintable values count as `_other`

  MetricRegistry(std::vector<std::string> protocol_versions, std::size_t series_max);

  prometheus::Counter& counter(Metric metric, LabelValues values);
  prometheus::Gauge& gauge(Metric metric, LabelValues values);
  prometheus::Histogram& histogram(Metric metric, LabelValues values);

  // Index of a known protocol version; one past the last for any other.
  std::size_t version_index(std::string_view version) const noexcept;
  std::string_view version_at(std::size_t index) const noexcept;

  std::size_t series_max() const noexcept { return series_max_; }
  std::string render() const;

 private:
  template <class Cell>
  using Family = prometheus::Family<Cell>*;
  using AnyFamily =
      std::variant<Family<prometheus::Counter>, Family<prometheus::Gauge>, Family<prometheus::Histogram>>;

  template <class Cell, class... Args>
  Cell& resolve(Metric metric, LabelValues values, Args const&... args);

  std::vector<std::string> const versions_;
  std::size_t const series_max_;
  prometheus::Registry registry_;
  std::array<AnyFamily, kMetricCount> families_;
  std::mutex lock_;
  std::array<std::size_t, kMetricCount> series_{};
  prometheus::Counter* dropped_ = nullptr;
};

}  // namespace weir::observe
