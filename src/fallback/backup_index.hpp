// BackupIndex: which files of a backup folder are about some words.
//
// A value of the file thread: built by BackupScan, asked by look-ups. A file fits if it holds at least half
// of what is asked, by weight: a word weighs more the fewer files have it, and one that no file has weighs
// most. Of those that fit the heaviest is best, words in a file's name counting twice; ties go by name. So
// the same folder and the same words always name the same file. Bounded: kFilesMax files, kWordsMax words in
// all (16 bytes each).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fallback/contained_folder.hpp"

namespace weir::fallback {

struct IndexedFile {
  std::string name;  // below the folder
  FileFacts facts;
  bool whole = true;                      // false: some of its words were left out
  std::vector<std::uint32_t> name_words;  // hashes, sorted, each once
  std::vector<std::uint32_t> words;       // of its text, likewise

  // As long as the file is the same: reading it again would give the same.
  bool reusable(std::size_t words_left) const noexcept;
};

class BackupIndex {
 public:
  static constexpr std::size_t kFilesMax = 10'000;
  static constexpr std::size_t kWordsOfFileMax = 2'000;
  static constexpr std::size_t kWordsMax = 2'000'000;
  static constexpr double kShareMin = 0.5;

  BackupIndex() = default;
  explicit BackupIndex(std::vector<std::shared_ptr<IndexedFile const>> files);

  // Names of at most `most` files that fit, the best first. `folder` "" or a folder they have to be in.
  std::vector<std::string> best(std::vector<std::uint32_t> const& words, std::string_view folder,
                                std::size_t most) const;

  // Sorted by name.
  std::vector<std::shared_ptr<IndexedFile const>> const& files() const noexcept { return files_; }

 private:
  std::vector<std::shared_ptr<IndexedFile const>> files_;
  std::vector<std::uint64_t> places_;  // word, file, whether in its name; sorted
};

// What the index needs of one file. `words_left` is what may still be taken of kWordsMax.
IndexedFile index_file(std::string name, FileFacts const& facts, std::string_view text,
                       std::size_t words_left);

}  // namespace weir::fallback
