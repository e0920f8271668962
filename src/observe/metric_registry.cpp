#include "observe/internal/metric_registry.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>

#include "base/assert.hpp"
#include "observe/internal/utf8.hpp"

namespace weir::observe {
namespace {

// Labels whose values come from outside; the others are closed sets in the code.
bool is_open(std::string_view label) noexcept {
  constexpr std::array<std::string_view, 5> kOpen{"server", "tool", "gen_ai_tool_name", "method",
                                                  "mcp_method_name"};
  return std::find(kOpen.begin(), kOpen.end(), label) != kOpen.end();
}

bool is_printable(std::string_view text) noexcept {
  while (!text.empty()) {
    CodePoint const c = first_code_point(text);
    if (c.bytes == 0 || is_unsafe(c.value)) return false;
    text.remove_prefix(c.bytes);
  }
  return true;
}

prometheus::Labels labels_of(MetricSpec const& spec, MetricRegistry::LabelValues values) {
  WEIR_ASSERT(values.size() == spec.labels.size());
  prometheus::Labels labels;
  auto value = values.begin();
  for (std::string_view const label : spec.labels) {
    bool const usable = value->size() <= MetricRegistry::kLabelBytesMax && is_printable(*value);
    labels.emplace(label, usable ? *value : kOther);
    ++value;
  }
  return labels;
}

template <class Builder>
auto* add_family(Builder builder, MetricSpec const& spec, prometheus::Registry& registry) {
  return &builder.Name(std::string(spec.name)).Help(std::string(spec.help)).Register(registry);
}

}  // namespace

MetricRegistry::MetricRegistry(std::vector<std::string> protocol_versions, std::size_t series_max)
    : versions_(std::move(protocol_versions)), series_max_(series_max) {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    MetricSpec const& spec = metric_table()[i];
    switch (spec.type) {
      case MetricType::counter: families_[i] = add_family(prometheus::BuildCounter(), spec, registry_); break;
      case MetricType::gauge: families_[i] = add_family(prometheus::BuildGauge(), spec, registry_); break;
      case MetricType::histogram:
        families_[i] = add_family(prometheus::BuildHistogram(), spec, registry_);
        break;
    }
  }
  dropped_ = &counter(Metric::metrics_dropped_series, {});
}

template <class Cell, class... Args>
Cell& MetricRegistry::resolve(Metric metric, LabelValues values, Args const&... args) {
  auto const index = static_cast<std::size_t>(metric);
  auto& family = *std::get<Family<Cell>>(families_[index]);
  prometheus::Labels labels = labels_of(spec_of(metric), values);
  std::lock_guard const guard(lock_);
  if (!family.Has(labels) && ++series_[index] > series_max_) {
    dropped_->Increment();
    for (auto& [label, value] : labels)
      if (is_open(label)) value = kOther;
  }
  return family.Add(labels, args...);
}

prometheus::Counter& MetricRegistry::counter(Metric metric, LabelValues values) {
  return resolve<prometheus::Counter>(metric, values);
}

prometheus::Gauge& MetricRegistry::gauge(Metric metric, LabelValues values) {
  return resolve<prometheus::Gauge>(metric, values);
}

prometheus::Histogram& MetricRegistry::histogram(Metric metric, LabelValues values) {
  return resolve<prometheus::Histogram>(
      metric, values,
      prometheus::Histogram::BucketBoundaries(kSecondsBuckets.begin(), kSecondsBuckets.end()));
}

std::size_t MetricRegistry::version_index(std::string_view version) const noexcept {
  for (std::size_t i = versions_.size(); i-- > 0;) {  // the newest, which is asked for most, is the last
    if (versions_[i] == version) return i;
  }
  return versions_.size();
}

std::string_view MetricRegistry::version_at(std::size_t index) const noexcept {
  return index < versions_.size() ? std::string_view(versions_[index]) : kOther;
}

std::string MetricRegistry::render() const {
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace weir::observe
