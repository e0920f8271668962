#include "net/sse.hpp"

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::net {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::uint8_t kMarkDone = 3;
constexpr std::size_t kIdBytesMax = 1024;    // a longer id is ignored: it would be held for the stream's life
constexpr std::size_t kKeptCapacity = 1024;  // memory a quiet stream may keep per string
constexpr std::size_t kLineHeadBytes = std::string_view("data: ").size() + SseParser::kEndBytes;

// One pass for both bytes: two searches would read a stream of CR lines again and again.
std::size_t find_line_end(std::string_view text) noexcept {
  std::size_t at = 0;
#if defined(__SSE2__)
  __m128i const cr = _mm_set1_epi8('\r');
  __m128i const lf = _mm_set1_epi8('\n');
  for (; at + 16 <= text.size(); at += 16) {
    __m128i const bytes = _mm_loadu_si128(reinterpret_cast<__m128i const*>(text.data() + at));
    __m128i const hits = _mm_or_si128(_mm_cmpeq_epi8(bytes, cr), _mm_cmpeq_epi8(bytes, lf));
    auto const mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return at + static_cast<std::size_t>(__builtin_ctz(mask));
  }
#endif
  while (at < text.size() && text[at] != '\r' && text[at] != '\n') ++at;
  return at;
}

void empty(std::string& text) {
  if (text.capacity() > kKeptCapacity) {
    std::string{}.swap(text);
  } else {
    text.clear();
  }
}

void append_up_to(std::size_t most, std::string& text, std::string_view more) {
  text.append(more.substr(0, most - std::min(most, text.size())));
}

void keep_last(std::size_t most, std::string& text, std::string_view more) {
  text.append(more.substr(more.size() - std::min(more.size(), most)));
  if (text.size() > most) text.erase(0, text.size() - most);
}

struct NamedField {
  std::string_view name;
  std::string_view value;
};

NamedField field_of(std::string_view line) {
  std::size_t const colon = line.find(':');
  NamedField field{line.substr(0, colon),
                   line.substr(colon == std::string_view::npos ? line.size() : colon + 1)};
  if (field.value.starts_with(' ')) field.value.remove_prefix(1);
  return field;
}

}  // namespace

SseParser::Step SseParser::next(std::string_view input, SseEvent& event) {
  if (given_) forget_event();
  std::size_t at = skip_mark(input);
  while (at < input.size()) {
    if (skip_lf_) {
      skip_lf_ = false;
      if (input[at] == '\n') {
        ++at;
        continue;
      }
    }
    std::string_view line = input.substr(at, find_line_end(input.substr(at)));
    if (!skipped_ && carry_.size() + line.size() + data_.size() + type_.size() > event_bytes_max_) {
      begin_skipping();
      return {State::too_large, at};
    }
    at += line.size();
    bool const carried = !carry_.empty();
    if (skipped_) {
      skim(line);
    } else if (carried || at == input.size()) {
      carry_.append(line);
    }
    if (at == input.size()) break;
    if (carried) line = carry_;
    skip_lf_ = input[at++] == '\r';
    bool const skips = skipped_ != nullptr;
    if (skips ? end_skimmed_line() : take_line(line, carried, event)) {
      if (skip_lf_ && at < input.size()) {
        at += input[at] == '\n' ? 1 : 0;
        skip_lf_ = false;
      }
      if (skips) event = {shown_type(), {}, last_id_};
      return {skips ? State::skipped : State::event, at};
    }
    empty(carry_);
  }
  keep();
  return {State::need_more, at};
}

// What has been read of the event is reduced to its ends.
void SseParser::begin_skipping() {
  skipped_ = std::make_unique<Skipped>();
  append_up_to(kEndBytes, skipped_->head, data_);
  keep_last(kEndBytes, skipped_->tail, data_);
  skim(carry_);
  empty(carry_);
  empty(held_);
  data_ = {};
  is_held_ = false;
}

void SseParser::skim(std::string_view part) {
  append_up_to(kLineHeadBytes, skipped_->line_head, part);
  keep_last(kEndBytes, skipped_->line_tail, part);
}

