#include <gtest/gtest.h>

#include "config/load.hpp"

namespace weir::config {
namespace {

struct World {
  MemoryEnvironment environment;
  Sources sources{{"weir.yaml"}, {}, {}, false, false};

  explicit World(std::string text) { environment.files["/here/weir.yaml"] = std::move(text); }
  CheckReport check() const { return config::check(sources, environment); }
  Settings settings() const { return check().settings; }
  std::string seen() const {
    std::string out;
    for (auto const& problem : check().problems)
      out += std::string(name_of(problem.severity)) + " " + problem.code.substr(5) + ", ";
    return out;
  }
};

TEST(Tls, TheTrustOfAServerIsReadWithWhereItStands_R048) {
  World world(
      "servers:\n  docs:\n    url: https://docs/\n"
      "    tls: { ca: ca.pem, cert: /etc/weir/me.pem, key: \"${file:/here/key.pem}\", min_version: \"1.3\" "
      "}\n"
      "  plain: { url: https://plain/ }\n");
  world.environment.files["/here/key.pem"] = "-----BEGIN PRIVATE KEY-----\n";
  EXPECT_EQ(world.seen(), "");
  auto const settings = world.settings();
  ASSERT_EQ(settings.server_tls.size(), 1U);
  auto const& tls = settings.server_tls.at("docs");
  EXPECT_EQ(tls.ca, "/here/ca.pem");
  EXPECT_EQ(tls.cert, "/etc/weir/me.pem");
  EXPECT_EQ(tls.key.path, "");
  EXPECT_EQ(tls.key.text.reveal().substr(0, 10), "-----BEGIN");
  EXPECT_TRUE(tls.only_13);
  EXPECT_TRUE(tls.verify);
  EXPECT_EQ(settings.tls_marks.at("servers.docs.tls.ca").line, 4U);
}

TEST(Tls, AKeyThatIsNoPemIsAPath) {
  World world("servers: { docs: { url: \"https://docs/\", tls: { cert: c.pem, key: k.pem } } }");
  EXPECT_EQ(world.settings().server_tls.at("docs").key.path, "/here/k.pem");
  EXPECT_TRUE(world.settings().server_tls.at("docs").key.text.empty());
}

TEST(Tls, AnotherTrustIsNoReasonToStartAServerAgain) {
  auto const with = [](char const* ca) {
    return World(std::string("servers: { docs: { url: \"https://docs/\", tls: { ca: ") + ca + " } } }")
        .settings();
  };
  EXPECT_TRUE(changes(with("a.pem"), with("b.pem")).changed.empty());
}

TEST(Tls, WhatDoesNotGoTogetherIsSaid) {
  auto const seen = [](char const* tls) {
    return World(std::string("servers: { docs: { url: \"https://docs/\", tls: ") + tls + " } }").seen();
  };
  EXPECT_EQ(seen("{ cert: c.pem }"), "error E022, ");
  EXPECT_EQ(seen("{ key: k.pem }"), "error E022, ");
  EXPECT_EQ(seen("{ verify: false }"), "warning E055, ");
  EXPECT_EQ(seen("{ min_version: \"1.1\" }"), "error E013, ");
  EXPECT_EQ(seen("{ min_version: 1.2 }"), "");
  EXPECT_EQ(World("servers: { docs: { command: c, tls: { ca: a.pem } } }").seen(), "error E023, ");
}

TEST(Tls, AListenerNeedsBothFilesAndCertificatesOfCallersAnAuthority) {
  auto const seen = [](char const* rest) {
    return World(std::string("listeners: [ { bind: \"127.0.0.1:1\", ") + rest + " } ]").seen();
  };
  EXPECT_EQ(seen("tls: { cert: c.pem, key: k.pem }"), "");
  EXPECT_EQ(seen("tls: { cert: c.pem }"), "error E022, ");
  EXPECT_EQ(seen("tls: { key: c.pem }"), "error E022, ");
  EXPECT_EQ(seen("tls: { cert: c.pem, key: k.pem }, auth: [cert]"), "error E022, ");
  EXPECT_EQ(seen("tls: { cert: c.pem, key: k.pem, client_ca: a.pem }, auth: [cert]"), "");
  EXPECT_EQ(seen("auth: [cert]"), "error E022, ");
}

TEST(Tls, WhatIsKeptAndHowOftenFilesAreLookedAt) {
  auto const tls = World("tls: { contexts: 7, lifetime: 5m, check: 1s }").settings().tls;
  EXPECT_EQ(tls.contexts, 7U);
  EXPECT_EQ(tls.lifetime, std::chrono::minutes{5});
  EXPECT_EQ(tls.check, std::chrono::seconds{1});
  EXPECT_EQ(World("").settings().tls, TlsKeeping{});
}

TEST(Tls, WhoeverUnderstandsCertificatesIsAskedAtTheEnd) {
  World world("servers: { docs: { url: \"https://docs/\", tls: { ca: ca.pem } } }");
  world.sources.inspect = [](Settings const& settings, Problems& problems) {
    auto& problem = problems.error("WEIR-E056", settings.tls_marks.at("servers.docs.tls.ca"), "damaged");
    problem.confined = true;
  };
  EXPECT_EQ(world.seen(), "error E056, ");
  EXPECT_EQ(world.check().problems.front().mark.line, 1U);
}

TEST(Places, AreKeptOfWhatOnlyARunningGatewayFindsFaultWith) {
  World world(
      "workers: 2\n"
      "listeners: [ { bind: 127.0.0.1:7000, auth: [jwt] }, { auth: [jwt] } ]\n"
      "admin: { bind: 127.0.0.1:7001 }\n"
      "auth:\n"
      "  jwt: { issuer: \"https://as.test\", audience: \"https://mcp.test/mcp\" }\n"
      "servers: {}\n");
  using Places = std::map<std::string, std::string, std::less<>>;
  EXPECT_EQ(world.settings().places, (Places{{"workers", "weir.yaml:1:10"},
                                             {"listeners", "weir.yaml:2:12"},
                                             {"listeners.0.bind", "weir.yaml:2:22"},
                                             {"admin.bind", "weir.yaml:3:16"},
                                             {"auth.jwt.issuer", "weir.yaml:5:18"}}));
}

}  // namespace
}  // namespace weir::config
