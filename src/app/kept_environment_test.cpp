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
  environment.in_force(false);
  bring("third");
  environment.replay();
  EXPECT_EQ(token(), "Bearer third") << "a file with errors is not in force";
}

TEST_F(Kept, OneUnusableSecretKeepsNoOtherFromChanging_F28) {
  machine.files["/here/weir.yaml"] = R"(
servers:
  a: { url: http://a/mcp, auth: { type: bearer, token: "${vault:x#token}" } }
  b: { url: http://b/mcp, headers: { X-Key: "${vault:x#other}" } }
)";
  auto const load = [&] {
    config::Problems problems;
    auto loaded = config::load({{"weir.yaml"}, {}, {}, false, false}, environment, problems);
    EXPECT_FALSE(problems.must_not_start());
    return loaded.settings;
  };
  auto const both = [&](std::string_view one, std::string_view other) {
    table.hurry(clock.now());
    secrets::StoreAnswer answer;
    answer.values.emplace_back("token", base::Secret(one));
    answer.values.emplace_back("other", base::Secret(other));
    for (auto& asking : table.take_due(clock.now(), 9)) asking.brought(answer, clock.now(), clock.wall());
  };
  auto const judge = [&](config::Settings const& settings) {
    std::vector<secrets::Misfit> misfits;
    for (auto const& [reference, why] : settings.misfits)
      misfits.push_back({*secrets::parse_reference(reference), why});
    return table.judge(misfits, true);
  };
  for (auto const* const reference : {"vault:x#token", "vault:x#other"})
    table.want(*secrets::parse_reference(reference), {}, clock.now());
  both("first", "one");
  environment.read_anew();
  EXPECT_TRUE(judge(load()).empty());
  both("bad\nvalue", "two");
  environment.replay();
  auto const bad = load();
  EXPECT_NE(bad.server("a")->unusable, "");
  auto const news = judge(bad);
  ASSERT_EQ(news.size(), 1U);
  EXPECT_TRUE(news[0].rolled_back);
  EXPECT_EQ(news[0].misfit.reference.text(), "vault:x#token");
  auto const settings = load();
  EXPECT_EQ(settings.server("a")->unusable, "");
  EXPECT_EQ(settings.server("a")->credential.value.reveal(), "Bearer first");
  EXPECT_EQ(settings.server("b")->headers.at(0).second.reveal(), "two");
  EXPECT_TRUE(judge(settings).empty());
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

TEST_F(Kept, SaysWhyAStoreIsNotAsked) {
  EXPECT_TRUE(environment.leave_out(
      {{"vault:x#a", KeptEnvironment::LeftOut::beyond}, {"vault:x#b", KeptEnvironment::LeftOut::disabled}}));
  auto const beyond = environment.kept("vault:x#a").error();
  EXPECT_EQ(beyond.fault, base::Fault::unavailable) << "an error";
  EXPECT_NE(beyond.detail.find("at most 1000 secrets"), std::string::npos) << beyond.detail;
  auto const disabled = environment.kept("vault:x#b").error();
  EXPECT_EQ(disabled.fault, base::Fault::starting) << "a note";
  EXPECT_NE(disabled.detail.find("its server is disabled"), std::string::npos) << disabled.detail;
  EXPECT_FALSE(environment.leave_out(
      {{"vault:x#a", KeptEnvironment::LeftOut::beyond}, {"vault:x#b", KeptEnvironment::LeftOut::disabled}}));
  EXPECT_TRUE(environment.leave_out({}));
  EXPECT_EQ(environment.kept("vault:x#a").error().detail, "has not been asked for yet");
}

}  // namespace
}  // namespace weir::app
