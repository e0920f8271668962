#include "app/tls_files.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"
#include "support/tls_peer.hpp"

namespace weir::app {
namespace {

base::WallTime now() { return base::SystemClock{}.wall(); }

struct Files : testing::Test {
  config::MemoryEnvironment environment;
  test::TlsPeer const peer{"DNS:a"};
  test::TlsPeer const other{"DNS:b"};
  test::TlsPeer const old{"DNS:c", "old", {-7200, -3600}};

  void SetUp() override {
    environment.files["/here/ca.pem"] = other.certificate_pem();
    environment.files["/here/me.pem"] = peer.certificate_pem();
    environment.files["/here/me.key"] = peer.key_pem();
    environment.files["/here/weir.yaml"] =
        "servers:\n"
        "  docs:\n"
        "    url: https://docs/\n"
        "    tls: { ca: ca.pem, cert: me.pem, key: me.key }\n"
        "  plain: { url: https://plain/ }\n";
  }
  config::CheckReport check() {
    config::Sources sources{{"weir.yaml"}, {}, {}, false, false};
    sources.inspect = [this](config::Settings const& settings, config::Problems& problems) {
      inspect_tls(settings, environment, now(), problems);
    };
    return config::check(sources, environment);
  }
  std::string text() {
    auto const report = check();
    return config::render_text(report.problems, false);
  }
};

TEST_F(Files, WhatIsInOrderMakesAProfile) {
  EXPECT_EQ(text(), "");
  auto const settings = check().settings;
  auto const reading = read_tls(files_of("docs", settings.server_tls.at("docs")), environment, now());
  EXPECT_FALSE(reading.trouble);
  EXPECT_EQ(reading.profile.authorities, other.certificate_pem());
  EXPECT_EQ(reading.profile.key.reveal(), peer.key_pem());
}

TEST_F(Files, TheWrongKeyIsSaidAtItsPlaceWithACureAndConfinedToItsServer) {
  environment.files["/here/me.key"] = other.key_pem();
  EXPECT_EQ(text(),
            "error[WEIR-E056]: `/here/me.key` is not the key of the certificate\n"
            "  --> weir.yaml:4:43\n"
            "4 |     tls: { ca: ca.pem, cert: me.pem, key: me.key }\n"
            "  |                                           ^^^^^^\n"
            "  = the server is set aside, the others start\n"
            "  = fix: give the key that the certificate was made for\n");
  EXPECT_TRUE(check().problems.front().confined);
}

TEST_F(Files, EachKindOfBadFileIsTold) {
  auto const told_of = [this](char const* path, std::optional<std::string> text_of_file) {
    SetUp();
    environment.files.erase(path);
    if (text_of_file) environment.files[path] = *text_of_file;
    auto const settings = check().settings;
    auto const files = files_of("docs", settings.server_tls.at("docs"));
    auto const trouble = read_tls(files, environment, now()).trouble;
    return trouble ? told(*trouble, files.place, settings) : std::string();
  };
  EXPECT_EQ(told_of("/here/ca.pem", std::nullopt).find("weir.yaml:4:16: `/here/ca.pem` cannot be read: "),
            0U);
  EXPECT_EQ(told_of("/here/ca.pem", ""), "weir.yaml:4:16: `/here/ca.pem` is empty; write it again, as PEM");
  EXPECT_NE(told_of("/here/ca.pem", "text").find("holds no certificate; give"), std::string::npos);
  EXPECT_NE(told_of("/here/me.pem", old.certificate_pem()).find("`/here/me.pem` has expired on 20"),
            std::string::npos);
  EXPECT_NE(told_of("/here/me.key", "text").find("holds no private key that can be read"), std::string::npos);
}

TEST_F(Files, AKeyFromAReferenceIsNotShown) {
  environment.files["/here/weir.yaml"] =
      "servers: { docs: { url: \"https://docs/\", tls: { cert: me.pem, key: \"${file:/here/other.key}\" } } "
      "}\n";
  environment.files["/here/other.key"] = other.key_pem();
  auto const shown = text();
  EXPECT_NE(shown.find("the private key is not the key of the certificate"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("BEGIN"), std::string::npos);
}

TEST_F(Files, EachFileThatCannotBeReadIsTold) {
  environment.files.erase("/here/ca.pem");
  environment.files.erase("/here/me.pem");
  environment.files.erase("/here/me.key");
  auto const report = check();
  ASSERT_EQ(report.problems.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    constexpr char const* kFiles[] = {"`/here/ca.pem`", "`/here/me.pem`", "`/here/me.key`"};
    EXPECT_EQ(report.problems[i].message.find(kFiles[i]), 0U) << report.problems[i].message;
    EXPECT_TRUE(report.problems[i].confined);
  }
}

TEST_F(Files, AKeyThatIsNotSetIsToldOnce) {
  environment.files["/here/weir.yaml"] =
      "servers: { docs: { url: https://docs/, tls: { cert: me.pem, key: \"${cred:nosuch}\" } } }\n";
  auto const report = check();
  ASSERT_EQ(report.problems.size(), 1U) << text();
  EXPECT_EQ(report.problems.front().code, "WEIR-E032");
}

TEST_F(Files, AListenerWithABadFileIsNoMatterOfOneServer) {
  environment.files["/here/weir.yaml"] =
      "listeners: [ { bind: \"127.0.0.1:1\", tls: { cert: me.pem, key: gone.key } } ]\n";
  auto const report = check();
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_FALSE(report.problems.front().confined);
  EXPECT_EQ(report.exit_code, 78);
}

}  // namespace
}  // namespace weir::app
