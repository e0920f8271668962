#include "mcp/method.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace weir::mcp {
namespace {

TEST(Method, IsFoundByItsNameAndByNothingElse) {
  std::set<std::string_view> names;
  for (std::size_t i = 1; i < kMethodCount; ++i) {
    auto const method = static_cast<Method>(i);
    auto const name = traits_of(method).name;
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(find_method(name), method) << name;
    EXPECT_EQ(find_method(std::string(name) + "x"), Method::unknown);
    EXPECT_EQ(find_method(name.substr(1)), Method::unknown);
  }
  EXPECT_EQ(find_method(""), Method::unknown);
  EXPECT_EQ(find_method("Tools/call"), Method::unknown);
  EXPECT_EQ(traits_of(Method::unknown).name, "");
}

TEST(Method, NamesMatchTheirEnumerators) {
  EXPECT_EQ(traits_of(Method::server_discover).name, "server/discover");
  EXPECT_EQ(traits_of(Method::tools_call).name, "tools/call");
  EXPECT_EQ(traits_of(Method::tasks_result).name, "tasks/result");
  EXPECT_EQ(traits_of(Method::resources_directory_read).name, "resources/directory/read");
  EXPECT_EQ(traits_of(Method::roots_list).name, "roots/list");
  EXPECT_EQ(traits_of(Method::notifications_initialized).name, "notifications/initialized");
  EXPECT_EQ(traits_of(Method::notifications_tasks).name, "notifications/tasks");
}

std::set<std::string_view> names_where(bool (*is)(MethodTraits const&)) {
  std::set<std::string_view> names;
  for (std::size_t i = 1; i < kMethodCount; ++i) {
    auto const& traits = traits_of(static_cast<Method>(i));
    if (is(traits)) names.insert(traits.name);
  }
  return names;
}

using Names = std::set<std::string_view>;

// P027: the requests with a mandatory Mcp-Name.
TEST(Method, NeedsMcpNameWhereTheHeaderIsMandatory) {
  EXPECT_EQ(
      names_where([](MethodTraits const& t) { return t.needs_mcp_name; }),
      (Names{"tools/call", "prompts/get", "resources/read", "tasks/get", "tasks/update", "tasks/cancel"}));
  EXPECT_EQ(traits_of(Method::tools_call).routed_by, RoutedBy::name);
  EXPECT_EQ(traits_of(Method::prompts_get).routed_by, RoutedBy::name);
  EXPECT_EQ(traits_of(Method::resources_read).routed_by, RoutedBy::uri);
  EXPECT_EQ(traits_of(Method::tasks_get).routed_by, RoutedBy::task_id);
  EXPECT_EQ(traits_of(Method::tools_list).routed_by, RoutedBy::none);
}

// P025: these are gone in 2026-07-28.
TEST(Method, LeavesRemovedMethodsToTheLegacyEra) {
  for (auto const method :
       {Method::initialize, Method::ping, Method::logging_set_level, Method::resources_subscribe,
        Method::resources_unsubscribe, Method::notifications_roots_list_changed}) {
    EXPECT_TRUE(traits_of(method).legacy && !traits_of(method).modern) << traits_of(method).name;
  }
  for (auto const method : {Method::server_discover, Method::subscriptions_listen}) {
    EXPECT_TRUE(traits_of(method).modern && !traits_of(method).legacy) << traits_of(method).name;
  }
}

// P089 and the skills extension.
TEST(Method, CarriesCacheHintsOnExactlyTheseResults) {
  EXPECT_EQ(names_where([](MethodTraits const& t) { return t.cacheable; }),
            (Names{"server/discover", "tools/list", "prompts/list", "resources/list",
                   "resources/templates/list", "resources/read", "skills/list", "skills/get"}));
}

TEST(Method, NeverCallsAToolCallSafe) {
  EXPECT_FALSE(traits_of(Method::tools_call).safe);
  EXPECT_FALSE(traits_of(Method::initialize).safe);
  EXPECT_FALSE(traits_of(Method::unknown).safe);
  EXPECT_TRUE(traits_of(Method::tools_list).safe);
  EXPECT_TRUE(traits_of(Method::resources_read).safe);
}

TEST(Method, KnowsListsNotificationsAndRequestsToTheClient) {
  EXPECT_EQ(names_where([](MethodTraits const& t) { return t.list; }),
            (Names{"tools/list", "prompts/list", "resources/list", "resources/templates/list", "tasks/list",
                   "skills/list"}));
  EXPECT_EQ(names_where([](MethodTraits const& t) { return t.to_client; }),
            (Names{"ping", "elicitation/create", "sampling/createMessage", "roots/list"}));
  for (auto const name : names_where([](MethodTraits const& t) { return t.notification; })) {
    EXPECT_TRUE(name.starts_with("notifications/"));
  }
  EXPECT_FALSE(traits_of(Method::tools_call).notification);
}

}  // namespace
}  // namespace weir::mcp
