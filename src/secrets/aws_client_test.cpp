#include "secrets/aws_client.hpp"

#include <gtest/gtest.h>

#include <map>

#include "secrets/aws_keys.hpp"

namespace weir::secrets {
namespace {

using base::Fault;

AwsKeys keys(std::string_view session = {}) {
  return {"AKIDEXAMPLE", base::Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), base::Secret(session)};
}

std::string field(StoreQuestion const& question, std::string_view name) {
  for (auto const& [key, value] : question.fields) {
    if (key == name) return std::string(value.reveal());
  }
  return "-";
}

TEST(AwsClient, AsksForASecretByNameAndSignsEverything_R052) {
  auto const wall = base::WallTime(std::chrono::seconds{1'440'938'160});
  auto const question = aws_question("team/\"x\"", "secretsmanager.us-east-1.amazonaws.com", "us-east-1",
                                     keys("session"), wall);
  EXPECT_EQ(question.method, "POST");
  EXPECT_EQ(question.body.reveal(), R"({"SecretId":"team/\"x\""})");
  EXPECT_EQ(field(question, "x-amz-target"), "secretsmanager.GetSecretValue");
  EXPECT_EQ(field(question, "x-amz-date"), "20150830T123600Z");
  EXPECT_EQ(field(question, "x-amz-security-token"), "session");
  auto const signature = field(question, "authorization");
  EXPECT_TRUE(signature.starts_with(
      "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/secretsmanager/aws4_request, "
      "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="))
      << signature;
}

TEST(AwsClient, ReadsTheStringAndItsJson_R052) {
  auto const answer = aws_answer(200, R"({"ARN":"a","Name":"n","VersionId":"v-1","CreatedDate":1521685446.5,
      "SecretString":"{\"GITHUB\":\"s3cret\",\"port\":7,\"o\":{}}"})");
  ASSERT_TRUE(answer);
  ASSERT_EQ(answer->values.size(), 3U);
  EXPECT_EQ(answer->values[0].first, "");
  EXPECT_EQ(answer->values[1].first, "GITHUB");
  EXPECT_EQ(answer->values[1].second.reveal(), "s3cret");
  EXPECT_EQ(answer->values[2].second.reveal(), "7");
  EXPECT_EQ(answer->version, "v-1");
  EXPECT_EQ(answer->created, base::WallTime(std::chrono::milliseconds{1'521'685'446'500}));
  EXPECT_EQ(aws_answer(200, R"({"SecretString":"plain"})")->values.size(), 1U);
}

TEST(AwsClient, SaysWhatFailed) {
  auto const missing = aws_answer(400, R"({"__type":"com.amazonaws.secretsmanager#ResourceNotFoundException",
      "Message":"Secrets Manager can't find the specified secret."})");
  EXPECT_EQ(missing.error().fault, Fault::not_found);
  EXPECT_EQ(missing.error().detail,
            "AWS answered 400: ResourceNotFoundException: Secrets Manager can't find the specified secret.");
  EXPECT_EQ(aws_answer(400, R"({"__type":"InvalidSignatureException"})").error().fault, Fault::denied);
  EXPECT_EQ(aws_answer(400, R"({"__type":"ThrottlingException"})").error().fault, Fault::unavailable);
  EXPECT_EQ(aws_answer(500, "").error().fault, Fault::unavailable);
  EXPECT_EQ(aws_answer(200, R"({"SecretBinary":"AAAA"})").error().fault, Fault::protocol);
  EXPECT_EQ(aws_answer(200, "{}").error().fault, Fault::protocol);
  EXPECT_EQ(aws_answer(302, "").error().fault, Fault::protocol);
}

