#include "router/routed_test.hpp"

namespace weir::router {
namespace {

class RoutedExtensions : public Routed {};

std::string with_tasks(std::string const& params) { return '{' + params + ',' + kTasksDeclared + '}'; }

class RoutedTasks : public Routed {
 protected:
  RoutedTasks() {
    a_ = add("a", kTools);
    b_ = add("b", kTools);
    b_->identity.capabilities = R"({"tools":{},"extensions":{"io.modelcontextprotocol/tasks":{}}})";
    b_->result = R"({"resultType":"task","taskId":"own \"7\"","status":"working"})";
    start();
  }
  std::string made(std::string_view endpoint = {}) {
    auto const answer =
        text("tools/call", with_tasks(endpoint.empty() ? R"("name":"b__put")" : R"("name":"put")"), endpoint);
    auto const at = answer.find(R"("taskId":")") + 10;
    return answer.substr(at, answer.find('"', at) - at);
  }
  std::string on(std::string const& method, std::string const& id, std::string_view endpoint = {}) {
    return text(method, with_tasks(R"("taskId":")" + id + '"'), endpoint);
  }
  std::shared_ptr<FakeServer> a_, b_;
};

constexpr char kUnknownTask[] = R"("error":{"code":-32602,"message":"Unknown task"})";

TEST_F(RoutedTasks, GoToTheServerThatMadeThemUnderItsOwnId) {  // P113, P115
  auto const id = made();
  EXPECT_EQ(id.find("own"), std::string::npos);
  b_->result = R"({"resultType":"complete","taskId":"own \"7\"","status":"working"})";
  b_->calls.clear();
  EXPECT_EQ(on("tasks/get", id),
            R"("result":{"resultType":"complete","taskId":")" + id + R"(","status":"working"})");
  b_->result = "{}";
  EXPECT_EQ(on("tasks/update", id), R"("result":{})");
  EXPECT_EQ(on("tasks/cancel", id), R"("result":{})");
  EXPECT_EQ(b_->calls, (std::vector<std::string>{R"(tasks/get own "7")", R"(tasks/update own "7")",
                                                 R"(tasks/cancel own "7")"}));
  EXPECT_TRUE(a_->calls.empty());
}

TEST_F(RoutedTasks, AreNobodyElses) {  // P115
  auto const id = made();
  b_->calls.clear();
  principal_.id = "key:dev";
  EXPECT_EQ(on("tasks/get", id), kUnknownTask);
  principal_.id = "key:ci";
  EXPECT_EQ(on("tasks/get", id, "a"), kUnknownTask);
  EXPECT_EQ(on("tasks/get", id, "b").substr(0, 9), R"("result":)");
  EXPECT_EQ(on("tasks/cancel", "own"), kUnknownTask);
  EXPECT_EQ(on("tasks/cancel", ""), kUnknownTask);
  EXPECT_EQ(text("tasks/get", with_tasks(R"("taskId":7)")), kUnknownTask);
  EXPECT_EQ(b_->calls.size(), 1U);
}

TEST_F(RoutedTasks, AreSealedAtAServersOwnEndpointToo) {
  auto const id = made("b");
  EXPECT_EQ(on("tasks/get", id, "b").find("own"), std::string::npos);
  EXPECT_EQ(on("tasks/get", "own", "b"), kUnknownTask);
}

TEST_F(RoutedTasks, NeedTheExtensionDeclared) {  // P112
  auto const id = made();
  b_->calls.clear();
  for (char const* method : {"tasks/get", "tasks/update", "tasks/cancel"}) {
    for (char const* endpoint : {"", "b"}) {
      EXPECT_EQ(text(method, R"({"taskId":")" + id + "\"}", endpoint),
                R"("error":{"code":-32021,"message":"The request does not declare the extension )"
                R"(io.modelcontextprotocol/tasks","data":{"requiredCapabilities":{"extensions":)"
                R"({"io.modelcontextprotocol/tasks":{}}}}})");
    }
  }
  EXPECT_TRUE(b_->calls.empty());
}

