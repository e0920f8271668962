// LineFramer: cuts a child's stdout into lines, bounded, and watches for output that is no message
// (P052).
//
// One per child; one thread. Memory: at most line_bytes_max (default 10 MiB) plus what is fed. A longer line
// is skipped and reported once with the id it seems to answer, so that one call fails and the child lives.
// Blank lines are skipped; a trailing CR is dropped. What is not a message is told to noise();
// noise_lines_max such lines in a row mean that this is no MCP server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::upstream {

class LineFramer {
 public:
  struct Limits {
    std::size_t line_bytes_max = 10 * 1024 * 1024;  // without the newline
    std::size_t noise_lines_max = 1000;             // in a row, without a message between them
    bool of_client = false;  // who writes the lines asks, and is answered by the id of a request too
  };
  struct Line {
    std::string text;
    bool too_long = false;  // text is empty
    std::optional<std::uint64_t>
        reply_to;  // too_long only: the id it carried first or last, if it could be seen
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

// The id of a JSON-RPC response of which only both ends are known: `{"jsonrpc":"2.0","id":7,…` or
// `…,"id":7}`; of a request too, if those are meant. None: it cannot be seen, or is a request's.
std::optional<std::uint64_t> reply_id_at_ends(std::string_view head, std::string_view tail,
                                              bool requests_too = false);

}  // namespace weir::upstream
