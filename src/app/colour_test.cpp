#include "app/colour.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

bool wants(config::Environment::Variables vars, bool on_terminal, std::string_view choice = "auto") {
  config::MemoryEnvironment environment;
  environment.vars = std::move(vars);
  return wants_colour(choice, on_terminal, environment);
}

TEST(Colour, IsForTerminalsOnly) {
  EXPECT_TRUE(wants({}, true));
  EXPECT_FALSE(wants({}, false));
  EXPECT_FALSE(wants({{"TERM", "dumb"}}, true));
}

TEST(Colour, FollowsTheUsersVariables) {
  EXPECT_FALSE(wants({{"NO_COLOR", "1"}}, true));
  EXPECT_TRUE(wants({{"NO_COLOR", ""}}, true));
  EXPECT_FALSE(wants({{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}, true));
  EXPECT_TRUE(wants({{"CLICOLOR_FORCE", "1"}}, false));
  EXPECT_FALSE(wants({{"CLICOLOR_FORCE", "0"}}, false));
}

TEST(Colour, FollowsTheFlagBeforeAll) {
  EXPECT_TRUE(wants({{"NO_COLOR", "1"}, {"TERM", "dumb"}}, false, "always"));
  EXPECT_FALSE(wants({{"CLICOLOR_FORCE", "1"}}, true, "never"));
}

}  // namespace
}  // namespace weir::app
