#include "upstream/note_relay.hpp"

#include <array>
#include <charconv>
#include <string_view>

namespace weir::upstream {
namespace {

constexpr std::array<std::string_view, 8> kLevels{"debug", "info",     "notice", "warning",
                                                  "error", "critical", "alert",  "emergency"};

int severity_of(std::string_view level) noexcept {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == level) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

NoteRelay::NoteRelay(core::Call const& call) : token_(call.request.raw(mcp::Field::meta_progress_token)) {
  std::string scratch;
  log_floor_ = call.modern() ? severity_of(call.request.text(mcp::Field::meta_log_level, scratch)) : 0;
}

std::optional<std::string> NoteRelay::progress(mcp::Message const& note) {
  if (token_.empty() || !note.is(mcp::Field::progress, mcp::JsonKind::number)) return std::nullopt;
  auto const number = note.raw(mcp::Field::progress);
  double value = 0;
  auto const parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec != std::errc{} || (progress_ && value <= *progress_)) return std::nullopt;
  progress_ = value;
  mcp::Splice edits(note.bytes());
  edits.replace(note.span(mcp::Field::progress_token), token_);
  std::string out;
  edits.append_to(out);
  return out;
}

std::optional<std::string> NoteRelay::log(mcp::Message const& note) {
  std::string scratch;
  if (!wants_log() || severity_of(note.text(mcp::Field::level, scratch)) < log_floor_) return std::nullopt;
  return note.bytes();
}

}  // namespace weir::upstream