TEST_F(RoutedTasks, AnIdThatCannotBePassedOnIsTheServersFault) {
  for (auto const& own : {std::string("7"), R"("")" + std::string(), '"' + std::string(1025, 'x') + '"'}) {
    b_->result = R"({"resultType":"task","taskId":)" + own + '}';
    EXPECT_EQ(text("tools/call", with_tasks(R"("name":"b__put")")), "protocol") << own;
  }
  b_->result = R"({"resultType":"task","taskId":")" + std::string(1024, 'x') + "\"}";
  EXPECT_EQ(on("tasks/get", made()).substr(0, 9), R"("result":)");
}

TEST_F(RoutedExtensions, UrisInAnswersAreThoseThatClientsKnow) {
  Lists const lists{{ListKind::tools, {tool("t")}}, {ListKind::resources, {R"({"uri":"x://1","name":"n"})"}}};
  auto const a = add("a", lists);
  add("b", lists);
  start();
  EXPECT_EQ(text("resources/read", R"({"uri":"x://1"})").substr(0, 23), R"("error":{"code":-32602,)");
  a->result = R"({"contents":[{"uri":"x://1","text":"x://1"},{"uri":"x://other"}]})";
  EXPECT_EQ(text("resources/read", R"({"uri":"x://a/1"})"),
            R"("result":{"contents":[{"uri":"x://a/1","text":"x://1"},{"uri":"x://a/other"}]})");
  EXPECT_EQ(a->calls.back(), "resources/read x://1");
  EXPECT_EQ(text("resources/read", R"({"uri":"x://1"})", "a"), R"("result":)" + a->result);
  a->result = R"({"contents":[{"uri":"x://more"}]})";
  EXPECT_EQ(text("resources/read", R"({"uri":"x://a/more"})"),
            R"("result":{"contents":[{"uri":"x://a/more"}]})");
  a->result = R"({"content":[{"type":"resource_link","uri":"x://1"}]})";
  EXPECT_EQ(text("tools/call", R"({"name":"a__t"})"),
            R"("result":{"content":[{"type":"resource_link","uri":"x://a/1"}]})");
}

TEST_F(RoutedExtensions, UrisThatBeginWithAServersNameGoWhereTheyBelongAsTheyAre) {
  std::string const config = R"({"uri":"config://app","name":"n"})";
  auto const notes =
      add("notes", {{ListKind::resources, {config}},
                    {ListKind::templates, {R"({"uriTemplate":"notes://notes/{id}","name":"n"})"}}});
  auto const wiki =
      add("wiki", {{ListKind::resources, {config}},
                   {ListKind::templates, {R"({"uriTemplate":"wiki://notes/{page}","name":"p"})"}}});
  start();
  notes->result = R"({"contents":[{"uri":"notes://notes/7","text":"t"}]})";
  EXPECT_EQ(text("resources/read", R"({"uri":"notes://notes/7"})"), R"("result":)" + notes->result);
  wiki->result = R"({"contents":[{"uri":"wiki://notes/Home","text":"t"}]})";
  EXPECT_EQ(text("resources/read", R"({"uri":"wiki://notes/Home"})"), R"("result":)" + wiki->result);
  text("resources/subscribe", R"({"uri":"wiki://notes/Home"})", {}, false);
  text("completion/complete", R"({"ref":{"type":"ref/resource","uri":"notes://notes/7"},"argument":{}})");
  EXPECT_EQ(notes->calls, (std::vector<std::string>{"resources/read notes://notes/7",
                                                    "completion/complete notes://notes/7"}));
  EXPECT_EQ(wiki->calls, (std::vector<std::string>{"resources/read wiki://notes/Home",
                                                   "resources/subscribe wiki://notes/Home"}));
  notes->result = R"({"contents":[{"uri":"config://app"},{"uri":"config://more"}]})";
  EXPECT_EQ(text("resources/read", R"({"uri":"config://notes/app"})"),
            R"("result":{"contents":[{"uri":"config://notes/app"},{"uri":"config://notes/more"}]})");
  EXPECT_EQ(notes->calls.back(), "resources/read config://app");
}

// Whoever declares skills is shown with its name too.
TEST_F(RoutedExtensions, AServerWithSkillsReadsItsOwnUrisAsTheyAre) {
  auto const a = add("a", {{ListKind::templates, {R"({"uriTemplate":"x://a/{id}","name":"n"})"}},
                           {ListKind::skills, {R"({"uri":"skill://r/SKILL.md","frontmatter":{}})"}}});
  a->identity.capabilities = R"({"resources":{},"extensions":{"io.modelcontextprotocol/skills":{}}})";
  start();
  text("resources/read", R"({"uri":"x://a/7"})");
  text("resources/read", R"({"uri":"skill://a/r/x.md"})");
  EXPECT_EQ(a->calls, (std::vector<std::string>{"resources/read x://a/7", "resources/read skill://r/x.md"}));
}

constexpr char kSkillsDeclared[] =
    R"({"resources":{},"extensions":{"io.modelcontextprotocol/skills":{"directoryRead":true}}})";

TEST_F(RoutedExtensions, SkillsAreListedAndReadAtTheirServers) {
  Lists const lists{{ListKind::skills, {R"({"uri":"skill://r/SKILL.md","frontmatter":{}})"}}};
  auto const a = add("a", lists), b = add("b", lists), c = add("c", {});
  a->identity.capabilities = b->identity.capabilities = kSkillsDeclared;
  start();
  auto const listed = text("skills/list");
  EXPECT_LT(listed.find(R"("skill://a/r/SKILL.md")"), listed.find(R"("skill://b/r/SKILL.md")"));
  EXPECT_NE(listed.find(R"(],"ttlMs":0,"cacheScope":"private"})"), std::string::npos);
  b->result = R"({"skill":{"uri":"skill://r/SKILL.md","resources":[{"uri":"skill://r/SKILL.md"}]}})";
  EXPECT_EQ(
      text("skills/get", R"({"uri":"skill://b/r/SKILL.md"})"),
      R"("result":{"skill":{"uri":"skill://b/r/SKILL.md","resources":[{"uri":"skill://b/r/SKILL.md"}]}})");
  b->result = R"({"resources":[{"uri":"skill://r/x","name":"x"}]})";
  EXPECT_EQ(text("resources/directory/read", R"({"uri":"skill://b/r"})"),
            R"("result":{"resources":[{"uri":"skill://b/r/x","name":"x"}]})");
  EXPECT_EQ(b->calls, (std::vector<std::string>{"skills/get skill://r/SKILL.md",
                                                "resources/directory/read skill://r"}));
  EXPECT_EQ(text("skills/get", R"({"uri":"skill://c/r/SKILL.md"})").substr(0, 23),
            R"("error":{"code":-32602,)");
  for (char const* method : {"skills/list", "skills/get", "resources/directory/read"}) {
    EXPECT_EQ(text(method, R"({"uri":"skill://a/r"})", "", false).substr(0, 23),
              R"("error":{"code":-32601,)");
  }
  EXPECT_TRUE(a->calls.empty() && c->calls.empty());
}

TEST_F(RoutedExtensions, WhatAServerWithoutSkillsIsAskedOfThemIsRefusedHere) {
  auto const a = add("a", {{ListKind::resources, {R"({"uri":"x://1","name":"n"})"}}});
  start();
  EXPECT_EQ(text("skills/get", R"({"uri":"x://1"})"),
            R"("error":{"code":-32602,"message":"Resource not found","data":{"uri":"x://1"}})");
  EXPECT_EQ(text("resources/directory/read", R"({"uri":"x://1"})").substr(0, 23),
            R"("error":{"code":-32601,)");
  EXPECT_TRUE(a->calls.empty());
}

}  // namespace
}  // namespace weir::router
