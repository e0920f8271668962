// Server-sent events (WHATWG HTML 9.2): an incremental parser and the text of the events Weir writes.
//
// One parser per stream, on that stream's thread. An event whose bytes lie in one input is reported as views
// into that input; one that is spread over inputs is gathered in the parser, at most `event_bytes_max` bytes,
// and that memory is given back once the event was taken. A longer one is reported once as too_large; whoever
// goes on gets past it, and at its end what it began and ended with, in a few hundred bytes. Lines end in CR,
// LF or CRLF. Comments and unknown fields vanish.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weir::net {

struct SseEvent {
  std::string_view type;  // "message" when the stream named none
  std::string_view data;  // lines joined by LF; may be empty
  std::string_view id;    // last event id as of this event; "" when none
};

class SseParser {
 public:
  explicit SseParser(std::size_t event_bytes_max) noexcept : event_bytes_max_(event_bytes_max) {}

  enum class State {
    need_more,
    event,
    too_large,  // the event that is being read; what follows of it is passed over
    skipped,    // that event has ended, and had data: `event` has its type, ends() the rest that is known
  };
  struct Ends {  // of the data of an event that was passed over; they may overlap
    std::string_view head;
    std::string_view tail;
  };
  static constexpr std::size_t kEndBytes = 128;  // of each

  struct Step {
    State state = State::need_more;
    std::size_t consumed = 0;  // drop this many bytes of the input, once the event is no longer needed
  };

  // Call with the unconsumed bytes until it says need_more, which consumes all input. The views of `event`
  // hold until the next call and while the input lives. What is unfinished when the stream ends is no event.
  // An id that stands in what is passed over counts if its line is no longer than kEndBytes.
  Step next(std::string_view input, SseEvent& event);

  Ends ends() const noexcept;  // after `skipped`, until the next call

  std::string_view last_event_id() const noexcept { return last_id_; }  // also set by events without data
  std::optional<std::uint32_t> retry_ms() const noexcept { return retry_ms_; }  // last valid retry field

  // Memory kept besides the object itself; at most a few KiB between events.
  std::size_t held_bytes() const noexcept;

 private:
  bool take_line(std::string_view line, bool carried, SseEvent& event);  // true: `event` is complete
  void take_data(std::string_view value, bool carried);
  void take_field(std::string_view name, std::string_view value);
  std::string_view shown_type() const noexcept { return type_.empty() ? std::string_view("message") : type_; }
  void begin_skipping();
  void skim(std::string_view part);
  bool end_skimmed_line();  // true: so has the event
  std::size_t skip_mark(std::string_view input);
  void keep();
  void forget_event();

  std::size_t event_bytes_max_;
  std::string carry_;  // an unfinished line of earlier inputs
  std::string held_;   // data of this event that had to be copied
  std::string type_;
  std::string id_;         // of the event being read
  std::string last_id_;    // of the last event that ended
  std::string_view data_;  // data so far: into held_ or the current input
  std::optional<std::uint32_t> retry_ms_;
  std::uint8_t mark_bytes_ = 0;  // bytes of the byte order mark seen; 3 when past it
  bool has_data_ = false;
  bool is_held_ = false;  // data_ points into held_
  bool skip_lf_ = false;  // the last line ended in CR: an LF right after belongs to it
  bool given_ = false;    // the last call gave an event, or the ends of one

  struct Skipped {                     // the event that is passed over
    std::string head, tail;            // of its data, …
    std::string line_head, line_tail;  // … and of its line that is being read
  };
  std::unique_ptr<Skipped> skipped_;  // null: none
};

// A stream of JSON messages is written as kSsePrefix, one-line JSON, kSseEnd.
inline constexpr std::string_view kSsePrefix = "event: message\ndata: ";
inline constexpr std::string_view kSseEnd = "\n\n";
inline constexpr std::string_view kSseKeepAlive = ":\n\n";

bool has_line_break(
    std::string_view text) noexcept;  // CR or LF: such JSON must go through append_sse_message
// Line breaks between JSON tokens become spaces, so that the event stays one line.
void append_sse_message(std::string& out, std::string_view json);
// Any type; data of several lines becomes several data fields. `type` must hold no line break.
void append_sse_event(std::string& out, std::string_view type, std::string_view data);
// "id: …\n", to be followed by an event. False, and nothing appended, when `id` holds CR, LF or NUL.
[[nodiscard]] bool append_sse_id(std::string& out, std::string_view id);
void append_sse_retry(std::string& out, std::uint32_t milliseconds);  // "retry: …\n"

}  // namespace weir::net
