// An event stream: read in pieces it gives the events that a plain reading of the whole by WHATWG HTML 9.2.6
// gives.
#include <memory>
#include <string>
#include <vector>

#include "fuzz/fuzz_text.hpp"
#include "net/sse.hpp"

namespace {

using namespace weir::net;
using weir::fuzz::require;

constexpr std::size_t kEventBytesMax = 512;  // above every input: limits are a matter of the tests

struct Event {
  std::string type;
  std::string data;
  std::string id;

  bool operator==(Event const&) const = default;
};

std::vector<std::string> finished_lines(std::string_view text) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' || text[i] == '\n') {
      lines.emplace_back();
      if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    } else {
      lines.back() += text[i];
    }
  }
  lines.pop_back();
  return lines;
}

std::vector<Event> read_plainly(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<Event> events;
  Event event;
  for (std::string const& line : finished_lines(text)) {
    if (line.empty()) {
      if (!event.data.empty()) {
        event.data.pop_back();
        if (event.type.empty()) event.type = "message";
        events.push_back(event);
      }
      event.data.clear();
      event.type.clear();
      continue;
    }
    std::size_t const colon = line.find(':');
    std::string const name = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (name == "data") event.data += value + '\n';
    if (name == "event") event.type = value;
    if (name == "id" && value.find('\0') == std::string::npos && value.size() <= 1024) event.id = value;
  }
  return events;
}

std::vector<Event> read_in_pieces(std::string_view text, weir::fuzz::Cuts cuts) {
  std::vector<Event> events;
  SseParser parser{kEventBytesMax};
  while (!text.empty()) {
    std::size_t const length = cuts.next(text.size());
    auto const own = std::make_unique<char[]>(length);  // dies with the piece, so that a stale view is seen
    text.copy(own.get(), length);
    std::string_view piece{own.get(), length};
    SseEvent event;
    while (true) {
      SseParser::Step const step = parser.next(piece, event);
      require(step.state != SseParser::State::too_large, "within the limit");
      require(step.consumed <= piece.size(), "consumes no more than there is");
      piece.remove_prefix(step.consumed);
      if (step.state == SseParser::State::need_more) break;
      events.push_back({std::string{event.type}, std::string{event.data}, std::string{event.id}});
    }
    require(piece.empty(), "need_more consumes all");
    text.remove_prefix(length);
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::uint8_t seed = 0;
  std::string_view text;
  if (size > kEventBytesMax || !weir::fuzz::split_input(data, size, seed, text)) return 0;
  std::vector<Event> const events = read_plainly(text);
  require(read_in_pieces(text, weir::fuzz::Cuts{seed}) == events, "the events of a plain reading");

  std::string out;
  for (Event const& event : events) {
    if (!append_sse_id(out, event.id)) require(false, "an id that was read can be written");
    append_sse_event(out, event.type, event.data);
  }
  require(read_plainly(out) == events, "written again they are the same events");
  SseParser tiny{16};
  SseEvent event;
  for (std::string_view left = text; tiny.next(left, event).state == SseParser::State::event;) {
    left.remove_prefix(left.size() / 2 + 1 < left.size() ? left.size() / 2 + 1 : left.size());
  }
  return 0;
}
