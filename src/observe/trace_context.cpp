#include "observe/trace_context.hpp"

#include <algorithm>

namespace weir::observe {
namespace {

constexpr char kHex[] = "0123456789abcdef";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool all_hex(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return hex_value(c) >= 0; });
}

bool all_zero(std::string_view text) noexcept {
  return text.find_first_not_of('0') == std::string_view::npos;
}

template <std::size_t N>
void fill_id(std::array<char, N>& id, base::Random& random) {
  std::array<unsigned char, N / 2> bytes{};
  do {
    random.fill(bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      id[2 * i] = kHex[bytes[i] >> 4];
      id[2 * i + 1] = kHex[bytes[i] & 15U];
    }
  } while (all_zero({id.data(), N}));
}

}  // namespace

// version "-" trace-id "-" parent-id "-" flags; a later version may go on behind another "-".
std::optional<TraceContext> TraceContext::parse(std::string_view traceparent) noexcept {
  if (traceparent.size() < kTextBytes) return std::nullopt;
  std::string_view const version = traceparent.substr(0, 2);
  std::string_view const trace = traceparent.substr(3, 32);
  std::string_view const span = traceparent.substr(36, 16);
  std::string_view const flags = traceparent.substr(53, 2);
  if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return std::nullopt;
  if (!all_hex(version) || !all_hex(trace) || !all_hex(span) || !all_hex(flags)) return std::nullopt;
  if (version == "ff" || all_zero(trace) || all_zero(span)) return std::nullopt;
  bool const longer = traceparent.size() > kTextBytes;
  if (longer && (version == "00" || traceparent[kTextBytes] != '-')) return std::nullopt;
  TraceContext context;
  std::copy(trace.begin(), trace.end(), context.trace_id_.begin());
  std::copy(span.begin(), span.end(), context.span_id_.begin());
  context.sampled_ = (hex_value(flags[1]) & 1) != 0;
  return context;
}

TraceContext TraceContext::start(base::Random& random, bool sampled) {
  TraceContext context;
  fill_id(context.trace_id_, random);
  fill_id(context.span_id_, random);
  context.sampled_ = sampled;
  return context;
}

TraceContext TraceContext::child(base::Random& random) const {
  TraceContext context = *this;
  fill_id(context.span_id_, random);
  return context;
}

std::string TraceContext::format() const {
  std::string text = "00-";
  text.append(trace_id()).append("-").append(span_id()).append(sampled() ? "-01" : "-00");
  return text;
}

}  // namespace weir::observe
