#include "cache/known_callers.hpp"

#include <gtest/gtest.h>

namespace weir::cache {
namespace {

AnswerKeys const kKeys{AnswerKeys::Key{9}};

void expect_own(KnownCallers& known, core::Principal const& principal, PartitionBy by,
                std::string_view session) {
  auto const& caller = known.of(kKeys, principal, by, session);
  EXPECT_EQ(caller.partition, kKeys.partition(principal, by, session));
  EXPECT_EQ(caller.who, kKeys.who(principal.id));
}

TEST(KnownCallers, NobodyGetsTheDigestsOfAnother_F34) {
  std::vector<core::Principal> const all{{"a", "key", {}, "t1"},    {"a", "key", {}, "t2"},
                                         {"b", "key", {}, "t1"},    {"a", "sub", {}, "t1"},
                                         {"a", "key", {"g"}, "t1"}, {"anonymous", "anonymous", {}}};
  KnownCallers known;
  for (int round = 0; round < 2; ++round) {
    for (auto const& principal : all) {
      for (auto const by : {PartitionBy::token, PartitionBy::principal}) {
        for (auto const* const session : {"", "s1", "s2"}) {
          expect_own(known, principal, by, session);
          expect_own(known, principal, by, session);
        }
      }
    }
  }
}

// More callers than places: they take each other's, and are still told apart.
TEST(KnownCallers, ManyCallersShareThePlaces_F34) {
  KnownCallers known;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < 10 * KnownCallers::kPlaces; ++i) {
      expect_own(known, {"key:" + std::to_string(i), "key", {}}, PartitionBy::token, "");
    }
  }
}

}  // namespace
}  // namespace weir::cache
