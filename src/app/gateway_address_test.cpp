#include "app/gateway_address.hpp"

#include <gtest/gtest.h>

#include "app/exit_codes.hpp"

namespace weir::app {
namespace {

struct Found {
  int code = -1;
  std::string said;
  GatewayAddress address;
};

struct Here {
  config::MemoryEnvironment environment;

  explicit Here(std::string const& weir_yaml = {}) {
    if (!weir_yaml.empty()) environment.files["/here/weir.yaml"] = weir_yaml;
  }
  Found find(AddressRequest const& request = {}) const {
    Found found;
    testing::internal::CaptureStderr();
    found.code = find_gateway(request, environment, found.address);
    found.said = testing::internal::GetCapturedStderr();
    return found;
  }
};

constexpr char kWhole[] =
    "admin: { bind: 127.0.0.1:7001 }\n"
    "listeners:\n"
    "  - { bind: 0.0.0.0:7000 }\n";

TEST(GatewayAddress, IsWhatTheFileSaysOrTheDefault) {
  auto const configured = Here(kWhole).find();
  EXPECT_EQ(configured.code, kExitOk) << configured.said;
  EXPECT_EQ(configured.said, "");
  EXPECT_EQ(configured.address.admin.authority, "127.0.0.1:7001");
  EXPECT_EQ(configured.address.mcp.text(), "http://127.0.0.1:7000/mcp");
  auto const none = Here().find();
  EXPECT_EQ(none.code, kExitOk);
  EXPECT_EQ(none.address.admin.authority, "127.0.0.1:6271");
}

TEST(GatewayAddress, AFileThatIsMissingIsNotTheDefault) {
  auto const named = Here(kWhole).find({"typo.yaml", "", ""});
  EXPECT_EQ(named.code, kExitNoInput);
  EXPECT_NE(named.said.find("`typo.yaml` cannot be read"), std::string::npos) << named.said;
  Here here(kWhole);
  here.environment.vars["WEIR_CONFIG"] = "/gone/weir.yaml";
  EXPECT_EQ(here.find().code, kExitNoInput);
}

TEST(GatewayAddress, ABrokenAddressIsNotTheDefault) {
  for (auto const* const text : {
           "admin: { bind: 127.0.0.1:7001\nlisteners: [\n",                       // no YAML
           "admin: { bind: nowhere }\n",                                          // no address
           "admin: { bind: [127.0.0.1:7001] }\n",                                 // a list
           "admin: 7001\n",                                                       // no section
           "admni: { bind: 127.0.0.1:7001 }\n",                                   // a slip
           "admin: { bnid: 127.0.0.1:7001 }\n",                                   // another
           "admin: { bind: \"127.0.0.1:${PORT}\" }\n",                            // unset here
           "admin: { bind: 127.0.0.1:7001 }\nadmin: { bind: 127.0.0.1:7002 }\n",  // which?
           "listeners: 7\n",
           "listeners: []\n",
           "listeners:\n  - { bind: 127.0.0.1:notaport }\n",
       }) {
    auto const found = Here(text).find();
    EXPECT_EQ(found.code, kExitConfig) << text;
    EXPECT_NE(found.said.find("weir.yaml:"), std::string::npos) << text << found.said;
  }
}

TEST(GatewayAddress, WhatIsWrongElsewhereIsNotInTheWay) {
  for (auto const* const more : {
           "servers: { a: { command: [x], url: 5 } }\n",
           "servers: { a: { command: a, env: { TOKEN: \"${TOKEN}\" } } }\n",
           "servers: { a: { command: a, colour: red } }\n",
           "shutdown: { drain: soon }\n",
           "auth: { keys: [{ name: a, hash: \"${HASH}\" }] }\n",
       }) {
    auto const found = Here(std::string(kWhole) + more).find();
    EXPECT_EQ(found.code, kExitOk) << more << found.said;
    EXPECT_EQ(found.said, "");
    EXPECT_EQ(found.address.admin.authority, "127.0.0.1:7001");
  }
  auto const sealed = Here(
                          "admin: { bind: 127.0.0.1:7001 }\n"
                          "listeners:\n"
                          "  - bind: 0.0.0.0:7000\n"
                          "    tls: { cert: c.pem, key: \"${TLS_KEY}\" }\n")
                          .find();
  EXPECT_EQ(sealed.code, kExitOk) << "the key is the gateway's alone: " << sealed.said;
}

TEST(GatewayAddress, AnOptionThatSaysItAllNeedsNoFile) {
  Here const broken("admin: { bind: nowhere }\n");
  auto const admin = broken.find({"", "127.0.0.1:7009", ""});
  EXPECT_EQ(admin.code, kExitOk) << admin.said;
  EXPECT_EQ(admin.address.admin.authority, "127.0.0.1:7009");
  EXPECT_EQ(broken.find({"", "", "http://127.0.0.1:7008"}).address.mcp.text(), "http://127.0.0.1:7008/mcp");
  EXPECT_EQ(broken.find({"gone.yaml", "127.0.0.1:7009", ""}).code, kExitNoInput) << "it has been named";
}

TEST(GatewayAddress, ABadOptionIsAWrongCommandLine) {
  for (auto const* const admin : {"nowhere", "http://127.0.0.1:7001", "127.0.0.1:99999", "[1"}) {
    auto const found = Here(kWhole).find({"", admin, ""});
    EXPECT_EQ(found.code, kExitUsage) << admin << found.said;
    EXPECT_NE(found.said.find("--admin"), std::string::npos) << found.said;
  }
  EXPECT_EQ(Here(kWhole).find({"", "", "ftp://a"}).code, kExitUsage);
}

}  // namespace
}  // namespace weir::app
