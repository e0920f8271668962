#include "app/secret_status.hpp"

#include <gtest/gtest.h>

namespace weir::app {
namespace {

using namespace std::chrono_literals;

base::WallTime const kNow{std::chrono::milliseconds{1'700'000'000'000}};  // 2023-11-14

secrets::SecretView view(std::string_view reference, base::Duration age) {
  secrets::SecretView out;
  out.reference = *secrets::parse_reference(reference);
  out.known = true;
  out.version = "3";
  out.created = kNow - std::chrono::floor<std::chrono::milliseconds>(age);
  out.age_max = 90 * 24h;
  return out;
}

std::vector<config::SecretUse> const kUses{{"vault:mcp/a#token", "servers.a.auth.token", false},
                                           {"vault:mcp/a#token", "servers.b.auth.token", false}};

TEST(SecretStatus, SaysSourceAgeDueDateAndUsers_R056) {
  auto const lines = read_secrets(secrets_json({view("vault:mcp/a#token", 10 * 24h)}, kUses, kNow));
  ASSERT_TRUE(lines && lines->size() == 1);
  auto const& line = lines->front();
  EXPECT_EQ(line.reference, "vault:mcp/a#token");
  EXPECT_EQ(line.source, "vault");
  EXPECT_EQ(line.state, "ok");
  EXPECT_EQ(line.version, "3");
  EXPECT_EQ(line.age_days, 10);
  EXPECT_EQ(line.due, "2024-02-02");
  EXPECT_EQ(line.used_by, (std::vector<std::string>{"servers.a.auth.token", "servers.b.auth.token"}));
  EXPECT_NE(render_secrets(*lines).find("10 d"), std::string::npos);
}

TEST(SecretStatus, TellsStatesApart_R056) {
  auto state = [](secrets::SecretView const& of) {
    return read_secrets(secrets_json({of}, {}, kNow))->at(0).state;
  };
  auto some = view("cred:x", 90 * 24h - 1s);
  EXPECT_EQ(state(some), "ok");
  some.on_trial = true;
  EXPECT_EQ(state(some), "new");
  some = view("cred:x", 90 * 24h);
  EXPECT_EQ(state(some), "old");
  some.refused_by = {"b"};
  EXPECT_EQ(state(some), "refused");
  some.alarm = "down";
  EXPECT_EQ(state(some), "failing");
  some.rolled_back = true;
  EXPECT_EQ(state(some), "rolled back");
  secrets::SecretView none;
  none.reference = *secrets::parse_reference("cred:x");
  EXPECT_EQ(state(none), "unknown");
}

TEST(SecretStatus, SaysWhoHasRefusedTheNewValueAndWhatToDo_F30) {
  auto some = view("vault:mcp/a#token", 1h);
  some.refused_by = {"b"};
  auto lines = *read_secrets(secrets_json({some}, kUses, kNow));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_FALSE(lines[0].good()) << "the exit code tells";
  EXPECT_EQ(lines[0].refused_by, std::vector<std::string>{"b"});
  auto text = render_secrets(lines);
  EXPECT_NE(text.find("  refused by b  "), std::string::npos) << text;
  EXPECT_NE(text.find("do not revoke it"), std::string::npos) << text;
  EXPECT_NE(text.find("`weir ctl reload`"), std::string::npos) << text;
  EXPECT_NE(render_rotation(lines).find("(refused by b, due "), std::string::npos);
  some.refused_by = {"b", "c", "the issuer of d"};
  text = render_secrets(*read_secrets(secrets_json({some}, kUses, kNow)));
  EXPECT_NE(text.find("  refused by b and 2 more  "), std::string::npos) << text;
}

// What a store says may repeat a credential, and the page is read by people.
TEST(SecretStatus, WhatStoresSayIsMasked_F57) {
  auto some = view("vault:mcp/a#token", 1h);
  some.alarm = "bad token hvs.CANARY";
  some.version = "hvs.CANARY";
  std::vector<secrets::SecretView> views{some};
  mask_views(views, [](std::string& text) {
    for (auto at = text.find("hvs.CANARY"); at != std::string::npos; at = text.find("hvs.CANARY"))
      text.replace(at, 10, "***");
  });
  auto const json = secrets_json(views, kUses, kNow);
  EXPECT_EQ(json.find("CANARY"), std::string::npos) << json;
  EXPECT_EQ(read_secrets(json)->at(0).detail, "bad token ***");
}

TEST(SecretStatus, RotationSaysWhatIsByHandForEachSource_R055) {
  auto const text = [](std::string_view reference) {
    return render_rotation(*read_secrets(secrets_json({view(reference, 100 * 24h)}, {}, kNow, {"", "kv"})));
  };
  EXPECT_NE(text("vault:mcp/a#token").find(": vault kv patch -mount=kv mcp/a token=-\n"), std::string::npos);
  EXPECT_NE(text("aws-sm:team/x#K").find("a new `K` in it on its input: aws "), std::string::npos);
  EXPECT_NE(text("aws-sm:team/x").find("--secret-id team/x --secret-string file:///dev/stdin\n"),
            std::string::npos);
  EXPECT_NE(text("file:/run/k").find("rename it over"), std::string::npos);
  EXPECT_NE(text("cred:github").find("credential `github`"), std::string::npos);
  EXPECT_NE(text("cred:github").find("by hand"), std::string::npos);
}

TEST(SecretStatus, CommandsAreQuotedAndHoldNoValue_R055) {
  auto const text = [](std::string_view reference, VaultPlace const& place) {
    return render_rotation(*read_secrets(secrets_json({view(reference, 1h)}, {}, kNow, place)));
  };
  EXPECT_NE(text("vault:my app/it's#API $KEY", {"team a", "kv 2"})
                .find(R"(vault kv patch -namespace='team a' -mount='kv 2' 'my app/it'\''s' 'API $KEY=-')"),
            std::string::npos);
  EXPECT_NE(text("vault:a#k", {}).find("vault kv patch a k=-\n"), std::string::npos) << "of an older gateway";
  EXPECT_NE(text("aws-sm:a b", {}).find("--secret-id 'a b' "), std::string::npos);
}

TEST(SecretStatus, WhatIsNoAnswerOfAGatewayIsRefused) {
  for (auto const* const text : {"", "{}", "[]", "<html>", R"({"secrets":1})"})
    EXPECT_FALSE(read_secrets(text)) << text;
  EXPECT_TRUE(read_secrets(R"({"secrets":[]})"));
}

}  // namespace
}  // namespace weir::app
