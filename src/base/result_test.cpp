#include "base/result.hpp"

#include <gtest/gtest.h>

namespace weir::base {
namespace {

struct Counted {  // tells how many of it live
  static inline int alive = 0;
  explicit Counted(int n) : number(n) { ++alive; }
  Counted(Counted const& other) : number(other.number) { ++alive; }
  Counted& operator=(Counted const&) = default;
  ~Counted() { --alive; }
  int number;
};

Error broken() {
  return Error(Fault::unavailable, Blame::upstream, "broken").about("files").advise("Mend it.");
}

// What waits in the frames of every call.
static_assert(sizeof(Result<void>) == sizeof(void*));
static_assert(sizeof(Result<std::string>) == sizeof(std::string) + sizeof(void*));
static_assert(std::is_nothrow_move_constructible_v<Result<std::string>>);
static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
static_assert(!std::is_convertible_v<int, Result<std::string>>);
static_assert(std::is_convertible_v<char const*, Result<std::string>>);
static_assert(!std::is_convertible_v<int, Result<Counted>> && std::is_constructible_v<Result<Counted>, int>);

TEST(Result, IsAValueOrAnError) {
  Result<std::string> const good("text");
  EXPECT_TRUE(good && good.has_value() && !good.has_error());
  EXPECT_EQ(*good, "text");
  EXPECT_EQ(good->size(), 4U);
  EXPECT_EQ(good.value(), "text");
  Result<std::string> const bad(broken());
  EXPECT_FALSE(bad || bad.has_value() || !bad.has_error());
  EXPECT_EQ(bad.error().detail, "broken");
  EXPECT_EQ(bad.error().server, "files");
  EXPECT_TRUE(Result<std::string>()->empty());
  EXPECT_TRUE(Result<void>());
  EXPECT_EQ(Result<void>(broken()).error().fault, Fault::unavailable);
}

TEST(Result, TakesOverValuesThatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> one(std::make_unique<int>(7));
  auto two = std::move(one);
  EXPECT_EQ(**two, 7);
  std::unique_ptr<int> const out = *std::move(two);
  EXPECT_EQ(*out, 7);
  Result<std::shared_ptr<int const>> const wider(std::make_shared<int>(3));
  EXPECT_EQ(**wider, 3);
}

TEST(Result, EachValueAndErrorGoesOnce) {
  {
    Result<Counted> value(Counted(1));
    Result<Counted> error(broken());
    auto copy = value;
    auto const copied_error = error;
    EXPECT_EQ(Counted::alive, 2);
    copy = error;  // a value makes way for an error
    EXPECT_EQ(Counted::alive, 1);
    error = value;  // and an error for a value
    EXPECT_EQ(Counted::alive, 2);
    EXPECT_EQ(error->number, 1);
    EXPECT_EQ(copy.error().hint, "Mend it.");
    EXPECT_EQ(copied_error.error().hint, "Mend it.") << "a copy has an error of its own";
    auto& same = value;
    value = std::move(same);
    EXPECT_EQ(value->number, 1);
  }
  EXPECT_EQ(Counted::alive, 0);
}

TEST(Result, MovedFromItStillIsNoValue) {
  Result<std::string> bad(broken());
  auto const moved = std::move(bad);
  EXPECT_EQ(moved.error().detail, "broken");
  EXPECT_FALSE(bad.has_value());  // NOLINT(bugprone-use-after-move): that is what is looked at
  bad = Result<std::string>("new");
  EXPECT_EQ(*bad, "new");
}

TEST(Result, AnErrorOutlivesTheResultThatItIsTakenFrom) {
  auto const fail = [] { return Result<int>(broken()); };
  auto const& error = fail().error();
  EXPECT_EQ(error.detail, "broken");
  Result<int> held(broken());
  auto const taken = std::move(held).error().about("mail");
  EXPECT_EQ(taken.server, "mail");
}

TEST(ResultDeathTest, WhatIsNotThereIsOurBug) {
  Result<int> bad(broken());
  Result<int> good(1);
  EXPECT_DEATH(bad.value(), "broken");
  EXPECT_DEATH(static_cast<void>(*bad), "has_value");
  EXPECT_DEATH(static_cast<void>(good.error()), "error_");
  auto const moved = std::move(bad);
  EXPECT_DEATH(static_cast<void>(bad.error()), "gone");  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace weir::base
