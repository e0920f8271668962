// Text rendering of problems: code, place, the line with a caret, why, what to do.
#include <fmt/format.h>

#include <algorithm>

#include "config/json_text.hpp"
#include "config/problem.hpp"

namespace weir::config {
namespace {

constexpr std::size_t kLineShownMax = 100;  // characters; longer lines are cut around the caret

struct Paint {
  bool on;
  std::string operator()(char const* style, std::string_view text) const {
    return on ? fmt::format("\x1b[{}m{}\x1b[0m", style, text) : std::string(text);
  }
};

char const* style_of(Severity severity) {
  return severity == Severity::error ? "1;31" : severity == Severity::warning ? "1;33" : "1;36";
}

// The text as characters that are safe on a terminal: control, direction-changing and broken ones become `?`.
std::vector<std::string> characters_of(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    auto const length = utf8_length(text);
    auto const c = text.substr(0, length == 0 ? 1 : length);
    bool const control =
        length == 1 && (static_cast<unsigned char>(c[0]) < 0x20 || c[0] == 0x7F) && c[0] != '\t';
    bool const c1 = length == 2 && c[0] == '\xC2' && static_cast<unsigned char>(c[1]) < 0xA0;
    bool const direction = length == 3 && ((c >= "\xE2\x80\xAA" && c <= "\xE2\x80\xAE") ||
                                           (c >= "\xE2\x81\xA6" && c <= "\xE2\x81\xA9"));
    result.emplace_back(length == 0 || control || c1 || direction ? "?" : std::string(c));
    text.remove_prefix(c.size());
  }
  return result;
}

std::string printable(std::string_view text) {
  std::string result;
  for (auto const& c : characters_of(text)) result += c;
  return result;
}

std::string_view line_of(Mark const& mark) {
  if (!mark.source || mark.line == 0) return {};
  std::string_view rest = mark.source->text;
  for (std::uint32_t line = 1; line < mark.line; ++line) {
    auto const end = rest.find('\n');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

// The marked line and the place of the caret in it, both in characters.
struct Excerpt {
  std::vector<std::string> line;
  std::size_t begin = 0;
  std::size_t length = 1;
};

Excerpt excerpt_of(Mark const& mark) {
  auto const text = line_of(mark);
  auto const column = std::min<std::size_t>(mark.column == 0 ? 0 : mark.column - 1, text.size());
  Excerpt result{characters_of(text), characters_of(text.substr(0, column)).size(), 1};
  result.length = std::max<std::size_t>(1, characters_of(text.substr(column, mark.length)).size());
  if (result.line.size() <= kLineShownMax) return result;

  bool const fits = result.begin + result.length < kLineShownMax;
  auto const first = fits || result.begin <= kLineShownMax / 2 ? 0 : result.begin - kLineShownMax / 2;
  auto const last = std::min(result.line.size(), first + kLineShownMax);
  bool const cut_behind = last < result.line.size();
  result.line.assign(result.line.begin() + static_cast<std::ptrdiff_t>(first),
                     result.line.begin() + static_cast<std::ptrdiff_t>(last));
  if (first > 0) result.line.front() = "…";
  if (cut_behind) result.line.back() = "…";
  result.begin -= first;
  result.length =
      std::min(result.length, result.line.size() - std::min(result.begin, result.line.size() - 1));
  return result;
}

void render_place(std::string& out, Problem const& problem, Paint paint) {
  auto const& mark = problem.mark;
  if (!mark.source) return;
  auto const excerpt = excerpt_of(mark);
  auto const name = printable(mark.source->name);
  if (mark.line == 0) {
    out += fmt::format("  {} {}\n", paint("34", "-->"), name);
    return;
  }
  out += fmt::format("  {} {}:{}:{}\n", paint("34", "-->"), name, mark.line, shown_column(mark));
  auto const number = std::to_string(mark.line);
  std::string line;
  for (auto const& c : excerpt.line) line += c;
  out += fmt::format("{} {}\n", paint("34", number + " |"), line);
  std::string indent;  // tabs are repeated, so that the caret stands below its character
  for (std::size_t i = 0; i < excerpt.begin; ++i) indent += excerpt.line[i] == "\t" ? '\t' : ' ';
  auto const label = problem.label.empty() ? "" : " " + printable(problem.label);
  out += fmt::format("{} {}{}\n", paint("34", std::string(number.size() + 1, ' ') + "|"), indent,
                     paint(style_of(problem.severity), std::string(excerpt.length, '^') + label));
}

}  // namespace

std::uint32_t shown_column(Mark const& mark) {
  auto const text = line_of(mark);
  auto const bytes = std::min<std::size_t>(mark.column == 0 ? 0 : mark.column - 1, text.size());
  return static_cast<std::uint32_t>(characters_of(text.substr(0, bytes)).size()) + 1;
}

std::uint32_t shown_length(Mark const& mark) {
  return mark.line == 0 ? 0 : static_cast<std::uint32_t>(excerpt_of(mark).length);
}

std::string render_text(std::span<Problem const> problems, bool colour) {
  Paint const paint{colour};
  std::string out;
  for (auto const& problem : problems) {
    if (!out.empty()) out += '\n';
    out += fmt::format(
        "{}: {}\n",
        paint(style_of(problem.severity), fmt::format("{}[{}]", name_of(problem.severity), problem.code)),
        paint("1", printable(problem.message)));
    render_place(out, problem, paint);
    auto const width = problem.mark.line == 0 ? 1 : std::to_string(problem.mark.line).size();
    auto const bullet = std::string(width + 1, ' ') + paint("34", "=");
    for (auto const& note : problem.notes) out += fmt::format("{} {}\n", bullet, printable(note));
    if (!problem.fix.empty()) out += fmt::format("{} fix: {}\n", bullet, printable(problem.fix));
  }
  return out;
}

std::string summary(std::span<Problem const> problems) {
  std::string out;
  for (auto const severity : {Severity::error, Severity::warning, Severity::note}) {
    auto const n = std::count_if(problems.begin(), problems.end(),
                                 [&](auto const& p) { return p.severity == severity; });
    if (n == 0) continue;
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {}{}", n, name_of(severity), n == 1 ? "" : "s");
  }
  return out;
}

}  // namespace weir::config
