#include "secrets/secret_reference.hpp"

#include <gtest/gtest.h>

namespace weir::secrets {
namespace {

TEST(SecretReference, TakesDocumentAndKeyApart_R052_R054) {
  auto const vault = parse_reference("vault:mcp/credentials#token");
  ASSERT_TRUE(vault);
  EXPECT_EQ(*vault, (SecretReference{Store::vault, "mcp/credentials", "token"}));
  EXPECT_EQ(vault->text(), "vault:mcp/credentials#token");
  EXPECT_EQ(vault->document_name(), "vault:mcp/credentials");
  EXPECT_EQ(*parse_reference("aws-sm:team/mcp-credentials#GITHUB"),
            (SecretReference{Store::aws, "team/mcp-credentials", "GITHUB"}));
  EXPECT_EQ(*parse_reference("aws-sm:arn:aws:secretsmanager:eu-west-1:1:secret:x"),
            (SecretReference{Store::aws, "arn:aws:secretsmanager:eu-west-1:1:secret:x", ""}));
  EXPECT_EQ(*parse_reference("file:/run/a#b"), (SecretReference{Store::file, "/run/a#b", ""}));
  EXPECT_EQ(parse_reference("cred:github")->text(), "cred:github");
}

TEST(SecretReference, RefusesWhatNamesNoSecret) {
  for (auto const* const text :
       {"",           "vault",        "vault:",         "vault:#k",      "vault:a",
        "vault:a#",   "vault:../a#k", "vault:a/../b#k", "vault:a/./b#k", "vault:a//b#k",
        "vault:/a#k", "vault:a/#k",   "vault:a\n#k",    "aws-sm:",       "aws-sm:#k",
        "aws-sm:a#",  "file:",        "cred:",          "env:A",         "cmd:id",
        "Vault:a#k"}) {
    EXPECT_FALSE(parse_reference(text)) << text;
  }
}

TEST(SecretReference, IsBounded) {
  auto const text = "file:" + std::string(SecretReference::kBytesMax - 5, 'x');
  EXPECT_TRUE(parse_reference(text));
  EXPECT_FALSE(parse_reference(text + "x"));
}

}  // namespace
}  // namespace weir::secrets
