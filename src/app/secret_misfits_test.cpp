#include "app/secret_misfits.hpp"

#include <gtest/gtest.h>

#include "config/load.hpp"

namespace weir::app {
namespace {

TEST(SecretMisfits, AKeyThatIsOneByItsFormOnlyIsFoundOutToo) {
  config::MemoryEnvironment environment;
  environment.files["/here/weir.yaml"] = R"(
servers:
  a: { url: http://a/mcp, auth: { type: oauth, client_id: "${file:/id}", client_key: "${file:/key}", token_url: "https://i/t" } }
)";
  environment.files["/id"] = "weir";
  environment.files["/key"] = "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----\n";
  auto const report = config::check({{"weir.yaml"}, {}, {}, false, false}, environment);
  EXPECT_TRUE(report.settings.misfits.empty());
  auto const found = misfits_of(report.settings);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].reference, "file:/key");
  EXPECT_NE(found[0].why.find("client_key"), std::string::npos) << found[0].why;
}

}  // namespace
}  // namespace weir::app
