// LineFramer: cuts a child's stdout into lines, bounded, and watches for output that is no message
// (P052).
//
// One per child; one thread. Memory: at most line_bytes_max (default 10 MiB) plus what is fed. A longer line
// is skipped and reported once with what its ends show of it, so that one call fails and the child lives.
// Blank lines are skipped; a trailing CR is dropped. What is not a message is told to noise();
// noise_lines_max such lines in a row mean that this is no MCP server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::upstream {

// What both ends of a JSON-RPC message show of it, however it is spaced.
struct MessageEnds {
  enum class Kind : std::uint8_t { unseen, request, answer };  // a notification is a request without an id
  Kind kind = Kind::unseen;
  std::string id;  // the token of a number or string, as it was written; "": it cannot be seen
};

class LineFramer {
 public:
  struct Limits {
    std::size_t line_bytes_max = 10 * 1024 * 1024;  // without the newline
    std::size_t noise_lines_max = 1000;             // in a row, without a message between them
    bool of_client = false;  // who writes the lines asks: reply_to is the id of a request
  };
  struct Line {
    std::string text;
    bool too_long = false;                  // text is empty
    std::optional<std::uint64_t> reply_to;  // too_long only: the number of the request that it answers
    MessageEnds ends;                       // too_long only
  };

  explicit LineFramer(Limits limits) noexcept : limits_(limits) {}

  // Takes from the front of `chunk` up to and including one newline. Nothing: the chunk is used up, no line
  // is complete.
  std::optional<Line> take(std::string_view& chunk);

  void message() noexcept { noise_in_a_row_ = 0; }
  [[nodiscard]] bool noise() noexcept;  // false: too much of it, end this child
  std::uint64_t noise_lines() const noexcept { return noise_lines_; }

 private:
  void keep(std::string_view bytes);

  Limits limits_;
  std::string partial_;
  std::string head_;  // of a line that is too long: its first bytes …
  std::string tail_;  // … and its last
  bool skipping_ = false;
  std::size_t noise_in_a_row_ = 0;
  std::uint64_t noise_lines_ = 0;
};

// Only members of the message itself count: of `head` those before the first that does not end in it, of
// `tail` the last ones that are numbers or strings.
MessageEnds ends_of_message(std::string_view head, std::string_view tail);

// The id of a response with a number of ours. None: it cannot be seen, or it is no response.
std::optional<std::uint64_t> reply_id_at_ends(std::string_view head, std::string_view tail);

}  // namespace weir::upstream
