// Reads the wire corpus: *.txt files of cases, in the format of test/wire/README.md. For tests; throws on bad
// files.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace weir::test {

struct WireCase {
  std::string name;  // file stem and the sentence of the case
  std::string expect;
  std::string bytes;
};

// The bytes that `text` stands for; reads up to the end, or up to `}` inside a repetition.
inline std::string unescape(std::string_view& text, bool repeated) {
  std::string out;
  while (!text.empty()) {
    char const c = text.front();
    text.remove_prefix(1);
    if (repeated && c == '}') return out;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (text.empty()) throw std::runtime_error("a backslash ends a line");
    char const kind = text.front();
    text.remove_prefix(1);
    if (kind == 'x') {
      out += static_cast<char>(std::stoi(std::string{text.substr(0, 2)}, nullptr, 16));
      text.remove_prefix(2);
    } else if (kind == '{') {
      std::size_t const colon = text.find(':');
      int const times = std::stoi(std::string{text.substr(0, colon)});
      text.remove_prefix(colon + 1);
      std::string const piece = unescape(text, true);
      for (int i = 0; i < times; ++i) out += piece;
    } else if (kind == '0') {
      out += '\0';
    } else {
      out += kind == 'r' ? '\r' : kind == 'n' ? '\n' : kind == 't' ? '\t' : kind;
    }
  }
  return out;
}

inline void read_wire_file(std::filesystem::path const& file, std::vector<WireCase>& cases) {
  std::ifstream in{file, std::ios::binary};
  if (!in) throw std::runtime_error("cannot read " + file.string());
  for (std::string line; std::getline(in, line);) {
    std::string_view text = line;
    if (text.starts_with("case ")) {
      cases.push_back({file.stem().string() + ": " + std::string{text.substr(5)}, {}, {}});
    } else if (text.starts_with("expect ")) {
      cases.back().expect = text.substr(7);
    } else if (text.starts_with("| ")) {
      text.remove_prefix(2);
      cases.back().bytes += unescape(text, false);
    } else if (!text.empty() && !text.starts_with('#')) {
      throw std::runtime_error(file.string() + ": " + line);
    }
  }
}

inline std::vector<WireCase> read_wire_cases(std::filesystem::path const& folder) {
  std::vector<std::filesystem::path> files;
  for (auto const& entry : std::filesystem::directory_iterator{folder}) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<WireCase> cases;
  for (auto const& file : files) read_wire_file(file, cases);
  return cases;
}

}  // namespace weir::test
