#include "upstream/child_environment.hpp"

#include <gtest/gtest.h>

#include <map>

namespace weir::upstream {
namespace {

std::string environment(std::map<std::string, std::string, std::less<>> const& own,
                        std::vector<Variable> const& configured) {
  auto const look_up = [&](std::string_view name) -> std::optional<std::string_view> {
    auto const found = own.find(name);
    if (found == own.end()) return std::nullopt;
    return found->second;
  };
  std::string out;
  for (auto const& [name, value] : child_environment(look_up, configured)) {
    out.append(name).append("=").append(value.reveal()).append(";");
  }
  return out;
}

TEST(ChildEnvironment, HoldsNothingOfTheGatewayButTheAllowList) {  // F-57, T-58
  EXPECT_EQ(environment({{"PATH", "/bin"},
                         {"HOME", "/h"},
                         {"LANG", "C"},
                         {"TZ", "UTC"},
                         {"GITHUB_TOKEN", "canary"},
                         {"LD_PRELOAD", "canary"},
                         {"NODE_OPTIONS", "canary"},
                         {"WEIR_CONFIG", "canary"}},
                        {}),
            "PATH=/bin;HOME=/h;LANG=C;TZ=UTC;");
}

TEST(ChildEnvironment, ConfiguredVariablesWin) {
  EXPECT_EQ(environment({{"PATH", "/bin"}},
                        {{"A", base::Secret("1")}, {"PATH", base::Secret("/opt")}, {"A", base::Secret("2")}}),
            "PATH=/opt;A=2;");
}

}  // namespace
}  // namespace weir::upstream
