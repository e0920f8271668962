// Problem: one thing wrong with the configuration, and everything a person needs to put it right.
//
// All problems of a run are collected, then shown sorted by place: as text with line and caret, as JSON
// (version 1; fields are only ever added) or as SARIF 2.1.0. Columns shown are 1-based and count characters,
// not bytes. At most kProblemsMax are kept; the rest are counted. Messages never hold expanded secrets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.hpp"

namespace weir::config {

enum class Severity { error, warning, note };

struct Problem {
  Severity severity = Severity::error;
  std::string code;  // "WEIR-E012"; explained by explain()
  Mark mark;
  std::string message;             // one line, no full stop
  std::string label;               // beside the caret; may be empty
  std::vector<std::string> notes;  // one line each
  std::string fix;                 // what to do; may be empty
  bool confined = false;  // concerns one server, which is set aside: the gateway can start without it
};

class Problems {
 public:
  static constexpr std::size_t kProblemsMax = 200;
  static constexpr std::size_t kHiddenBytesMin = 6;

  // The reference is valid until the next add; a problem over the limit is counted and thrown away.
  Problem& add(Severity severity, std::string_view code, Mark const& mark, std::string message);
  Problem& error(std::string_view code, Mark const& mark, std::string message);
  Problem& warning(std::string_view code, Mark const& mark, std::string message);
  Problem& note(std::string_view code, Mark const& mark, std::string message);

  // Writes `shown` wherever `value` stands in a text. Values of less than kHiddenBytesMin bytes stay: they
  // are parts of ordinary words.
  void hide(std::string_view value, std::string_view shown);

  std::span<Problem> kept() noexcept { return list_; }  // valid until the next add
  std::vector<Problem> sorted() const;  // in the order the files were read, then by line and column
  std::size_t count(Severity severity) const noexcept { return counts_[static_cast<std::size_t>(severity)]; }
  bool has_errors() const noexcept { return count(Severity::error) > 0; }
  bool must_not_start() const noexcept;  // an error that is not confined to one server

 private:
  std::vector<Problem> list_;
  Problem overflow_;
  std::size_t counts_[3] = {};
};

char const* name_of(Severity severity) noexcept;  // "error", "warning", "note"

// One code of the catalogue. `weir help E012` prints it.
struct Explanation {
  std::string_view code;  // "WEIR-E012"
  std::string_view text;
};
std::span<Explanation const> catalogue() noexcept;
Explanation const* explain(
    std::string_view code) noexcept;  // takes "WEIR-E012", "E012" and "e012"; null if unknown

// Characters before the mark's column, plus one; and the characters it covers on its line (0 without a line).
std::uint32_t shown_column(Mark const& mark);
std::uint32_t shown_length(Mark const& mark);

std::string render_text(std::span<Problem const> problems, bool colour);
std::string summary(std::span<Problem const> problems);  // "2 errors, 1 warning"; empty for none
std::string render_json(std::span<Problem const> problems);
std::string render_sarif(std::span<Problem const> problems);

}  // namespace weir::config
