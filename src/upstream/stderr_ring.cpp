#include "upstream/stderr_ring.hpp"

#include <fmt/core.h>
#include <string.h>  // explicit_bzero

#include <algorithm>

#include "mcp/json_text.hpp"

namespace weir::upstream {
namespace {

bool begins_with_any(std::string_view line, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(), [line](auto start) { return line.starts_with(start); });
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

// A frame of a stack, or what runtimes and package managers print below the error.
bool is_noise(std::string_view line) {
  return line.empty() ||
         begins_with_any(line, {" ", "\t", "}", "Node.js v", "note: ", "goroutine ", "exit status ",
                                "npm error A complete log", "npm ERR! A complete log", "stack backtrace"});
}

constexpr std::string_view kErrorWords[] = {"Error:", "error:", "ERROR", "Error [", "Exception:",
                                            "panic:", "fatal:", "FATAL", "Fatal",   "panicked at"};

bool looks_like_error(std::string_view line) {
  if (is_noise(line)) return false;
  return std::any_of(std::begin(kErrorWords), std::end(kErrorWords),
                     [line](auto word) { return line.find(word) != std::string_view::npos; });
}

}  // namespace

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

std::string cut_to(std::string_view text, std::size_t bytes_max) {
  constexpr std::string_view kMore = "…";
  if (text.size() <= bytes_max) return std::string(text);
  auto size = bytes_max > kMore.size() ? bytes_max - kMore.size() : 0;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return std::string(text.substr(0, size)).append(kMore);
}

// What the mask makes of the line's beginning, as far as it makes the same of all that is known of the line:
// where a secret stands across the cut the two part.
std::string StderrRing::masked_and_cut(std::string_view line) const {
  std::string head(line.substr(0, kLineBytesMax));
  if (mask_) mask_(head);
  if (!mask_ || line.size() <= kLineBytesMax) return head;
  std::string whole(line);
  mask_(whole);
  auto const parted = std::mismatch(head.begin(), head.end(), whole.begin(), whole.end()).first;
  auto const size = static_cast<std::size_t>(parted - head.begin());
  explicit_bzero(head.data() + size, head.size() - size);
  head.resize(size);
  return head;
}

void StderrRing::append(std::string_view bytes) {
  while (!bytes.empty()) {
    auto const newline = bytes.find('\n');
    auto const piece = bytes.substr(0, newline);
    open_.append(piece.substr(0, kOpenBytesMax - open_.size()));
    if (newline == std::string_view::npos) return;
    bytes.remove_prefix(newline + 1);
    if (open_.ends_with('\r')) open_.pop_back();
    lines_.push_back(masked_and_cut(open_));
    explicit_bzero(open_.data(), open_.size());
    std::string().swap(open_);
    ++total_;
    shown_from_ = begin_;
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

std::string StderrRing::telling_line() const {
  if (!is_noise(open_)) return escape_controls(masked_and_cut(open_));
  auto const count = std::min<std::uint64_t>(total_ - begin_, lines_.size());
  auto const first = lines_.end() - static_cast<std::ptrdiff_t>(count);
  std::string const* best = nullptr;
  for (auto line = lines_.end(); line != first;) {
    --line;
    if (looks_like_error(*line)) return escape_controls(*line);
    bool const better = best == nullptr || (is_noise(*best) && !is_noise(*line));
    if (better && !is_blank(*line)) best = &*line;
  }
  return best == nullptr ? std::string() : escape_controls(*best);
}

std::string StderrRing::last_lines(std::size_t count) const {
  std::string out;
  count = std::min({count, lines_.size(), static_cast<std::size_t>(total_ - shown_from_)});
  for (std::size_t i = lines_.size() - count; i < lines_.size(); ++i) {
    if (!out.empty()) out += '\n';
    out += escape_controls(lines_[i]);
  }
  if (!open_.empty()) out += (out.empty() ? "" : "\n") + escape_controls(masked_and_cut(open_));
  return out;
}

}  // namespace weir::upstream
