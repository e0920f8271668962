#include "store/mark_book.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace weir::store {
namespace {

Labels const kSearch{"github", "search_issues", "", "a1"};
Labels const kRead{"files", "resources/read", "file:///a", ""};

TEST(MarkBook, HasNothingAgainstAnswersBeforeTheFirstMark) {
  MarkBook const book;
  EXPECT_EQ(book.judge(kSearch, book.latest()), Verdict::current);
  EXPECT_TRUE(book.untouched_since(0));
}

TEST(MarkBook, InvalidatesWhatWasBornBeforeAMarkAndNothingThatCameAfter_F35) {
  MarkBook book;
  auto const before = book.latest();
  book.add({"github", "", "", ""}, false);
  auto const after = book.latest();
  EXPECT_EQ(book.judge(kSearch, before), Verdict::outdated);
  EXPECT_EQ(book.judge(kRead, before), Verdict::current);
  EXPECT_EQ(book.judge(kSearch, after), Verdict::current);
}

// F-36: an update leaves the copy for bad times; a purge does not.
TEST(MarkBook, ThrowsAwayWhatAnyMarkSaysIsGone) {
  MarkBook book;
  book.add({"github", "search_*", "", ""}, true);
  book.add({"", "", "", ""}, false);
  EXPECT_EQ(book.judge(kSearch, 0), Verdict::gone);
  EXPECT_EQ(book.judge(kSearch, 1), Verdict::outdated);
  EXPECT_EQ(book.judge(kRead, 0), Verdict::outdated);
}

TEST(MarkBook, SelectsByResourceAndByOwner) {
  MarkBook book;
  book.add({"files", "", "file:///b", ""}, false);
  EXPECT_EQ(book.judge(kRead, 0), Verdict::current);
  book.add({"files", "", "file:///a", ""}, false);
  EXPECT_EQ(book.judge(kRead, 0), Verdict::outdated);
  book.add({"", "", "", "a1"}, true);
  EXPECT_EQ(book.judge(kSearch, 0), Verdict::gone);
  EXPECT_EQ(book.judge(kRead, 0), Verdict::outdated);
}

TEST(MarkBook, TakesMarksThatWereNumberedElsewhereInAnyOrder) {
  MarkBook book;
  book.put({{"github", "", "", ""}, 20, false});
  book.put({{"files", "", "", ""}, 10, false});
  EXPECT_EQ(book.latest(), 20U);
  EXPECT_EQ(book.judge(kRead, 9), Verdict::outdated);
  EXPECT_EQ(book.judge(kRead, 10), Verdict::current);
  EXPECT_EQ(book.judge(kSearch, 19), Verdict::outdated);
}

TEST(MarkBook, DistrustsEverythingThatAnUnnumberedMarkSelects) {
  MarkBook book;
  auto const ticket = book.add_unnumbered({"github", "", "", ""}, false);
  EXPECT_EQ(book.judge(kSearch, 1'000), Verdict::outdated);
  EXPECT_EQ(book.judge(kRead, 0), Verdict::current);
  book.settle(ticket, 7);
  EXPECT_EQ(book.judge(kSearch, 6), Verdict::outdated);
  EXPECT_EQ(book.judge(kSearch, 7), Verdict::current);
  auto const lost = book.add_unnumbered({"files", "", "", ""}, false);
  book.settle(lost, 0);
  EXPECT_EQ(book.judge(kRead, 7), Verdict::current);
}

TEST(MarkBook, InvalidatesTooMuchRatherThanTooLittleWhenItIsFull) {
  MarkBook book;
  for (std::size_t i = 0; i <= MarkBook::kMarksMax; ++i) {
    book.add({"files", "", "file:///" + std::to_string(i), ""}, false);
  }
  EXPECT_LE(book.marks().size(), MarkBook::kMarksMax);
  Labels const first{"files", "resources/read", "file:///0", ""};
  EXPECT_EQ(book.judge(first, 0), Verdict::outdated);
  EXPECT_EQ(book.judge(kSearch, 0), Verdict::outdated);  // the price
  EXPECT_EQ(book.judge(kSearch, book.latest()), Verdict::current);
}

TEST(MarkBook, CountsOnWithoutAMark) {
  MarkBook book;
  auto const born = book.latest();
  EXPECT_EQ(book.advance(), born + 1);
  EXPECT_FALSE(book.untouched_since(born));
  EXPECT_EQ(book.judge(kSearch, born), Verdict::current);
}

TEST(MarkBook, KeepsOneMarkForASelectionThatIsInvalidatedOverAndOver) {
  MarkBook book;
  for (int i = 0; i < 5'000; ++i) book.add({"files", "", "", ""}, false);
  EXPECT_EQ(book.marks().size(), 1U);
  EXPECT_EQ(book.judge(kSearch, 0), Verdict::current);
}

TEST(MarkBook, MayBeAskedAndToldFromSeveralThreads) {
  MarkBook book;
  std::thread teller([&book] {
    for (int i = 0; i < 2'000; ++i) book.add({"files", "", "file:///" + std::to_string(i % 50), ""}, false);
  });
  for (int i = 0; i < 2'000; ++i) {
    auto const born = book.latest();
    EXPECT_EQ(book.judge(kSearch, born), Verdict::current);
  }
  teller.join();
  EXPECT_EQ(book.latest(), 2'000U);
}

TEST(Selection, SurvivesBeingWritten) {
  for (Selection const& selection : {Selection{}, Selection{"github", "search_*", "", ""},
                                     Selection{"a|b%", "x y", "file:///ü?q=|", "00ff"}}) {
    auto const read = parse_selection(selection.text());
    ASSERT_TRUE(read) << selection.text();
    EXPECT_EQ(*read, selection);
  }
  for (auto const* const bad : {"", "a|b", "a|b|c|d|e", "%|||", "%zz|||", "a b|||"}) {
    EXPECT_FALSE(parse_selection(bad)) << bad;
  }
}

}  // namespace
}  // namespace weir::store