// As take_line(), of a line of which only both ends are known.
bool SseParser::end_skimmed_line() {
  auto& ends = *skipped_;
  if (ends.line_head.empty()) {
    last_id_ = id_;
    given_ = has_data_;
    if (!given_) forget_event();
    return given_;
  }
  bool const whole = ends.line_head.size() < kLineHeadBytes;  // else it may have gone on
  auto const [name, value] = field_of(ends.line_head);
  if (name == "data") {
    if (has_data_) append_up_to(kEndBytes, ends.head, "\n");
    if (has_data_) keep_last(kEndBytes, ends.tail, "\n");
    append_up_to(kEndBytes, ends.head, value);
    keep_last(kEndBytes, ends.tail, whole ? value : std::string_view(ends.line_tail));
    has_data_ = true;
  } else if (whole) {
    take_field(name, value);
  }
  ends.line_head.clear();
  ends.line_tail.clear();
  return false;
}

SseParser::Ends SseParser::ends() const noexcept {
  return skipped_ ? Ends{skipped_->head, skipped_->tail} : Ends{};
}

// The stream may begin with a byte order mark, which may be spread over inputs.
std::size_t SseParser::skip_mark(std::string_view input) {
  std::size_t at = 0;
  while (mark_bytes_ < kMarkDone && at < input.size()) {
    if (input[at] != kByteOrderMark[mark_bytes_]) {
      carry_.append(kByteOrderMark.substr(0, mark_bytes_));
      mark_bytes_ = kMarkDone;
    } else {
      ++mark_bytes_;
      ++at;
    }
  }
  return at;
}

bool SseParser::take_line(std::string_view line, bool carried, SseEvent& event) {
  if (line.empty()) {
    last_id_ = id_;
    if (!has_data_) {
      type_.clear();
      return false;
    }
    event = {shown_type(), data_, last_id_};
    given_ = true;
    return true;
  }
  auto const [name, value] = field_of(line);
  if (name == "data") {
    take_data(value, carried);
  } else {
    take_field(name, value);
  }
  return false;
}

// Any but data.
void SseParser::take_field(std::string_view name, std::string_view value) {
  if (name == "event") {
    type_ = value;
  } else if (name == "id") {
    if (value.size() <= kIdBytesMax && value.find('\0') == std::string_view::npos) id_ = value;
  } else if (name == "retry") {
    std::uint32_t milliseconds = 0;
    auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    if (error == std::errc{} && end == value.data() + value.size()) retry_ms_ = milliseconds;
  }
}

void SseParser::take_data(std::string_view value, bool carried) {
  if (!has_data_ && !carried) {
    data_ = value;
  } else if (!has_data_) {
    std::size_t const begin = static_cast<std::size_t>(value.data() - carry_.data());
    held_.swap(carry_);  // a long line arrived in pieces: keep it where it is
    data_ = std::string_view{held_}.substr(begin);
    is_held_ = true;
  } else {
    keep();
    std::size_t const begin = static_cast<std::size_t>(data_.data() - held_.data());
    held_.append(1, '\n').append(value);
    data_ = std::string_view{held_}.substr(begin);
  }
  has_data_ = true;
}

// Data that is a view into an input must be copied before that input goes.
void SseParser::keep() {
  if (!has_data_ || is_held_) return;
  held_.assign(data_);
  data_ = held_;
  is_held_ = true;
}

void SseParser::forget_event() {
  empty(held_);
  empty(type_);
  skipped_.reset();
  data_ = {};
  has_data_ = is_held_ = given_ = false;
}

std::size_t SseParser::held_bytes() const noexcept {
  return carry_.capacity() + held_.capacity() + type_.capacity() + id_.capacity() + last_id_.capacity() +
         (skipped_ ? sizeof(Skipped) + 4 * kLineHeadBytes : 0);
}

bool has_line_break(std::string_view text) noexcept { return find_line_end(text) != text.size(); }

void append_sse_message(std::string& out, std::string_view json) {
  out += kSsePrefix;
  while (true) {
    std::size_t const end = find_line_end(json);
    out += json.substr(0, end);
    if (end == json.size()) break;
    out += ' ';
    json.remove_prefix(end + 1);
  }
  out += kSseEnd;
}

void append_sse_event(std::string& out, std::string_view type, std::string_view data) {
  WEIR_ASSERT(!has_line_break(type));
  out.append("event: ").append(type);
  while (true) {
    std::size_t const end = find_line_end(data);
    out.append("\ndata: ").append(data.substr(0, end));
    if (end == data.size()) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  out += kSseEnd;
}

bool append_sse_id(std::string& out, std::string_view id) {
  if (has_line_break(id) || id.find('\0') != std::string_view::npos) return false;
  out.append("id: ").append(id).append(1, '\n');
  return true;
}

void append_sse_retry(std::string& out, std::uint32_t milliseconds) {
  out.append("retry: ").append(std::to_string(milliseconds)).append(1, '\n');
}

}  // namespace weir::net