TEST(AwsClient, AnErrorRepeatsNeitherKeysNorTheSignature_F57) {
  auto const question = aws_question("x", "host", "us-east-1", keys("session+CANARY"), base::WallTime());
  auto const field_value = field(question, "authorization");
  auto const signature = field_value.substr(field_value.rfind('=') + 1);
  ASSERT_EQ(signature.size(), 64U);
  auto const said = [&](std::string const& message) {
    return aws_answer(403, R"({"__type":"AccessDeniedException","message":")" + message + "\"}",
                      question.credentials)
        .error()
        .detail;
  };
  constexpr auto kBegin = "AWS answered 403: AccessDeniedException: ";
  EXPECT_EQ(said("token session\\u002BCANARY"), std::string(kBegin) + "token ***");
  EXPECT_EQ(said("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), std::string(kBegin) + "***");
  EXPECT_EQ(said("Credential=AKIDEXAMPLE, Signature=" + signature),
            std::string(kBegin) + "Credential=AKIDEXAMPLE, Signature=***");
  auto const good =
      aws_answer(200, R"({"VersionId":"v session+CANARY","SecretString":"s"})", question.credentials);
  EXPECT_EQ(good->version, "v ***");
}

TEST(AwsClient, NumbersKeepTheirText_R053) {
  auto const answer = aws_answer(200, R"({"SecretString":"{\"RATE\":0.1,\"ID\":12345678901234567890123}"})");
  ASSERT_EQ(answer->values.size(), 3U);
  EXPECT_EQ(answer->values[1].second.reveal(), "0.1");
  EXPECT_EQ(answer->values[2].second.reveal(), "12345678901234567890123");
}

TEST(AwsKeys, ComeFromVariables_R052) {
  std::map<std::string, std::string, std::less<>> vars;
  auto const look = [&](std::string_view name) -> std::optional<std::string_view> {
    auto const found = vars.find(name);
    if (found == vars.end()) return {};
    return found->second;
  };
  vars["AWS_ACCESS_KEY_ID"] = "id";
  EXPECT_FALSE(keys_in_variables(look));
  vars["AWS_SECRET_ACCESS_KEY"] = "secret";
  vars["AWS_SESSION_TOKEN"] = "session";
  auto const found = keys_in_variables(look);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "id");
  EXPECT_EQ(found->secret.reveal(), "secret");
  EXPECT_EQ(found->session.reveal(), "session");
}

TEST(AwsKeys, ComeFromAProfileOfTheSharedFile_R052) {
  constexpr std::string_view kFile =
      "# comment\n[default]\naws_access_key_id = A\naws_secret_access_key=B\r\nregion = x\n"
      "[ other ]\naws_access_key_id=C\naws_secret_access_key = "
      "D=\naws_session_token=E\n[half]\naws_access_key_id=F";
  auto const plain_one = keys_in_file(kFile, "default");
  ASSERT_TRUE(plain_one);
  EXPECT_EQ(plain_one->id + std::string(plain_one->secret.reveal()), "AB");
  auto const other = keys_in_file(kFile, "other");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->secret.reveal(), "D=");
  EXPECT_EQ(other->session.reveal(), "E");
  EXPECT_FALSE(keys_in_file(kFile, "half"));
  EXPECT_FALSE(keys_in_file(kFile, "none"));
}

TEST(AwsKeys, ComeFromTheEndpointOfAContainerOrInstance) {
  auto const lent = keys_in_answer(R"({"Code":"Success","AccessKeyId":"A","SecretAccessKey":"B","Token":"C",
      "Expiration":"2018-03-22T02:24:06Z"})");
  ASSERT_TRUE(lent);
  EXPECT_EQ(lent->keys.session.reveal(), "C");
  EXPECT_EQ(lent->ends, base::WallTime(std::chrono::seconds{1'521'685'446}));
  EXPECT_FALSE(keys_in_answer("{}"));
  EXPECT_FALSE(keys_in_answer("no"));
}

TEST(AwsKeys, AreAskedForAtHostsOfContainersOnly) {
  for (auto const* const host : {"127.0.0.1", "::1", "localhost", "169.254.170.2", "169.254.170.23"})
    EXPECT_TRUE(is_container_host(host)) << host;
  for (auto const* const host : {"", "10.0.0.1", "169.254.170.3", "localhost.example", "example.com"})
    EXPECT_FALSE(is_container_host(host)) << host;
}

}  // namespace
}  // namespace weir::secrets
