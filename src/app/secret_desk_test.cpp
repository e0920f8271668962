#include "app/secret_desk.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace weir::app {
namespace {

struct Desk : testing::Test {
  config::MemoryEnvironment machine;
  SecretDesk desk{machine};
  config::Settings settings;

  void add(std::string const& name, std::string const& reference, bool disabled = false) {
    config::Server server;
    server.name = name;
    server.disabled = disabled;
    settings.servers.push_back(server);
    settings.references.push_back({reference, "servers." + name + ".auth.token", false});
  }
  std::string why(std::string const& reference) { return desk.environment().kept(reference).error().detail; }
};

TEST_F(Desk, WhatIsBeyondTheLimitIsAnError) {
  for (int i = 0; i < 1001; ++i) add("s" + std::to_string(i), "vault:p#" + std::to_string(i));
  desk.learn(settings);
  EXPECT_EQ(why("vault:p#999"), "has not been asked for yet");
  EXPECT_NE(why("vault:p#1000").find("at most 1000 secrets"), std::string::npos) << why("vault:p#1000");
  EXPECT_EQ(desk.environment().kept("vault:p#1000").error().fault, base::Fault::unavailable);
  EXPECT_TRUE(desk.must_ask()) << "whoever has read settings before reads them again";
}

TEST_F(Desk, DisabledServersTakeNoPlaceAndHaveNoSay) {
  for (int i = 0; i < 1000; ++i) add("off" + std::to_string(i), "vault:p#" + std::to_string(i), true);
  add("on", "vault:q#k");
  add("off-too", "vault:q#k", true);
  desk.learn(settings);
  EXPECT_EQ(why("vault:q#k"), "has not been asked for yet");
  EXPECT_EQ(why("vault:p#0"), "is not asked for: its server is disabled");
  auto const json = desk.status_json();
  EXPECT_EQ(json.find("vault:p#"), std::string::npos) << json;
  EXPECT_NE(json.find(R"("used_by":["servers.on.auth.token"])"), std::string::npos) << json;
}

TEST_F(Desk, WhatIsNotNeededAnyMoreMakesRoomFirst) {
  for (int i = 0; i < 1000; ++i) add("a" + std::to_string(i), "vault:p#" + std::to_string(i));
  desk.learn(settings);
  settings = {};
  for (int i = 0; i < 1000; ++i) add("b" + std::to_string(i), "vault:q#" + std::to_string(i));
  desk.learn(settings);
  EXPECT_EQ(why("vault:q#999"), "has not been asked for yet");
}

// The limit is told with file and line.
TEST_F(Desk, AReferenceBeyondTheLimitIsReportedWhereItStands) {
  std::string text = "servers:\n";
  for (int i = 0; i < 1001; ++i) {
    auto const n = std::to_string(i);
    auto const reference = i < 1000 ? "file:/k" + n : "vault:p#k";
    machine.files["/k" + n] = "value-of-" + n;
    text += "  s" + n + ": { url: https://a/mcp, auth: { type: bearer, token: \"${" + reference + "}\" } }\n";
  }
  machine.files["/here/weir.yaml"] = text;
  config::Sources const sources{{"weir.yaml"}, {}, {}, false, false};
  desk.learn(config::check(sources, desk.environment()).settings);
  auto const report = config::check(sources, desk.environment());
  std::size_t errors = 0;
  for (auto const& problem : report.problems) {
    if (problem.code != "WEIR-E032") continue;
    ++errors;
    EXPECT_EQ(problem.severity, config::Severity::error);
    EXPECT_EQ(problem.mark.line, 1002U);
    EXPECT_NE(problem.message.find("at most 1000 secrets"), std::string::npos) << problem.message;
  }
  EXPECT_EQ(errors, 1U);
}

}  // namespace
}  // namespace weir::app
