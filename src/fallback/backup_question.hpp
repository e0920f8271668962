// BackupQuestion: what a call asks of a backup folder: names of files, best first, then words to search for.
//
// A value, made from the call on its worker and read by the file thread. Bounded: kNamesMax names, kWordsMax
// words. The rules, in order (F-48: the caller's text chooses a file, it never becomes part of an answer):
//   resources/read        the URI's host and path, then ever shorter ends of it (backup_path.hpp)
//   tools/call,           1. arguments whose key is or ends in id, uri, url, path, slug, name, title, key,
//   prompts/get              library or page, in the order given: text or number, as a file's name, then its
//                            slug; in the folder `<tool>/` first, then in the whole folder
//                         2. the file `<tool>` itself (`<tool>.md`, …)
//                         3. the words of all its arguments, searched (backup_index.hpp); only in `<tool>/`
//                            where there is such a folder
// A name counts with the endings "", .md, .txt, .json, .html. Nothing stands in for a tool that says that it
// writes, nor for any other method.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/call.hpp"

namespace weir::fallback {

struct BackupQuestion {
  static constexpr std::size_t kNamesMax = 200;
  static constexpr std::size_t kWordsMax = 32;

  std::vector<std::string> names;    // below the folder, best first
  std::vector<std::uint32_t> words;  // hashes of words (each_word), sorted, each once
  std::string tool;                  // folder to prefer in a search; may be empty

  bool empty() const noexcept { return names.empty() && words.empty(); }
};

BackupQuestion question_of(core::Call const& call);

namespace detail {
constexpr char small(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool in_word(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0x80U) != 0 || (c >= '0' && c <= '9') ||
         (small(c) >= 'a' && small(c) <= 'z');
}
}  // namespace detail

// Gives `take` the hash of each word until it says false. Words are runs of ASCII letters, digits and any
// bytes beyond ASCII, 2 to 64 bytes long; ASCII letters count as small ones. The same in every process.
template <class Take>
bool each_word(std::string_view text, Take&& take) {
  constexpr std::uint32_t kBasis = 2166136261U;  // FNV-1a
  std::uint32_t hash = kBasis;
  std::size_t length = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && detail::in_word(text[i])) {
      hash = (hash ^ static_cast<unsigned char>(detail::small(text[i]))) * 16777619U;
      ++length;
      continue;
    }
    if (length >= 2 && length <= 64 && !take(hash)) return false;
    hash = kBasis;
    length = 0;
  }
  return true;
}

}  // namespace weir::fallback
