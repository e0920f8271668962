#include "router/name_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/random.hpp"

namespace weir::router {
namespace {

std::vector<std::string> exposed(NameRules const& rules, std::vector<OwnName> const& names) {
  auto const map = NameMap::build(rules, names, 7);
  std::vector<std::string> out;
  for (std::size_t i = 0; i < names.size(); ++i) out.push_back(map.exposed(i));
  return out;
}

OwnName own(std::string_view server, std::string_view name) { return {server, name, name}; }

TEST(NameMap, PutsTheServerBeforeTheName) {
  EXPECT_EQ(exposed({}, {own("github", "create_issue")})[0], "github__create_issue");
  EXPECT_EQ(exposed({.prefix = "x-{server}."}, {own("github", "get")})[0], "x-github_get");
  EXPECT_EQ(exposed({.prefix = ""}, {own("github", "get")})[0], "get");
}

TEST(NameMap, ReplacesWhatSomeClientsRefuse) {
  EXPECT_EQ(exposed({}, {own("my.server", "issues.list é")})[0], "my_server__issues_list___");
}

TEST(NameMap, LeavesBareNamesAlone) {
  std::string const long_name(100, 'n');
  EXPECT_EQ(exposed({.bare = true}, {own("s", "a.b é")})[0], "a.b é");
  EXPECT_EQ(exposed({.bare = true}, {own("s", long_name)})[0], long_name);
}

TEST(NameMap, ShortensOnlyWhatIsOverTheLimit) {
  std::string const fits(60 - 3, 'n'), over(60 - 2, 'n');
  auto const names = exposed({}, {own("s", fits), own("s", over)});
  EXPECT_EQ(names[0], "s__" + fits);
  EXPECT_EQ(names[1].size(), 60U);
  EXPECT_EQ(names[1].substr(0, 52), "s__" + over.substr(0, 48) + '_');
  EXPECT_EQ(exposed({.bytes_max = 64}, {own("s", over)})[0], "s__" + over);
}

// A client's configuration may hold the name: it must be the same for ever.
TEST(NameMap, EndingsNeverChange) {
  std::string const over(80, 'n');
  EXPECT_EQ(exposed({}, {own("s", over)})[0], "s__" + std::string(48, 'n') + "_esbgyckk");
}

TEST(NameMap, TheUnalteredNameKeepsItsLooksInACollision) {
  auto const names = exposed({}, {own("s", "a.b"), own("s", "a_b"), own("s", "a b")});
  EXPECT_EQ(names[1], "s__a_b");
  EXPECT_EQ(names[0].substr(0, 7), "s__a_b_");
  EXPECT_EQ(names[2].substr(0, 7), "s__a_b_");
  EXPECT_NE(names[0], names[2]);
}

TEST(NameMap, TwoUnalteredNamesThatCollideBothChange) {
  auto const names = exposed({}, {own("a", "b__c"), own("a__b", "c")});
  EXPECT_NE(names[0], "a__b__c");
  EXPECT_NE(names[1], "a__b__c");
  EXPECT_NE(names[0], names[1]);
}

TEST(NameMap, ARenameNeverTakesAnotherToolsName) {
  auto const names = exposed({.bare = true}, {{"s", "old", "new"}, {"s", "new", "new"}});
  EXPECT_EQ(names[1], "new");
  EXPECT_EQ(names[0].substr(0, 4), "new_");
}

TEST(NameMap, AnEndingThatIsTakenGivesWay) {
  std::string const over(80, 'n');
  auto const first = exposed({}, {own("s", over)})[0];
  auto const names = exposed({}, {own("s", over), own("s", first.substr(3))});
  EXPECT_EQ(names[1], first);
  EXPECT_NE(names[0], first);
  EXPECT_EQ(names[0].size(), 60U);
}

// P073: random sets made to collide; the way back is exact and order does not matter.
TEST(NameMap, IsUniqueReversibleAndIndependentOfOrder) {
  base::SeededRandom random(11);
  for (int round = 0; round < 200; ++round) {
    std::set<std::pair<std::string, std::string>> made;
    for (int i = 0; i < 60; ++i) {
      auto const word = [&random](std::uint64_t length_max) {
        std::string out;
        for (std::uint64_t n = random.below(length_max) + 1; n > 0; --n) out += "ab._"[random.below(4)];
        return out;
      };
      made.emplace(word(3), word(i % 4 == 0 ? 70 : 4));
    }
    std::vector<OwnName> names;
    for (auto const& [server, name] : made) names.push_back(own(server, name));
    NameRules const rules{.bytes_max = 24 + random.below(20)};
    auto const map = NameMap::build(rules, names, random.next());
    std::map<std::pair<std::string_view, std::string_view>, std::string> before;
    for (std::uint32_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(map.find(map.exposed(i)), i);
      EXPECT_LE(map.exposed(i).size(), rules.bytes_max);
      before[{names[i].server, names[i].own}] = map.exposed(i);
    }
    for (std::size_t i = names.size(); i-- > 1;) std::swap(names[i], names[random.below(i + 1)]);
    auto const shuffled = NameMap::build(rules, names, random.next());
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(shuffled.exposed(i), (before[{names[i].server, names[i].own}]));
    }
  }
}

TEST(NameMap, FindsNothingElse) {
  std::vector<OwnName> const names{own("s", "a")};
  auto const map = NameMap::build({}, names, 1);
  EXPECT_FALSE(map.find("a"));
  EXPECT_FALSE(map.find(""));
  EXPECT_FALSE(map.find("s__a_"));
}

}  // namespace
}  // namespace weir::router
