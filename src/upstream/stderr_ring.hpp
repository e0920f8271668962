// StderrRing: the last lines that a child wrote to stderr, for start-up tables, status and error texts.
//
// One per server, so that it survives restarts; one thread. At most kLinesMax lines of kLineBytesMax bytes
// (800 KiB); what is longer is cut, and masked before: of the line being written up to kOpenBytesMax bytes
// are known, so a secret of less than the difference is shown whole to the mask. A last line without newline
// counts. Lines come out as UTF-8 with control characters and bytes that are not UTF-8 escaped (\xHH): a
// child cannot move a person's cursor, forge log lines or break JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "observe/log_line.hpp"

namespace weir::upstream {

class StderrRing {
 public:
  static constexpr std::size_t kLinesMax = 200;
  static constexpr std::size_t kLineBytesMax = 4 * 1024;
  static constexpr std::size_t kOpenBytesMax = 64 * 1024;

  // `on_line` gets every line as it ends, escaped. What is kept and told has passed `mask`.
  explicit StderrRing(std::function<void(std::string const&)> on_line = {}, observe::Mask mask = {})
      : on_line_(std::move(on_line)), mask_(std::move(mask)) {}

  void append(std::string_view bytes);
  void end_line();                                    // the child is gone: its unfinished line is a line
  void clear();                                       // what was said no longer matters
  void begin_process() noexcept { begin_ = total_; }  // what comes now is of another one

  // Of the newest process, the line that says best why it ended: the newest that looks like an error, else
  // the newest that is neither blank nor a stack trace nor what runtimes add below one. Empty if it said
  // nothing.
  std::string telling_line() const;
  // Newest last, joined with newlines; of the newest process that said anything.
  std::string last_lines(std::size_t count) const;
  std::size_t size() const noexcept { return lines_.size(); }
  std::uint64_t total() const noexcept { return total_; }  // lines ever ended

 private:
  std::string masked_and_cut(std::string_view line) const;

  std::function<void(std::string const&)> on_line_;
  observe::Mask mask_;
  std::deque<std::string> lines_;
  std::string open_;  // the line being written, as it comes
  std::uint64_t total_ = 0;
  std::uint64_t begin_ = 0;       // first line of the newest process
  std::uint64_t shown_from_ = 0;  // … of the newest one that has ended a line
};

std::string escape_controls(std::string_view text);
// At most so many bytes of UTF-8, cut between two characters; "…" stands where something is missing. What may
// hold secrets is masked before.
std::string cut_to(std::string_view text, std::size_t bytes_max);

}  // namespace weir::upstream
