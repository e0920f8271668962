// TraceContext: the W3C trace context of a call (traceparent header or `_meta`), read, continued and written.
//
// A value; no I/O. Malformed input is ignored, never refused (P119): it reads as no context. Unknown versions
// are read as version 00 where their first part allows it; ff and all-zero ids are malformed. What is written
// is version 00. `tracestate` is relayed untouched by whoever holds the headers. Source: W3C Trace Context,
// section 3.2.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"

namespace weir::observe {

class TraceContext {
 public:
  static constexpr std::size_t kTextBytes = 55;

  static std::optional<TraceContext> parse(std::string_view traceparent) noexcept;
  static TraceContext start(base::Random& random, bool sampled);  // a new trace
  TraceContext child(base::Random& random) const;                 // same trace and flag, new span

  std::string_view trace_id() const noexcept {
    return {trace_id_.data(), trace_id_.size()};
  }  // lower-case hex
  std::string_view span_id() const noexcept { return {span_id_.data(), span_id_.size()}; }
  bool sampled() const noexcept { return sampled_; }
  std::string format() const;

  friend bool operator==(TraceContext const&, TraceContext const&) = default;

 private:
  std::array<char, 32> trace_id_{};
  std::array<char, 16> span_id_{};
  bool sampled_ = false;  // the one flag that version 00 knows
};

}  // namespace weir::observe
