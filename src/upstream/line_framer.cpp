#include "upstream/line_framer.hpp"

#include <charconv>
#include <utility>

#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::upstream {
namespace {

constexpr std::size_t kEndBytes = 128;

constexpr std::string_view kBlanks = " \t\r\n";

void drop_last_blanks(std::string_view& text) {
  auto const last = text.find_last_not_of(kBlanks);
  text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool drop_last(std::string_view& text, char wanted) {
  drop_last_blanks(text);
  if (!text.ends_with(wanted)) return false;
  text.remove_suffix(1);
  return true;
}

// The string or number that `text` ends with. Going backwards from its closing quote, a string begins at the
// first quote that is not escaped: that is sure, as long as `text` ends outside of strings.
std::string_view take_last_token(std::string_view& text) {
  drop_last_blanks(text);
  std::size_t begin = text.size();
  if (text.ends_with('"')) {
    for (bool open = true; open;) {
      begin =
          begin < 2 ? std::string_view::npos : text.rfind('"', begin == text.size() ? begin - 2 : begin - 1);
      if (begin == std::string_view::npos) return {};
      std::size_t slashes = 0;
      while (slashes < begin && text[begin - 1 - slashes] == '\\') ++slashes;
      open = slashes % 2 != 0;
    }
  } else {
    begin = text.find_last_not_of("+-.0123456789eE") + 1;  // npos: 0
  }
  auto const token = text.substr(begin);
  text.remove_suffix(token.size());
  return token;
}

// `token` if it can be an id: one whole number or string, and UTF-8.
std::string id_of(std::string_view token) {
  mcp::JsonCursor cursor(token);
  mcp::JsonValue value;
  if (!cursor.read_value(value) || !cursor.finish() || !mcp::is_utf8(token)) return {};
  bool const fits = value.kind == mcp::JsonKind::number || value.kind == mcp::JsonKind::string;
  return fits ? std::string(token) : std::string();
}

// Which kind of message has a member of that name.
MessageEnds::Kind kind_by(std::string_view name) {
  if (name == "method" || name == "params") return MessageEnds::Kind::request;
  if (name == "result" || name == "error") return MessageEnds::Kind::answer;
  return MessageEnds::Kind::unseen;
}

void read_head(std::string_view head, MessageEnds& ends) {
  mcp::JsonCursor cursor(head);
  mcp::JsonKind kind{};
  mcp::JsonValue key, value;
  if (!cursor.peek(kind) || kind != mcp::JsonKind::object || !cursor.enter_object()) return;
  while (cursor.next_member(key)) {
    auto const name = key.inner(head);
    if (ends.kind == MessageEnds::Kind::unseen) ends.kind = kind_by(name);
    if (!cursor.read_value(value) || value.span.end == head.size()) return;  // it may go on
    if (name == "id") ends.id = id_of(value.span.of(head));
  }
}

// The last bracket closes the message itself, so members directly before it are the message's own.
void read_tail(std::string_view tail, MessageEnds& ends) {
  if (!drop_last(tail, '}')) return;
  for (;;) {
    auto const value = take_last_token(tail);
    if (value.empty() || !drop_last(tail, ':')) return;
    auto const key = take_last_token(tail);
    if (key.size() < 2 || !drop_last(tail, ',')) return;
    auto const name = key.substr(1, key.size() - 2);
    if (ends.kind == MessageEnds::Kind::unseen) ends.kind = kind_by(name);
    if (name == "id" && ends.id.empty()) ends.id = id_of(value);
  }
}

std::optional<std::uint64_t> number_of(MessageEnds const& ends, MessageEnds::Kind kind) {
  std::uint64_t value = 0;
  auto const* const last = ends.id.data() + ends.id.size();
  auto const parsed = std::from_chars(ends.id.data(), last, value);
  bool const whole = !ends.id.empty() && parsed.ec == std::errc{} && parsed.ptr == last;
  return ends.kind == kind && whole ? std::optional(value) : std::nullopt;
}

}  // namespace

MessageEnds ends_of_message(std::string_view head, std::string_view tail) {
  MessageEnds ends;
  read_head(head, ends);
  read_tail(tail, ends);
  return ends;
}

std::optional<std::uint64_t> reply_id_at_ends(std::string_view head, std::string_view tail) {
  return number_of(ends_of_message(head, tail), MessageEnds::Kind::answer);
}

void LineFramer::keep(std::string_view bytes) {
  if (!skipping_ && partial_.size() + bytes.size() <= limits_.line_bytes_max) {
    partial_.append(bytes);
    return;
  }
  if (!skipping_) {
    skipping_ = true;
    head_.assign(partial_, 0, kEndBytes);
    if (head_.size() < kEndBytes) head_.append(bytes.substr(0, kEndBytes - head_.size()));
    tail_.assign(partial_, partial_.size() - std::min(partial_.size(), kEndBytes));
    partial_ = {};
  }
  tail_.append(bytes.substr(bytes.size() - std::min(bytes.size(), kEndBytes)));
  if (tail_.size() > kEndBytes) tail_.erase(0, tail_.size() - kEndBytes);
}

std::optional<LineFramer::Line> LineFramer::take(std::string_view& chunk) {
  while (!chunk.empty()) {
    auto const newline = chunk.find('\n');
    bool const complete = newline != std::string_view::npos;
    keep(chunk.substr(0, newline));
    chunk.remove_prefix(complete ? newline + 1 : chunk.size());
    if (!complete) return std::nullopt;
    if (skipping_) {
      skipping_ = false;
      auto ends = ends_of_message(head_, tail_);
      auto const answered =
          number_of(ends, limits_.of_client ? MessageEnds::Kind::request : MessageEnds::Kind::answer);
      return Line{{}, true, answered, std::move(ends)};
    }
    std::string line = std::move(partial_);
    partial_ = {};
    if (line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) return Line{std::move(line), false, {}, {}};
  }
  return std::nullopt;
}

bool LineFramer::noise() noexcept {
  ++noise_lines_;
  return ++noise_in_a_row_ <= limits_.noise_lines_max;
}

}  // namespace weir::upstream
