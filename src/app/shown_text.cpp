#include "app/shown_text.hpp"

#include <algorithm>
#include <deque>

#include "router/hidden_text.hpp"

namespace weir::app {
namespace {

// Bytes of the character at the front; 0 if it is not UTF-8.
std::size_t length_of(std::string_view text) noexcept {
  auto const byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto const first = byte(0);
  std::size_t const length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length == 0 || first > 0xF4 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  bool const overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  bool const beyond = (first == 0xED && byte(1) > 0x9F) || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || beyond ? 0 : length;
}

std::string as_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t const length = length_of(text);
    out += length == 0 ? "?" : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string made_safe(std::string_view text, bool keep_lines) {
  std::string out;
  auto const valid = as_utf8(text);
  router::CharacterReader reader(valid);
  router::Character character;
  while (reader.next(character)) {
    auto const bytes = character.bytes;
    bool const space = bytes == "\n" || bytes == "\t" || bytes == "\r";
    if (space) {
      if (keep_lines && bytes != "\r") out += bytes;
      if (!keep_lines) out += ' ';
    } else {
      out += character.ordinary ? bytes : "?";
    }
  }
  return out;
}

}  // namespace

std::string shown(std::string_view text) { return made_safe(text, false); }
std::string shown_lines(std::string_view text) { return made_safe(text, true); }

std::size_t width_of(std::string_view text) noexcept {
  std::size_t count = 0;
  for (char const byte : text) count += (static_cast<unsigned char>(byte) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

std::string left(std::string_view text, std::size_t width) {
  std::size_t const wide = width_of(text);
  return std::string(text) + std::string(wide < width ? width - wide : 0, ' ');
}

std::string right(std::string_view text, std::size_t width) {
  std::size_t const wide = width_of(text);
  return std::string(wide < width ? width - wide : 0, ' ') + std::string(text);
}

std::string last_lines(std::string_view text, std::size_t most, std::string_view indent) {
  std::deque<std::string> lines;
  while (!text.empty()) {
    auto const end = text.find('\n');
    auto line = shown(text.substr(0, end));
    if (line.find_first_not_of(' ') != std::string::npos) lines.push_back(std::move(line));
    if (lines.size() > most) lines.pop_front();
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  std::string out;
  for (auto const& line : lines) out.append(indent).append(line).append("\n");
  return out;
}

std::string first_sentence(std::string_view text) {
  auto const start = text.find_first_not_of(" \t\r\n");
  text.remove_prefix(start == std::string_view::npos ? text.size() : start);
  auto const end = std::min(text.find('\n'), text.find(". "));
  text = text.substr(0, end);
  if (text.ends_with('.')) text.remove_suffix(1);
  return shown(text);
}

}  // namespace weir::app
