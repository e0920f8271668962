#include "config/expand.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

MemoryEnvironment machine() {
  MemoryEnvironment environment;
  environment.vars = {{"TOKEN", "s3cret-value"},
                      {"EMPTY", ""},
                      {"HOME", "/home/u"},
                      {"WEIR_INPUT_api-key", "typed-in"},
                      {"NESTED", "${TOKEN}"}};
  environment.files["/run/secrets/db"] = "from-run\r\n";
  environment.files["/etc/key"] = "two\nlines\n";
  return environment;
}

std::string expanded(std::string_view text) {
  return std::string(expand(text, machine(), "/here/p").value.reveal());
}

TEST(Expand, ReplacesEveryKindOfReference) {
  EXPECT_EQ(expanded("Bearer ${TOKEN}"), "Bearer s3cret-value");
  EXPECT_EQ(expanded("${env:TOKEN}"), "s3cret-value");
  EXPECT_EQ(expanded("${input:api-key}"), "typed-in");
  EXPECT_EQ(expanded("${file:/etc/key}"), "two\nlines");
  EXPECT_EQ(expanded("${cred:db}"), "from-run");
  EXPECT_EQ(expanded("${workspaceFolder}/x"), "/here/p/x");
  EXPECT_EQ(expanded("${userHome}/x"), "/home/u/x");
  EXPECT_EQ(expanded("a${TOKEN}b${TOKEN}c"), "as3cret-valuebs3cret-valuec");
}

TEST(Expand, ADefaultStandsInForUnsetAndEmptyValues) {
  EXPECT_EQ(expanded("${NOPE:-fallback}"), "fallback");
  EXPECT_EQ(expanded("${EMPTY:-fallback}"), "fallback");
  EXPECT_EQ(expanded("${TOKEN:-fallback}"), "s3cret-value");
  EXPECT_EQ(expanded("<${NOPE:-}>"), "<>");
  EXPECT_EQ(expanded("${env:NOPE:-a:-b}"), "a:-b");
  EXPECT_EQ(expanded("${file:/nowhere:-x}"), "x");
  EXPECT_EQ(expanded("<${EMPTY}>"), "<>");
}

TEST(Expand, IsOnePassAndKnowsOneEscape) {
  EXPECT_EQ(expanded("${NESTED}"), "${TOKEN}");
  EXPECT_EQ(expanded("$${TOKEN}"), "${TOKEN}");
  EXPECT_EQ(expanded("$TOKEN and $ and {} and $$"), "$TOKEN and $ and {} and $$");
  EXPECT_EQ(expanded("$$${TOKEN}"), "$${TOKEN}");
}

TEST(Expand, SaysWhatFailedAndWhere) {
  auto const outcome = expand("a ${NOPE} ${TOKEN} ${file:/no} b", machine(), "/w");
  ASSERT_EQ(outcome.failures.size(), 2U);
  EXPECT_EQ(outcome.failures[0].reference, "${NOPE}");
  EXPECT_EQ(outcome.failures[0].offset, 2U);
  EXPECT_EQ(outcome.failures[0].fault, Expansion::Fault::unset);
  EXPECT_EQ(outcome.failures[0].why, "is not set");
  EXPECT_EQ(outcome.failures[1].fault, Expansion::Fault::unreadable);
  EXPECT_EQ(outcome.failures[1].offset, 19U);
  EXPECT_EQ(outcome.value.reveal(), "a ${NOPE} s3cret-value ${file:/no} b");
}

TEST(Expand, RefusesCommandsUnknownKindsAndBadNames) {
  using Fault = Expansion::Fault;
  for (auto const& [text, fault] : std::map<std::string, Fault>{{"${cmd:id}", Fault::forbidden},
                                                                {"${cmd:id:-x}", Fault::forbidden},
                                                                {"${command:x}", Fault::malformed},
                                                                {"${}", Fault::malformed},
                                                                {"${a b}", Fault::malformed},
                                                                {"${1A}", Fault::malformed},
                                                                {"${cred:../x}", Fault::malformed},
                                                                {"${cred:a/b}", Fault::malformed},
                                                                {"${input:}", Fault::malformed},
                                                                {"${open", Fault::malformed},
                                                                {"${cred:none}", Fault::unreadable},
                                                                {"${input:none}", Fault::unset}}) {
    auto const outcome = expand(text, machine(), "/w");
    ASSERT_EQ(outcome.failures.size(), 1U) << text;
    EXPECT_EQ(outcome.failures[0].fault, fault) << text;
    EXPECT_EQ(outcome.value.reveal(), text);
  }
}

TEST(Expand, TheCredentialsDirectoryComesBeforeRunSecrets) {
  auto environment = machine();
  environment.vars["CREDENTIALS_DIRECTORY"] = "/run/credentials/weir";
  EXPECT_EQ(expand("${cred:db}", environment, "").value.reveal(), "from-run");
  environment.files["/run/credentials/weir/db"] = "from-systemd";
  EXPECT_EQ(expand("${cred:db}", environment, "").value.reveal(), "from-systemd");
}

TEST(Expand, AnEmptyFileIsNoSecret) {
  auto environment = machine();
  for (auto const* const text : {"", "\n", " \r\n", "\n\n"}) {
    environment.files["/empty"] = text;
    auto const outcome = expand("${file:/empty}", environment, "");
    ASSERT_EQ(outcome.failures.size(), 1U);
    EXPECT_EQ(outcome.failures[0].why, "is empty");
    EXPECT_EQ(expand("${file:/empty:-x}", environment, "").value.reveal(), "x");
    EXPECT_TRUE(expand("${file:/empty:-}", environment, "").failures.empty());
  }
}

