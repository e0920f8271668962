#include "fallback/backup_index.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "fallback/backup_question.hpp"
#include "mcp/json_text.hpp"

namespace weir::fallback {
namespace {

// The first words of a text, each once; false: there are more than `most`.
bool words_of(std::string_view text, std::size_t most, std::vector<std::uint32_t>& out) {
  std::unordered_set<std::uint32_t> seen;
  bool const all = each_word(text, [&](std::uint32_t word) {
    if (seen.size() == most) return seen.contains(word);
    seen.insert(word);
    return true;
  });
  out.assign(seen.begin(), seen.end());
  std::sort(out.begin(), out.end());
  return all;
}

constexpr std::uint64_t place_of(std::uint32_t word, std::size_t file, bool in_name) noexcept {
  return std::uint64_t{word} << 32 | file << 1 | (in_name ? 1U : 0U);
}

}  // namespace

bool IndexedFile::reusable(std::size_t words_left) const noexcept {
  bool const all = whole || words.size() == BackupIndex::kWordsOfFileMax;  // not cut off by others' words
  return all && name_words.size() + words.size() <= words_left;
}

IndexedFile index_file(std::string name, FileFacts const& facts, std::string_view text,
                       std::size_t words_left) {
  IndexedFile file;
  file.facts = facts;
  words_of(name, std::min(words_left, BackupIndex::kWordsOfFileMax), file.name_words);
  words_left -= file.name_words.size();
  if (mcp::is_utf8(text))
    file.whole = words_of(text, std::min(words_left, BackupIndex::kWordsOfFileMax), file.words);
  file.name = std::move(name);
  return file;
}

BackupIndex::BackupIndex(std::vector<std::shared_ptr<IndexedFile const>> files) : files_(std::move(files)) {
  std::sort(files_.begin(), files_.end(), [](auto const& a, auto const& b) { return a->name < b->name; });
  std::size_t total = 0;
  for (auto const& file : files_) total += file->name_words.size() + file->words.size();
  places_.reserve(total);
  for (std::size_t i = 0; i < files_.size(); ++i) {
    for (auto const word : files_[i]->name_words) places_.push_back(place_of(word, i, true));
    for (auto const word : files_[i]->words) places_.push_back(place_of(word, i, false));
  }
  std::sort(places_.begin(), places_.end());
}

std::vector<std::string> BackupIndex::best(std::vector<std::uint32_t> const& words, std::string_view folder,
                                           std::size_t most) const {
  struct Found {
    double held = 0;   // weight of the words it has
    double score = 0;  // with those in its name counted twice
    std::size_t file = 0;
  };
  std::vector<Found> found(files_.size());
  double asked = 0;
  for (auto const word : words) {
    auto const first = std::lower_bound(places_.begin(), places_.end(), place_of(word, 0, false));
    auto last = first;
    double holders = 0;
    for (; last != places_.end() && *last >> 32 == word; ++last)
      if (last == first || (*(last - 1) ^ *last) >> 1 != 0) ++holders;
    double const weight = std::log(1.0 + static_cast<double>(files_.size()) / (holders + 0.5));
    asked += weight;
    for (auto at = first; at != last; ++at) {
      bool const in_name = (*at & 1U) != 0;
      auto& file = found[(*at & 0xFFFF'FFFFU) >> 1];
      bool const counted = at != first && (*(at - 1) ^ *at) >> 1 == 0;  // in its text, too
      if (!counted) file.held += weight;
      file.score += counted ? weight : weight * (in_name ? 2 : 1);
    }
  }
  std::vector<Found> fits;
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::string_view const name = files_[i]->name;
    bool const inside =
        folder.empty() || (name.starts_with(folder) && name.substr(folder.size()).starts_with('/'));
    found[i].file = i;
    if (inside && found[i].held > 0 && found[i].held >= asked * kShareMin) fits.push_back(found[i]);
  }
  std::stable_sort(fits.begin(), fits.end(), [](auto const& a, auto const& b) { return a.score > b.score; });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < fits.size() && i < most; ++i) names.push_back(files_[fits[i].file]->name);
  return names;
}

}  // namespace weir::fallback
