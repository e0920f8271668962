#include "watch/watch_book.hpp"

#include <gtest/gtest.h>

namespace weir::watch {
namespace {

struct Listener final : Watcher {
  bool updated(std::string const& uri, std::string const& more, base::TimePoint) override {
    told.push_back(uri + more);
    return !over;
  }
  std::vector<std::string> told;
  bool over = false;
};
using Told = std::vector<std::string>;

TEST(WatchBook, AResourceIsWantedWhileAnybodyWatchesIt) {
  WatchBook book;
  auto const one = std::make_shared<Listener>(), two = std::make_shared<Listener>();
  book.add("one", one, "x://a", "x://a", nullptr);
  book.add("two", two, "x://a", "x://a", nullptr);
  book.remove("one", "x://a");
  EXPECT_TRUE(book.wanted("x://a"));
  book.remove("one", "x://a");  // again: nothing
  book.remove("nobody");
  book.remove("two");
  EXPECT_FALSE(book.wanted("x://a"));
  EXPECT_EQ(book.readers(), 0U);
}

TEST(WatchBook, ManyChangesOfAResourceAreToldOnceToEachWhoWatchesIt) {
  WatchBook book;
  auto const one = std::make_shared<Listener>(), two = std::make_shared<Listener>();
  book.add("one", one, "x://a", "x://a", nullptr);
  book.add("one", one, "x://b", "x://b", nullptr);
  book.add("two", two, "x://b", "x://b", nullptr);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(book.touch("x://b"));
  EXPECT_FALSE(book.touch("x://c"));
  EXPECT_TRUE(book.owes());
  book.tell({});
  EXPECT_FALSE(book.owes());
  book.tell({});
  EXPECT_EQ(one->told, Told{"x://b"});
  EXPECT_EQ(two->told, Told{"x://b"});
}

TEST(WatchBook, OneNotificationHasWhatTheNewestOfTheChangesSaid) {
  WatchBook book;
  auto const one = std::make_shared<Listener>();
  book.add("one", one, "x://a", "x://a", nullptr);
  book.touch("x://a", R"( "n":1)");
  book.touch("x://a", R"( "n":2)");
  book.tell({});
  book.touch("x://a");
  book.tell({});
  EXPECT_EQ(one->told, (Told{R"(x://a "n":2)", "x://a"}));
}

TEST(WatchBook, WhatAnOlderChangeSaidIsNotTakenForWhatTheNewestSaid) {
  WatchBook book;
  auto const one = std::make_shared<Listener>();
  book.add("one", one, "x://a", "x://a", nullptr);
  book.touch("x://a", R"( "n":1)");
  book.touch("x://a");  // says nothing besides
  book.tell({});
  EXPECT_EQ(one->told, Told{"x://a"});
}

TEST(WatchBook, WhatIsOnlyTakenForChangedTakesNothingFromWhatAChangeSaid) {  // P071, P082
  WatchBook book;
  auto const one = std::make_shared<Listener>();
  book.add("one", one, "x://a", "x://a", nullptr);
  book.touch("x://a", R"( "n":1)");
  EXPECT_TRUE(book.suspect("x://a"));
  book.tell({});
  EXPECT_TRUE(book.suspect("x://a"));
  book.touch("x://a", R"( "n":2)");
  book.tell({});
  EXPECT_TRUE(book.suspect("x://a"));
  book.tell({});
  EXPECT_FALSE(book.suspect("x://c"));
  EXPECT_EQ(one->told, (Told{R"(x://a "n":1)", R"(x://a "n":2)", "x://a"}));
}

TEST(WatchBook, WhoLeftIsOwedNothing) {
  WatchBook book;
  auto const one = std::make_shared<Listener>();
  book.add("one", one, "x://a", "x://a", nullptr);
  book.touch("x://a");
  book.remove("one", "x://a");
  EXPECT_FALSE(book.owes());
  book.tell({});
  EXPECT_TRUE(one->told.empty());
}

TEST(WatchBook, AReaderThatIsOverLeavesWithAllItHeld) {
  WatchBook book;
  auto const one = std::make_shared<Listener>();
  auto const ticket = std::make_shared<int>();
  book.add("one", one, "x://a", "x://a", ticket);
  book.add("one", one, "x://b", "x://b", ticket);
  EXPECT_EQ(ticket.use_count(), 3);
  one->over = true;
  book.touch("x://a");
  book.tell({});
  EXPECT_EQ(ticket.use_count(), 1);
  EXPECT_TRUE(book.uris().empty());
}

}  // namespace
}  // namespace weir::watch