TEST(Expand, SecretFilesAreBounded) {
  auto environment = machine();
  environment.files["/big"] = std::string(64 * 1024, 'x');
  EXPECT_TRUE(expand("${file:/big}", environment, "").failures.empty());
  environment.files["/big"] += 'x';
  EXPECT_EQ(expand("${file:/big}", environment, "").failures.size(), 1U);
}

TEST(Expand, TellsSecretsFromVariables) {
  auto const outcome = expand("${TOKEN} ${cred:db} ${input:api-key} ${userHome}", machine(), "/w");
  ASSERT_EQ(outcome.secrets.size(), 2U);
  EXPECT_EQ(outcome.secrets[0].reveal(), "from-run");
  ASSERT_EQ(outcome.variables.size(), 1U);
  EXPECT_EQ(outcome.variables[0].name, "TOKEN");
}

// What is kept while the gateway runs, by reference.
struct KeepingEnvironment final : Environment {
  MemoryEnvironment plain = machine();
  std::map<std::string, std::string>& files = plain.files;
  Variables const& variables() const override { return plain.variables(); }
  std::string working_directory() const override { return plain.working_directory(); }
  unsigned cores() const override { return plain.cores(); }
  base::Result<std::string> read(std::string const& path, std::size_t most) const override {
    return plain.read(path, most);
  }
  bool exists(std::string const& path) const override { return plain.exists(path); }
  std::vector<std::string> glob(std::string const& pattern) const override { return plain.glob(pattern); }
  base::Result<void> write(std::string const& path, std::string_view text) override {
    return plain.write(path, text);
  }
  std::map<std::string, std::string, std::less<>> values;
  std::map<std::string, std::string, std::less<>> reasons;
  base::Result<base::Secret> kept(std::string_view reference) const override {
    if (auto const found = values.find(reference); found != values.end()) return base::Secret(found->second);
    auto const reason = reasons.find(reference);
    if (reason == reasons.end())
      return base::Error(base::Fault::starting, base::Blame::gateway, "not asked for yet");
    return base::Error(base::Fault::unavailable, base::Blame::gateway, reason->second);
  }
};

TEST(Expand, TakesSecretsOfStoresAsTheyAreKept_R052_R054) {
  KeepingEnvironment environment;
  environment.values = {
      {"vault:mcp/a#token", "from-vault"}, {"aws-sm:team/x#K", "from-aws"}, {"aws-sm:whole", "w"}};
  auto const outcome = expand("${vault:mcp/a#token} ${aws-sm:team/x#K} ${aws-sm:whole}", environment, "");
  EXPECT_TRUE(outcome.failures.empty());
  EXPECT_EQ(outcome.value.reveal(), "from-vault from-aws w");
  EXPECT_EQ(outcome.secrets.size(), 3U);
  EXPECT_EQ(outcome.references,
            (std::vector<std::string>{"vault:mcp/a#token", "aws-sm:team/x#K", "aws-sm:whole"}));
}

TEST(Expand, SaysWhyAStoreGivesNothing) {
  KeepingEnvironment environment;
  environment.reasons["vault:a#k"] = "read: Vault answered 403: permission denied";
  auto const refused = expand("${vault:a#k}", environment, "");
  ASSERT_EQ(refused.failures.size(), 1U);
  EXPECT_EQ(refused.failures[0].fault, Expansion::Fault::unreadable);
  EXPECT_EQ(refused.failures[0].why, "cannot be had: read: Vault answered 403: permission denied");
  auto const unknown = expand("${vault:b#k}", environment, "");
  EXPECT_EQ(unknown.failures.at(0).fault, Expansion::Fault::elsewhere);
  EXPECT_EQ(unknown.references.size(), 1U);
  EXPECT_EQ(expand("${vault:b#k}", MemoryEnvironment(), "").failures.at(0).fault,
            Expansion::Fault::elsewhere);
}

TEST(Expand, AnOutageIsNotHiddenByADefault) {
  KeepingEnvironment environment;
  environment.values = {{"vault:a#k", "x"}};
  EXPECT_EQ(expand("${vault:a#k:-y}", environment, "").failures.at(0).fault, Expansion::Fault::malformed);
}

TEST(Expand, RefusesWhatNamesNoSecretOfAStore) {
  for (auto const* const text :
       {"${vault:a}", "${vault:}", "${vault:#k}", "${vault:a#}", "${aws-sm:}", "${aws-sm:#k}"}) {
    EXPECT_EQ(expand(text, machine(), "").failures.at(0).fault, Expansion::Fault::malformed) << text;
  }
}

TEST(Expand, TheKeptValueOfAFileIsTheOneInForce_F30) {
  KeepingEnvironment environment;
  environment.files["/k"] = "new and bad\n";
  environment.files["/run/secrets/c"] = "new and bad";
  EXPECT_EQ(expand("${file:/k}", environment, "").value.reveal(), "new and bad");
  environment.values = {{"file:/k", "good"}, {"cred:c", "good too"}};
  auto const outcome = expand("${file:/k} ${cred:c}", environment, "");
  EXPECT_EQ(outcome.value.reveal(), "good good too");
  EXPECT_EQ(outcome.references, (std::vector<std::string>{"file:/k", "cred:c"}));
}

}  // namespace
}  // namespace weir::config
