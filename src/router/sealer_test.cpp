#include "router/sealer.hpp"

#include <gtest/gtest.h>

namespace weir::router {
namespace {

TEST(Sealer, OpensOnlyWhatItSealedForTheSameUse) {
  base::SeededRandom random(3);
  Sealer const sealer(random), other(random);
  for (auto const& payload : {std::string(), std::string("a\0b", 3), std::string(2048, '\xFF')}) {
    auto const sealed = sealer.seal("task key:ci", payload);
    EXPECT_EQ(sealer.open("task key:ci", sealed), payload);
    EXPECT_EQ(sealer.seal("task key:ci", payload), sealed);
    EXPECT_FALSE(sealer.open("task key:dev", sealed));
    EXPECT_FALSE(other.open("task key:ci", sealed));
  }
  auto const sealed = sealer.seal("ab", "cd");
  for (char const* context : {"a", "abc", "", "bcd"}) EXPECT_FALSE(sealer.open(context, sealed)) << context;
}

TEST(Sealer, EveryChangedByteIsNoticed) {
  base::SeededRandom random(4);
  Sealer const sealer(random);
  auto const good = sealer.seal("x", "server 1");
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (char const letter : std::string_view("Ab1-_=+/ \0", 10)) {
      auto bad = good;
      if (bad[i] == letter) continue;
      bad[i] = letter;
      EXPECT_FALSE(sealer.open("x", bad)) << i << letter;
    }
    EXPECT_FALSE(sealer.open("x", good.substr(0, i))) << i;
  }
  EXPECT_FALSE(sealer.open("x", good + 'A'));
  EXPECT_FALSE(sealer.open("x", std::string(100'000, 'A')));
}

}  // namespace
}  // namespace weir::router
