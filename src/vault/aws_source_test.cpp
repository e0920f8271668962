#include "vault/aws_source_io.hpp"

#include <gtest/gtest.h>

#include <map>

#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "vault/fake_store_test.hpp"

namespace weir::vault {
namespace {

using namespace std::chrono_literals;
using base::Fault;

constexpr char const* kValue = R"({"VersionId":"v1","SecretString":"{\"K\":\"s3cret\"}"})";
constexpr char const* kLent = R"({"AccessKeyId":"LENT","SecretAccessKey":"B","Token":"C","Expiration":")";

struct AwsShell : testing::Test {
  base::VirtualLoop loop;
  FakeStore store;
  AwsOptions options;
  std::map<std::string, std::string, std::less<>> vars;
  std::map<std::string, std::string> files;
  secrets::SecretReference about{secrets::Store::aws, "team/x", "K"};
  base::TaskGroup tasks{loop};
  std::unique_ptr<AwsSource> source;

  AwsShell() { options.region = "eu-west-1"; }
  base::Result<secrets::StoreAnswer> read() {
    if (!source) {
      auto const variable = [this](std::string_view name) -> std::optional<std::string_view> {
        auto const found = vars.find(name);
        if (found == vars.end()) return {};
        return found->second;
      };
      auto const file = [this](std::string const& path) -> base::Result<std::string> {
        auto const found = files.find(path);
        if (found == files.end()) return base::Error(Fault::not_found, base::Blame::client, "no such file");
        return found->second;
      };
      source = std::make_unique<AwsSource>(loop, store, options, variable, file, "/home/u");
    }
    base::Result<secrets::StoreAnswer> out = base::Error();
    tasks.spawn(keep_answer(source->read(about, loop.now() + 5s), out));
    loop.run();
    return out;
  }
  // One hour of the virtual wall clock, as RFC 3339.
  std::string lent_for_an_hour() const {
    auto const at = loop.clock().wall() + 1h;
    auto const date = secrets::amz_date(at);
    return kLent + date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 2) + "T" +
           date.substr(9, 2) + ":" + date.substr(11, 2) + ":" + date.substr(13, 2) + "Z\"}";
  }
};

TEST_F(AwsShell, AsksTheRegionWithKeysOfVariables_R052) {
  vars = {{"AWS_ACCESS_KEY_ID", "VARID"}, {"AWS_SECRET_ACCESS_KEY", "b"}};
  files["/home/u/.aws/credentials"] = "[default]\naws_access_key_id=FILEID\naws_secret_access_key=b\n";
  store.answers = {{200, kValue}};
  ASSERT_TRUE(read());
  EXPECT_EQ(store.asked[0].line, "POST https://secretsmanager.eu-west-1.amazonaws.com/");
  EXPECT_NE(store.asked[0].field("authorization").find("Credential=VARID/"), std::string::npos);
}

TEST_F(AwsShell, TakesKeysOfTheSharedFileAndReadsItAnewEachTime_R052) {
  files["/home/u/.aws/credentials"] = "[default]\naws_access_key_id=FILE1\naws_secret_access_key=b\n";
  store.answers = {{200, kValue}, {200, kValue}};
  ASSERT_TRUE(read());
  files["/home/u/.aws/credentials"] = "[default]\naws_access_key_id=FILE2\naws_secret_access_key=b\n";
  ASSERT_TRUE(read());
  EXPECT_NE(store.asked[0].field("authorization").find("=FILE1/"), std::string::npos);
  EXPECT_NE(store.asked[1].field("authorization").find("=FILE2/"), std::string::npos);
}

TEST_F(AwsShell, AsksNoEndpointForKeysUnlessConfigured) {
  auto const answer = read();
  EXPECT_EQ(answer.error().fault, Fault::config);
  EXPECT_TRUE(store.asked.empty());
}

TEST_F(AwsShell, TakesKeysOfTheInstanceAndKeepsThemUntilTheyEnd) {
  options.endpoints = true;
  store.answers = {{200, "imds"}, {200, "role-a"}, {200, lent_for_an_hour()}, {200, kValue}, {200, kValue}};
  ASSERT_TRUE(read());
  ASSERT_EQ(store.asked.size(), 4U);
  EXPECT_EQ(store.asked[0].line, "PUT http://169.254.169.254/latest/api/token");
  EXPECT_EQ(store.asked[2].line,
            "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/role-a");
  EXPECT_EQ(store.asked[2].field("X-aws-ec2-metadata-token"), "imds");
  EXPECT_EQ(store.asked[3].field("x-amz-security-token"), "C");
  loop.advance(54min);
  ASSERT_TRUE(read());
  EXPECT_EQ(store.asked.size(), 5U);
  loop.advance(1min);
  static_cast<void>(read());  // there is no answer to it
  EXPECT_EQ(store.asked[5].line, "PUT http://169.254.169.254/latest/api/token");
}

TEST_F(AwsShell, WhatAStoreRepeatsOfAKeyIsMasked_F57) {
  vars = {{"AWS_ACCESS_KEY_ID", "VARID"},
          {"AWS_SECRET_ACCESS_KEY", "secret-CANARY"},
          {"AWS_SESSION_TOKEN", "session-CANARY"}};
  store.answers = {{403, R"({"message":"session-CANARY secret-CANARY"})"}};
  EXPECT_EQ(read().error().detail, "AWS answered 403: *** ***");
  vars.clear();
  options.endpoints = true;
  source.reset();
  auto lent = lent_for_an_hour();
  lent.replace(lent.find(R"("Token":"C")"), 11, R"("Token":"lent-CANARY")");
  store.answers = {{200, "imds"}, {200, "role-a"}, {200, lent}, {403, R"({"message":"lent-CANARY"})"}};
  EXPECT_EQ(read().error().detail, "AWS answered 403: ***");
}

TEST_F(AwsShell, ARoleThatIsNoNameIsNotAskedFor) {
  options.endpoints = true;
  store.answers = {{200, "imds"}, {200, "../../other"}};
  EXPECT_FALSE(read());
  EXPECT_EQ(store.asked.size(), 2U);
}

TEST_F(AwsShell, TakesKeysOfTheContainerAtItsHostsOnly) {
  options.endpoints = true;
  vars["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  vars["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "auth";
  store.answers = {{200, lent_for_an_hour()}, {200, kValue}};
  ASSERT_TRUE(read());
  EXPECT_EQ(store.asked[0].line, "GET http://169.254.170.2/v2/x");
  EXPECT_EQ(store.asked[0].field("Authorization"), "auth");

  source.reset();
  store.asked.clear();
  vars.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  vars["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://10.0.0.1/keys";
  EXPECT_EQ(read().error().fault, Fault::config);
  EXPECT_TRUE(store.asked.empty());
}

}  // namespace
}  // namespace weir::vault
