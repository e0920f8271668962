#include "upstream/stderr_ring.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "mcp/json_text.hpp"

namespace weir::upstream {

std::string escape_controls(std::string_view text) {
  bool const utf8 = mcp::is_utf8(text);
  bool after_c2 = false;  // U+0080 to U+009F are 0xC2 and the code point
  std::string out;
  out.reserve(text.size());
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte == '\t') {
      out += ' ';
    } else if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8)) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (after_c2 && byte < 0xA0) {
      out.pop_back();
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
    after_c2 = utf8 && byte == 0xC2;
  }
  return out;
}

void StderrRing::append(std::string_view bytes) {
  while (!bytes.empty()) {
    auto const newline = bytes.find('\n');
    auto const piece = bytes.substr(0, newline);
    open_.append(piece.substr(0, kLineBytesMax - open_.size()));
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    if (open_.ends_with('\r')) open_.pop_back();
    lines_.push_back(std::exchange(open_, {}));
    ++total_;
    if (on_line_) on_line_(escape_controls(lines_.back()));
    if (lines_.size() > kLinesMax) lines_.pop_front();
  }
}

void StderrRing::end_line() {
  if (!open_.empty()) append("\n");
}

void StderrRing::clear() {
  lines_.clear();
  open_.clear();
}

std::string StderrRing::last_line() const {
  auto const blank = [](std::string const& line) {
    return line.find_first_not_of(" \t\r") == std::string::npos;
  };
  if (!blank(open_)) return escape_controls(open_);
  auto const line = std::find_if_not(lines_.rbegin(), lines_.rend(), blank);
  return line == lines_.rend() ? std::string() : escape_controls(*line);
}

std::string StderrRing::last_lines(std::size_t count) const {
  std::string out;
  for (std::size_t i = lines_.size() - std::min(count, lines_.size()); i < lines_.size(); ++i) {
    if (!out.empty()) out += '\n';
    out += escape_controls(lines_[i]);
  }
  if (!open_.empty()) out += (out.empty() ? "" : "\n") + escape_controls(open_);
  return out;
}

}  // namespace weir::upstream
