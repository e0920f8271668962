#include "fallback/backup_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "fallback/backup_question.hpp"

namespace weir::fallback {
namespace {

using Names = std::vector<std::string>;

std::vector<std::uint32_t> words(std::string_view text) {
  std::vector<std::uint32_t> out;
  each_word(text, [&](std::uint32_t word) {
    out.push_back(word);
    return true;
  });
  std::sort(out.begin(), out.end());
  return out;
}

BackupIndex index_of(std::vector<std::pair<std::string, std::string>> const& files) {
  std::vector<std::shared_ptr<IndexedFile const>> all;
  for (auto const& [name, text] : files)
    all.push_back(std::make_shared<IndexedFile const>(index_file(name, {}, text, BackupIndex::kWordsMax)));
  return BackupIndex(std::move(all));
}

BackupIndex some() {
  return index_of({{"deploy/rollback.md", "How to undo a release of the billing service"},
                   {"deploy/release.md", "How to release the billing service"},
                   {"people.md", "Who works on the billing service"},
                   {"logo.png", std::string("\xFF\xD8 undo", 7)}});
}

TEST(BackupIndex, TheFileWithTheRareWordsIsBest) {
  EXPECT_EQ(some().best(words("undo billing release"), "", 1), (Names{"deploy/rollback.md"}));
  EXPECT_EQ(some().best(words("ROLLBACK"), "", 9), (Names{"deploy/rollback.md"})) << "names count";
  EXPECT_EQ(some().best(words("release billing"), "", 1), (Names{"deploy/release.md"})) << "and count twice";
  EXPECT_EQ(some().best(words("undo"), "", 9), (Names{"deploy/rollback.md"})) << "bytes are no words";
}

TEST(BackupIndex, TiesGoByName) {
  auto const index = index_of({{"b.md", "same words"}, {"a.md", "same words"}, {"c.md", "same words"}});
  EXPECT_EQ(index.best(words("same words"), "", 9), (Names{"a.md", "b.md", "c.md"}));
  EXPECT_EQ(index.best(words("same words"), "", 2), (Names{"a.md", "b.md"}));
}

TEST(BackupIndex, LessThanHalfOfWhatIsAskedIsNothing) {
  auto const index = index_of({{"one.md", "alpha beta"}, {"two.md", "gamma delta"}});
  EXPECT_EQ(index.best(words("alpha beta gamma delta"), "", 9), (Names{"one.md", "two.md"})) << "half";
  EXPECT_EQ(index.best(words("alpha gamma delta"), "", 9), (Names{"two.md"}));
  std::string few, many;
  for (int i = 0; i < 31; ++i) (i < 15 ? few : many) += "w" + std::to_string(i) + " ";
  EXPECT_EQ(index_of({{"few.md", few}, {"many.md", many}}).best(words(few + many), "", 9), (Names{"many.md"}))
      << "15 and 16 of 31";
  EXPECT_EQ(index.best(words("alpha unheard"), "", 9), Names{}) << "a word of no file weighs most";
  EXPECT_EQ(index.best(words("nothing of that"), "", 9), Names{});
  EXPECT_EQ(index.best({}, "", 9), Names{});
  EXPECT_EQ(BackupIndex().best(words("alpha"), "", 9), Names{});
}

TEST(BackupIndex, StaysInTheFolderThatIsAskedFor) {
  EXPECT_EQ(some().best(words("billing service"), "deploy", 9),
            (Names{"deploy/release.md", "deploy/rollback.md"}));
  EXPECT_EQ(some().best(words("billing service"), "dep", 9), Names{});
}

TEST(BackupIndex, TakesTheFirstWordsOfAFileUpToTheLimit) {
  std::string text;
  for (std::size_t i = 0; i < BackupIndex::kWordsOfFileMax; ++i) text += "w" + std::to_string(i) + " ";
  auto const full = index_file("f", {}, text + "w1 w2", BackupIndex::kWordsMax);
  EXPECT_TRUE(full.whole);
  EXPECT_EQ(full.words.size(), BackupIndex::kWordsOfFileMax);
  auto const over = index_file("f", {}, text + "last", BackupIndex::kWordsMax);
  EXPECT_FALSE(over.whole);
  EXPECT_EQ(over.words, full.words);
  EXPECT_TRUE(over.reusable(BackupIndex::kWordsMax));
  auto const cut = index_file("ff", {}, text, 11);  // one goes to the name
  EXPECT_EQ(cut.words.size(), 10U);
  EXPECT_FALSE(cut.whole || cut.reusable(BackupIndex::kWordsMax));
}

}  // namespace
}  // namespace weir::fallback
