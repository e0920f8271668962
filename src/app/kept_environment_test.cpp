#include "app/kept_environment.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace weir::app {
namespace {

struct Kept : testing::Test {
  config::MemoryEnvironment machine;
  base::VirtualClock clock;
  base::SeededRandom random{1};
  secrets::SecretTable table{{}, random};
  KeptEnvironment environment{machine, table};

  std::string token() {
    config::Problems problems;
    auto const loaded = config::load({{"weir.yaml"}, {}, {}, false, false}, environment, problems);
    auto const* const server = loaded.settings.server("a");
    return server == nullptr ? "-" : std::string(server->credential.value.reveal());
  }
  void bring(std::string_view value) {
    table.hurry(clock.now());
    secrets::StoreAnswer answer;
    answer.values.emplace_back("token", base::Secret(value));
    for (auto& asking : table.take_due(clock.now(), 9)) asking.brought(answer, clock.now(), clock.wall());
  }
  void write(std::string_view file) {
    machine.files["/here/weir.yaml"] = "servers: { a: { url: http://" + std::string(file) +
                                       "/mcp, auth: { type: bearer, token: \"${vault:x#token}\" } } }";
  }
};

TEST_F(Kept, ASecretThatChangesTakesEffectWithTheTextsInForce_R059) {
  write("one");
  table.want(*secrets::parse_reference("vault:x#token"), {}, clock.now());
  bring("first");
  environment.read_anew();
  EXPECT_EQ(token(), "Bearer first");
  bring("second");
  machine.files["/here/weir.yaml"] = "half: [written";  // somebody is just editing it
  environment.replay();
  EXPECT_EQ(token(), "Bearer second");
  environment.read_anew();
  EXPECT_EQ(token(), "-");
}

TEST_F(Kept, SaysWhyThereIsNoValue) {
  EXPECT_EQ(environment.kept("vault:x#token").error().fault, base::Fault::starting);
  table.want(*secrets::parse_reference("vault:x#token"), {}, clock.now());
  table.take_due(clock.now(), 1)[0].failed("permission denied", clock.now());
  auto const kept = environment.kept("vault:x#token");
  EXPECT_EQ(kept.error().fault, base::Fault::unavailable);
  EXPECT_EQ(kept.error().detail, "permission denied");
  EXPECT_EQ(environment.kept("vault:../x#token").error().fault, base::Fault::unavailable);
}

}  // namespace
}  // namespace weir::app
