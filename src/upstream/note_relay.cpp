#include "upstream/note_relay.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "core/hop_meta.hpp"
#include "mcp/log_level.hpp"

namespace weir::upstream {

NoteRelay::NoteRelay(core::Call const& call) : token_(call.request.raw(mcp::Field::meta_progress_token)) {
  keeps_task_ = !call.modern();
  std::string scratch;
  log_floor_ = call.modern()
                   ? mcp::severity_of(call.request.text(mcp::Field::meta_log_level, scratch)).value_or(-1)
                   : 0;
  if (!call.modern() && call.session) {
    log_floor_ = std::max(0, call.session->log_floor->load(std::memory_order_relaxed));
  }
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
  edits.erase_members(of_hop(note));
  std::string out;
  edits.append_to(out);
  return out;
}

std::optional<std::string> NoteRelay::log(mcp::Message const& note) {
  std::string scratch;
  auto const severity = mcp::severity_of(note.text(mcp::Field::level, scratch)).value_or(-1);
  if (!wants_log() || severity < log_floor_) return std::nullopt;
  mcp::Splice edits(note.bytes());
  edits.erase_members(of_hop(note));
  std::string out;
  edits.append_to(out);
  return out;
}

std::vector<mcp::Span> NoteRelay::of_hop(mcp::Message const& note) const {
  return core::hop_members(note, {.related_task = !keeps_task_});
}

}  // namespace weir::upstream
