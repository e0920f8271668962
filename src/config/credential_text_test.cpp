#include "config/credential_text.hpp"

#include <gtest/gtest.h>

namespace weir::config {
namespace {

using Texts = std::vector<std::string>;

Path const kEnv{"servers", "a", "env", "X"};
Path const kArgs{"servers", "a", "args"};
Path const kUrl{"servers", "a", "url"};
Path const kHeader{"servers", "a", "headers", "X"};

Texts found(std::string_view text, Path const& path, std::string_view before = {}, bool written_out = true) {
  Texts out;
  for (auto const part : credentials_in(text, {path, before}, written_out)) out.emplace_back(part);
  return out;
}

TEST(CredentialText, AWrittenOutValueIsOneWhateverItsNameIs) {
  for (auto const& path : {kEnv, kHeader}) {
    EXPECT_EQ(found("ghp_PATPATPAT1234567", path), Texts{"ghp_PATPATPAT1234567"});
    EXPECT_EQ(found("production", path), Texts{});
    EXPECT_EQ(found("application/json", path), Texts{});
    EXPECT_EQ(found("https://api.example/v1?limit=10", path), Texts{});
    EXPECT_EQ(found("xY9-", path), Texts{}) << "too short to be told from words";
    EXPECT_EQ(found("root-user-12", path, {}, false), Texts{}) << "what brought it was looked at";
  }
  EXPECT_EQ(found("Bearer xY9aBcDe12", kHeader), Texts{"xY9aBcDe12"});
  EXPECT_EQ(found("Custom xY9aBcDe12", kHeader), Texts{"xY9aBcDe12"});
}

TEST(CredentialText, ANameAddsWhatItsValueDoesNotShow) {
  EXPECT_EQ(found("correcthorse", {"servers", "a", "env", "PGPASSWORD"}), Texts{"correcthorse"});
  EXPECT_EQ(found("correcthorse", {"servers", "a", "env", "GITHUB_PAT"}), Texts{"correcthorse"});
  EXPECT_EQ(found("/run/secrets/key", {"servers", "a", "env", "KEY_FILE"}), Texts{});
  EXPECT_EQ(found("https://issuer.example/token", {"servers", "a", "env", "TOKEN_URL"}), Texts{});
}

TEST(CredentialText, ArgumentsBehindAndInOptions) {
  EXPECT_EQ(found("sk-ARGARGARG-998877", kArgs, "--api-key"), Texts{"sk-ARGARGARG-998877"});
  EXPECT_EQ(found("correcthorse", kArgs, "-password"), Texts{"correcthorse"});
  EXPECT_EQ(found("--verbose", kArgs, "--token"), Texts{});
  EXPECT_EQ(found("/etc/key.pem", kArgs, "--key-file"), Texts{});
  EXPECT_EQ(found("--token=xY9aBc", kArgs), Texts{"xY9aBc"});
  EXPECT_EQ(found("GITHUB_TOKEN=xY9aBc", kArgs, "-e"), Texts{"xY9aBc"});
  EXPECT_EQ(found("Authorization: Bearer xY9aBc", kArgs, "--header"), Texts{"xY9aBc"});
  EXPECT_EQ(found("host=db password=hunter22 user=app", kArgs), Texts{"hunter22"});
  EXPECT_EQ(found("echo \"bad token=$API_TOKEN\"; exit 1", kArgs), Texts{}) << "the shell's own";
  EXPECT_EQ(found("xY9aBcDe12", kArgs, "--name"), Texts{}) << "an argument like any other";
}

TEST(CredentialText, PasswordsAndQueriesOfUrls) {
  EXPECT_EQ(found("postgres://app:hunter2@db/x", kArgs), Texts{"hunter2"});
  EXPECT_EQ(found("--db=postgres://app:hu/nter2@db/x", kArgs), Texts{"hu/nter2"}) << "not escaped";
  EXPECT_EQ(found("http://h/mcp?apikey=URLKEY&mode=plain&id=URLID-1122", kUrl),
            (Texts{"URLKEY", "URLID-1122"}));
  EXPECT_EQ(found("http://ghp_PATPATPAT1234567@h/", kUrl), Texts{"ghp_PATPATPAT1234567"});
  EXPECT_EQ(found("https://h:8080/@scope/mcp?limit=10", kUrl), Texts{});
  EXPECT_EQ(found("redis://:hunter2@h/", {"caching", "l2_redis", "url"}), Texts{"hunter2"});
  EXPECT_EQ(found("http://h/?back=https://h.example/home", kUrl), Texts{});
  std::string nested;
  for (int i = 0; i < 100'000; ++i) nested += "http://h/?a=";
  EXPECT_EQ(found(nested, kUrl), Texts{nested.substr(12)}) << "looked at once";
  EXPECT_EQ(url_with_password("pg://u:p@h/d"), "pg://u:p@h/d");
  EXPECT_EQ(url_with_password("http://h/@scope"), "");
}

TEST(CredentialText, WhatAReferenceBringsIsOneUnlessItsFormIsHarmless) {
  auto const secret = [](std::string_view name, std::string_view value, Path const& path) {
    return is_credential_variable(name, value, path);
  };
  for (auto const& path : {kEnv, kArgs, kUrl, kHeader}) {
    EXPECT_TRUE(secret("DB_PASS", "dbpassword-PPPP-9", path));
    EXPECT_TRUE(secret("SEC_A", "hunter", path));
    EXPECT_TRUE(secret("X", "https://u:hunter2@h/", path));
    EXPECT_TRUE(secret("X", "https://h/?key=xY9aBcDe", path));
    EXPECT_FALSE(secret("HOME", "xY9aBcDe12", path));
    EXPECT_FALSE(secret("X", "/home/me/data", path));
    EXPECT_FALSE(secret("X", "12345678", path));
    EXPECT_FALSE(secret("X", "true", path));
    EXPECT_FALSE(secret("X", "db.example.com", path));
    EXPECT_FALSE(secret("X", "https://h.example/mcp", path));
    EXPECT_FALSE(secret("NODE_ENV", "production", path));
  }
  EXPECT_TRUE(secret("DB_PASSWORD", "12345678", kEnv)) << "its name says it";
  EXPECT_FALSE(secret("PLAIN", "anything-9", {"listeners", "bind"}));
  EXPECT_TRUE(secret("PLAIN", "anything", {"servers", "a", "auth", "token"}));
}

TEST(CredentialText, IsShownWithoutThem) {
  auto const shown = [](std::string_view text, Path const& path, std::string_view before = {}) {
    return without_credentials(text, {path, before});
  };
  EXPECT_EQ(shown("ghp_PATPATPAT1234567", kEnv), "***");
  EXPECT_EQ(shown("warn", kEnv), "warn");
  EXPECT_EQ(shown("${SEC}", kEnv), "${SEC}");
  EXPECT_EQ(shown("Bearer ${SEC}", {"servers", "a", "headers", "Authorization"}), "Bearer ${SEC}");
  EXPECT_EQ(shown("Bearer xY9aBcDe12", {"servers", "a", "headers", "Authorization"}), "***");
  EXPECT_EQ(shown("${SEC:-xY9aBcDe12}", kEnv), "${SEC:-***}");
  EXPECT_EQ(shown("${LEVEL:-warn}", kEnv), "${LEVEL:-warn}");
  EXPECT_EQ(shown("xY9aBcDe12${SEC}", kEnv), "***${SEC}");
  EXPECT_EQ(shown("http://u:hunter2@h/mcp?key=${SEC}&id=xY9aBcDe", kUrl),
            "http://u:***@h/mcp?key=${SEC}&id=***");
  EXPECT_EQ(shown("http://h/?key=${vault:a/b#k}&x=1", kUrl), "http://h/?key=${vault:a/b#k}&x=1");
  EXPECT_EQ(shown("http://u:${vault:a/b#k}@h/", kUrl), "http://u:${vault:a/b#k}@h/");
  EXPECT_EQ(shown("http://u:hunter2${X}@h/", kUrl), "http://u:***${X}@h/");
  EXPECT_EQ(shown("--tok=${SEC}", kArgs), "--tok=${SEC}");
  EXPECT_EQ(shown("sk-ARGARGARG-998877", kArgs, "--api-key"), "***");
  EXPECT_EQ(shown("token=abcdef and token=abcdef", kArgs), "token=*** and token=***");
}

}  // namespace
}  // namespace weir::config
