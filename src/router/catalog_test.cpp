#include "router/catalog.hpp"

#include "router/fake_servers_test.hpp"
#include "router/list_writer.hpp"
#include "router/suggestion.hpp"

namespace weir::router {
namespace {

using namespace std::chrono_literals;

std::string resource(std::string const& uri) { return R"({"uri":")" + uri + R"(","name":"n"})"; }
std::string uri_template(std::string const& text) {
  return R"({"uriTemplate":")" + text + R"(","name":"n"})";
}

std::vector<std::string> names(Catalog const& catalog, ListKind kind = ListKind::tools) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < catalog.list(kind).entries.size(); ++i) {
    out.emplace_back(catalog.exposed(kind, i));
  }
  return out;
}

using Made = std::unique_ptr<Catalog>;

std::optional<std::uint32_t> owner(Made const& catalog, std::string_view uri) {
  auto const found = catalog->find_uri(uri);
  return found ? std::optional(found->server) : std::nullopt;
}
std::string own_uri(Made const& catalog, std::uint32_t server, std::string_view text) {
  auto const found = catalog->find_reference(text);
  return found && found->server == server ? found->own : "not its own";
}

std::string page(Catalog const& catalog, ListKind kind, base::TimePoint now = {}) {
  return write_page(catalog, kind, 0, {}, now, [](std::uint32_t) { return "next"; }).result;
}

TEST(Catalog, ShowsServersInOrderAndTheirListsInTheirs) {  // P074
  auto const catalog = catalog_of({catalog_server("z", {{ListKind::tools, {tool("b"), tool("a")}}}),
                                   catalog_server("a", {{ListKind::tools, {tool("b")}}})});
  EXPECT_EQ(names(*catalog), (std::vector<std::string>{"z__b", "z__a", "a__b"}));
  auto const* const entry = catalog->find_tool("a__b");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->server, 1U);
  EXPECT_EQ(entry->item->key, "b");
  EXPECT_EQ(catalog->find_tool("b"), nullptr);
  EXPECT_EQ(catalog->find_prompt("a__b"), nullptr);
}

TEST(Catalog, ShowsServersOfBothErasToClientsOfBoth) {
  CatalogServers const servers{catalog_server("new", {{ListKind::tools, {tool("t")}}}, true),
                               catalog_server("old", {{ListKind::tools, {tool("t")}}}, false)};
  for (bool const modern : {true, false}) {
    EXPECT_EQ(names(*catalog_of(servers, "", modern)), (std::vector<std::string>{"new__t", "old__t"}));
    EXPECT_EQ(names(*catalog_of(servers, "old", modern)), std::vector<std::string>{"t"});
  }
}

TEST(Catalog, ShowsModernClientsNoExecutionAndNoToolThatMustBeATask) {  // P086
  CatalogServers const servers{catalog_server(
      "s",
      {{ListKind::tools,
        {R"({"name":"may","execution":{"taskSupport":"optional"},"x":1,"inputSchema":{"type":"object"}})",
         R"({"name":"must","execution":{"taskSupport":"required"},"inputSchema":{"type":"object"}})",
         R"({"name":"is","title":"T","execution":{},"inputSchema":{"type":"object"}})"}}},
      false)};
  auto const modern = page(*catalog_of(servers), ListKind::tools);
  EXPECT_NE(modern.find(R"([{"name":"s__may","x":1,"inputSchema":{"type":"object"}},)"
                        R"({"name":"s__is","title":"T","inputSchema":{"type":"object"}}])"),
            std::string::npos)
      << modern;
  auto const legacy = page(*catalog_of(servers, "", false), ListKind::tools);
  EXPECT_NE(
      legacy.find(
          R"({"name":"s__must","execution":{"taskSupport":"required"},"inputSchema":{"type":"object"}})"),
      std::string::npos)
      << legacy;
}

TEST(Catalog, WrapsOutputOfAnyJsonForLegacyClients) {  // P085
  CatalogServers const servers{catalog_server(
      "s",
      {{ListKind::tools,
        {R"({"name":"list","inputSchema":{"type":"object"},"outputSchema":{"type":"array","items":{"$ref":"#"}}})",
         R"({"name":"map","inputSchema":{"type":"object"},"outputSchema":{"type":"object"}})"}}})};
  auto const legacy = page(*catalog_of(servers, "s", false), ListKind::tools);
  EXPECT_NE(
      legacy.find(
          R"({"name":"list","inputSchema":{"type":"object"},"outputSchema":{"type":"object","properties":{"result":{"type":"array",)"
          R"("items":{"$ref":"#/properties/result"}}},"required":["result"]}},)"
          R"({"name":"map","inputSchema":{"type":"object"},"outputSchema":{"type":"object"}})"),
      std::string::npos)
      << legacy;
  auto const modern = page(*catalog_of(servers, "s"), ListKind::tools);
  EXPECT_NE(modern.find(R"("outputSchema":{"type":"array","items":{"$ref":"#"}})"), std::string::npos)
      << modern;
}

TEST(Catalog, HidesFromTheAggregateWhatIsNotExposed) {
  CatalogServers servers{catalog_server("mirror", {{ListKind::tools, {tool("t")}}})};
  servers[0].in_aggregate = false;
  EXPECT_TRUE(names(*catalog_of(servers)).empty());
  EXPECT_EQ(names(*catalog_of(servers, "mirror")), std::vector<std::string>{"t"});
}

TEST(Catalog, AppliesTheRulesOfTools) {
  auto server = catalog_server("s", {{ListKind::tools, {tool("get"), tool("delete_all"), tool("put")}},
                                     {ListKind::prompts, {R"({"name":"delete_all"})"}}});
  server.rules = {.hide = {"*delete*"}, .rename = {{"get", "read"}}, .description = {{"put", "Say \"x\"."}}};
  auto const catalog = catalog_of({server});
  EXPECT_EQ(names(*catalog), (std::vector<std::string>{"s__read", "s__put"}));
  EXPECT_EQ(catalog->find_tool("s__delete_all"), nullptr);
  EXPECT_EQ(catalog->find_tool("s__read")->item->key, "get");
  EXPECT_EQ(names(*catalog, ListKind::prompts), std::vector<std::string>{"s__delete_all"});
  EXPECT_EQ(page(*catalog, ListKind::tools),
            R"({"resultType":"complete","tools":[{"name":"s__read","inputSchema":{"type":"object"}},)"
            R"({"description":"Say \"x\".","name":"s__put","inputSchema":{"type":"object"}}],)"
            R"("ttlMs":0,"cacheScope":"private"})");
}

TEST(ListWriter, CopiesEverythingButTheNameByteForByte) {  // P082
  std::string const odd = R"({ "_meta":{"x/y":[1e400, 0.10]},"name" : "a\/b" ,"unknown":"\u00e9",)"
                          R"("annotations":{"x":null}, "title":"a/b","inputSchema":{"type":"object"}})";
  std::string shown = odd;
  shown.replace(shown.find(R"("a\/b")"), 6, R"("s__a_b")");
  CatalogServers const servers{catalog_server("s", {{ListKind::tools, {odd}}}, false)};
  EXPECT_EQ(page(*catalog_of(servers, "", false), ListKind::tools), R"({"tools":[)" + shown + "]}");
  EXPECT_EQ(page(*catalog_of(servers, "s", false), ListKind::tools), R"({"tools":[)" + odd + "]}");
}

TEST(ListWriter, ReplacesADescription) {
  auto server = catalog_server(
      "s", {{ListKind::tools, {R"({"name":"a","description": "old","inputSchema":{"type":"object"}})"}}},
      false);
  server.rules.description = {{"a", "new"}};
  EXPECT_EQ(page(*catalog_of({server}, "s", false), ListKind::tools),
            R"({"tools":[{"name":"a","description": "new","inputSchema":{"type":"object"}}]})");
}

TEST(ListWriter, SaysTheLeastFreshnessAndTheNarrowestScope) {  // P089, P096, P097
  auto const hints = [](int ttl, char const* scope) {
    return ",\"ttlMs\":" + std::to_string(ttl) + ",\"cacheScope\":\"" + scope + '"';
  };
  Lists const lists{{ListKind::tools, {}}};
  auto const a = catalog_server("a", lists, true, hints(9000, "public"));
  auto const b = catalog_server("b", lists, true, hints(5000, "public"));
  auto const c = catalog_server("c", lists, true, hints(7000, "private"));
  auto const unknown = catalog_server("d", lists);
  base::TimePoint const received{};
  auto const tail = [&](CatalogServers const& servers, base::TimePoint now) {
    auto const text = page(*catalog_of(servers), ListKind::tools, now);
    return text.substr(text.find("],") + 2);
  };
  EXPECT_EQ(tail({a, b}, received), R"("ttlMs":5000,"cacheScope":"public"})");
  EXPECT_EQ(tail({a, b}, received + 2s), R"("ttlMs":3000,"cacheScope":"public"})");
  EXPECT_EQ(tail({a, b}, received + 6s), R"("ttlMs":0,"cacheScope":"public"})");
  EXPECT_EQ(tail({a, c}, received), R"("ttlMs":7000,"cacheScope":"private"})");
  EXPECT_EQ(tail({a, unknown}, received), R"("ttlMs":0,"cacheScope":"private"})");
  EXPECT_EQ(tail({}, received), R"("ttlMs":0,"cacheScope":"private"})");
  for (Readiness const readiness : {Readiness::pending, Readiness::failed, Readiness::stale}) {
    CatalogServers servers{a, {}};
    servers[1].name = "late";
    servers[1].readiness = readiness;
    EXPECT_EQ(tail(servers, received), R"("ttlMs":0,"cacheScope":"private"})");  // more is to come
  }
}

TEST(ListWriter, PagesByElementsAndBytesAndMissesNothing) {
  std::vector<std::string> elements;
  for (int i = 0; i < 1001; ++i) elements.push_back(tool("t" + std::to_string(i)));
  elements.push_back(R"({"name":"big","inputSchema":{"type":"object"},"x":")" + std::string(5000, 'x') +
                     "\"}");
  elements.push_back(tool("last"));
  auto const catalog = catalog_of({catalog_server("s", {{ListKind::tools, elements}})}, "s");
  PageOptions const options{.elements_max = 100, .bytes_max = 2000};
  std::vector<std::string> seen;
  std::uint32_t position = 0;
  do {
    auto const one = write_page(*catalog, ListKind::tools, position, options, {},
                                [](std::uint32_t next) { return std::to_string(next); });
    auto const message = result_message(one.result);
    std::string scratch;
    EXPECT_EQ(message.text(mcp::Field::next_cursor, scratch), one.next == 0 ? "" : std::to_string(one.next));
    ItemList part(ListKind::tools, {});
    ASSERT_TRUE(part.add(result_message(one.result), {}).has_value());
    EXPECT_LE(part.items().size(), options.elements_max);
    EXPECT_TRUE(one.result.size() < options.bytes_max + 150 || part.items().size() == 1);
    for (auto const& item : part.items()) seen.push_back(item.key);
    position = one.next;
  } while (position != 0);
  ASSERT_EQ(seen.size(), elements.size());
  EXPECT_EQ(seen.front(), "t0");
  EXPECT_EQ(seen[1001], "big");
  EXPECT_EQ(seen.back(), "last");
}

TEST(Catalog, AUriBelongsToWhoListsIt) {
  auto const catalog =
      catalog_of({catalog_server("a", {{ListKind::resources, {resource("x:1")}}}),
                  catalog_server("b", {{ListKind::resources, {resource("x:1"), resource("x://2")}}})});
  EXPECT_EQ(owner(catalog, "x:1"), 0U);
  EXPECT_EQ(owner(catalog, "x://2"), 1U);
  EXPECT_FALSE(owner(catalog, "x://3"));
  EXPECT_EQ(catalog->list(ListKind::resources).entries.size(), 2U);
  ASSERT_EQ(catalog->notes().size(), 1U);
  EXPECT_EQ(catalog->notes()[0], "x:1 of b is left out: it belongs to a");
}

TEST(Catalog, AUriOfSeveralServersIsShownOnceForEachAndBelongsToNobody) {
  CatalogServers const servers{
      catalog_server("a", {{ListKind::resources, {resource("x://1"), resource("x://2")}}}),
      catalog_server("b", {{ListKind::resources, {resource("x://1")}}}), catalog_server("c", {})};
  auto const catalog = catalog_of(servers);
  auto const shown = page(*catalog, ListKind::resources);
  for (char const* uri : {R"("x://a/1")", R"("x://b/1")", R"("x://2")"}) {
    EXPECT_NE(shown.find(uri), std::string::npos) << uri;
  }
  EXPECT_FALSE(owner(catalog, "x://1"));
  EXPECT_EQ(owner(catalog, "x://b/1"), 1U);
  EXPECT_EQ(own_uri(catalog, 1, "x://b/1"), "x://1");
  EXPECT_EQ(owner(catalog, "x://a/unlisted"), 0U);
  EXPECT_EQ(owner(catalog, "x://2"), 0U);
  EXPECT_EQ(own_uri(catalog, 0, "x://2"), "x://2");
  EXPECT_FALSE(owner(catalog, "x://c/1"));
  EXPECT_TRUE(catalog->notes().empty());
  auto const alone = catalog_of(servers, "b");
  EXPECT_EQ(owner(alone, "x://1"), 1U);
  EXPECT_NE(page(*alone, ListKind::resources).find(R"("x://1")"), std::string::npos);
  auto only = servers;
  only.erase(only.begin() + 1);
  EXPECT_NE(catalog_of(only)->list(ListKind::resources).hash, catalog->list(ListKind::resources).hash);
}

TEST(Catalog, AUriThatLooksLikeAnothersIsLeftOut) {
  auto const shared =
      Lists{{ListKind::resources, {resource("x://1")}}, {ListKind::templates, {uri_template("y://{id}")}}};
  auto const catalog = catalog_of(
      {catalog_server("a", {{ListKind::resources, {resource("x://b/1"), resource("x://b/2")}},
                            {ListKind::templates, {uri_template("y://b/{id}"), uri_template("z://b/{id}")}}}),
       catalog_server("b", shared), catalog_server("c", shared)});
  for (auto const& [shown, own] : std::vector<std::pair<std::string, std::string>>{
           {"x://b/1", "x://1"}, {"y://b/{id}", "y://{id}"}, {"y://b/7", "y://7"}}) {
    EXPECT_EQ(own_uri(catalog, 1, shown), own);
  }
  EXPECT_EQ(owner(catalog, "x://b/2"), 0U) << "b is shown with no such URI";
  EXPECT_EQ(own_uri(catalog, 0, "x://b/2"), "x://b/2");
  EXPECT_EQ(catalog->list(ListKind::resources).entries.size(), 3U);
  EXPECT_EQ(catalog->list(ListKind::templates).entries.size(), 3U);
  ASSERT_EQ(catalog->notes().size(), 2U);
  EXPECT_EQ(catalog->notes()[0], "x://b/1 of a is left out: a URI of b is shown so");
}

// One URI that two servers have is enough for both to be shown with their names.
TEST(Catalog, AUriMayBeginWithAServersNameOfItself) {
  std::string const shared = resource("config://app");
  auto const catalog = catalog_of(
      {catalog_server("notes", {{ListKind::resources, {shared, resource("notes://notes/listed")}},
                                {ListKind::templates,
                                 {uri_template("notes://notes/{id}"), uri_template("notes://{x}"),
                                  uri_template("config://notes/{+path}")}}}),
       catalog_server("wiki",
                      {{ListKind::resources, {shared}},
                       {ListKind::templates,
                        {uri_template("wiki://notes/{page}"), uri_template("wiki://notes/p{?q}")}}})});
  for (auto const& [uri, server] :
       std::vector<std::pair<std::string, std::uint32_t>>{{"notes://notes/7", 0U},
                                                          {"notes://notes/listed", 0U},
                                                          {"notes://notes/{id}", 0U},
                                                          {"notes://wiki", 0U},
                                                          {"wiki://notes/Home", 1U},
                                                          {"wiki://notes/p{?q}", 1U},
                                                          {"config://notes/other", 0U}}) {
    EXPECT_EQ(own_uri(catalog, server, uri), uri);
    EXPECT_EQ(catalog->shown_uri(server, uri), uri) << "as it was written";
  }
  EXPECT_EQ(own_uri(catalog, 0, "config://notes/app"), "config://app");
  EXPECT_EQ(own_uri(catalog, 1, "config://wiki/app"), "config://app");
  EXPECT_EQ(own_uri(catalog, 1, "wiki://wiki/unlisted"), "wiki://unlisted");
}

TEST(Catalog, APrefixCountsOnlyForAServerThatHasTheUri) {
  Lists const two{{ListKind::resources, {resource("x://1")}}};
  auto const catalog = catalog_of(
      {catalog_server("a", two), catalog_server("b", two),
       catalog_server("c", {{ListKind::resources, {resource("y://1")}},
                            {ListKind::templates, {uri_template("x://c/{id}"), uri_template("z://{id}")}}}),
       catalog_server("d", {{ListKind::resources, {resource("y://1")}},
                            {ListKind::templates, {uri_template("z://{id}"), uri_template("x://b/{id}")}}})});
  EXPECT_EQ(own_uri(catalog, 2, "x://c/1"), "x://c/1") << "c has no x://1";
  EXPECT_EQ(own_uri(catalog, 1, "x://b/1"), "x://1");
  EXPECT_EQ(own_uri(catalog, 3, "x://b/2"), "x://b/2") << "nor has b a x://2";
  EXPECT_EQ(own_uri(catalog, 2, "z://c/7"), "z://7") << "by a template that d has too";
  EXPECT_FALSE(owner(catalog, "z://7"));
}

// Whatever is shown is found again, at the same server and under the same name there.
TEST(Catalog, WhatIsShownLeadsBackToWhatItWasMadeOf) {
  Lists const shared{{ListKind::resources, {resource("x://1"), resource("x://a/1")}}};
  auto const catalog =
      catalog_of({catalog_server("a", shared),
                  catalog_server("b", {{ListKind::resources, {resource("x://1")}},
                                       {ListKind::templates, {uri_template("x://a/t/{id}")}}})});
  for (char const* own : {"x://1", "x://a/1", "x://b/1", "x://a/a/1", "a://a/link", "b://b/link"}) {
    EXPECT_EQ(own_uri(catalog, 0, catalog->shown_uri(0, own)), own);
    EXPECT_EQ(own_uri(catalog, 0, catalog->prefixed(0, own)), own);
  }
  EXPECT_EQ(catalog->shown_uri(0, "x://a/1"), "x://a/a/1");
  EXPECT_EQ(catalog->shown_uri(0, "q://q"), "q://q") << "nobody's here";
  EXPECT_EQ(own_uri(catalog, 0, catalog->prefixed(0, "q://q")), "q://q");
  EXPECT_EQ(catalog->prefixed(0, "x://t/7"), "x://t/7") << "x://a/t/7 is b's";
  EXPECT_EQ(catalog->shown_uri(0, "https://a/page"), "https://a/page") << "a page of the web";
  EXPECT_EQ(page(*catalog, ListKind::resources).find(R"("x://a/1")"),
            page(*catalog, ListKind::resources).rfind(R"("x://a/1")"))
      << "once";
}

std::string app_tool(std::string const& name, std::string const& meta) {
  return R"({"name":")" + name + R"(","_meta":)" + meta + R"(,"inputSchema":{"type":"object"}})";
}

TEST(Catalog, TheInterfaceOfAToolIsAResourceOfItsServer) {  // extension MCP Apps
  std::string const meta = R"({"ui/resourceUri":"ui://v","ui":{"a":[1],"resourceUri":"ui:\/\/v"}})";
  Lists const lists{{ListKind::tools, {app_tool("show", meta), app_tool("odd", R"({"ui":7})")}}};
  auto const alone = catalog_of({catalog_server("a", lists), catalog_server("b", {})});
  EXPECT_EQ(owner(alone, "ui://v"), 0U);
  EXPECT_NE(page(*alone, ListKind::tools).find(meta), std::string::npos);
  CatalogServers const two{catalog_server("a", lists), catalog_server("b", lists)};
  auto const both = catalog_of(two);
  auto const shown = page(*both, ListKind::tools);
  for (char const* server : {"a", "b"}) {
    auto const link = "\"ui://" + std::string(server) + "/v\"";
    EXPECT_NE(shown.find(R"({"ui/resourceUri":)" + link + R"(,"ui":{"a":[1],"resourceUri":)" + link + "}}"),
              std::string::npos);
  }
  EXPECT_FALSE(owner(both, "ui://v"));
  EXPECT_EQ(own_uri(both, 1, "ui://b/v"), "ui://v");
  EXPECT_NE(page(*catalog_of(two, "a"), ListKind::tools).find(meta), std::string::npos);
}

CatalogServer skill_server(std::string_view name, std::vector<std::string> const& skills) {
  auto server = catalog_server(name, {{ListKind::skills, skills}});
  auto contents = *server.contents;
  contents.capabilities.skills = true;
  server.contents = std::make_shared<ServerContents const>(contents);
  return server;
}

TEST(Catalog, SkillsAreToldApartByTheFirstSegmentOfTheirUris) {  // P120
  std::string const skill = R"({"uri":"skill://r/SKILL.md","frontmatter":{"name":"r","uri":"x://1"},)"
                            R"("resources":[{"uri":"skill://r/a.md","digest":"sha256:00","size":1}]})";
  std::string const other = R"({"uri":"x:/s/SKILL.md","frontmatter":{},"resources":"dynamic"})";
  CatalogServers const servers{skill_server("a", {skill}), skill_server("b", {skill, other}),
                               catalog_server("c", {})};
  auto const catalog = catalog_of(servers);
  auto const shown = page(*catalog, ListKind::skills);
  for (std::string const server : {"a", "b"}) {
    EXPECT_NE(shown.find(R"({"uri":"skill://)" + server +
                         R"(/r/SKILL.md","frontmatter":{"name":"r","uri":"x://1"},)" +
                         R"("resources":[{"uri":"skill://)" + server +
                         R"(/r/a.md","digest":"sha256:00","size":1}]})"),
              std::string::npos)
        << shown;
  }
  EXPECT_NE(shown.find(other), std::string::npos);
  EXPECT_EQ(owner(catalog, "skill://b/r/unlisted.md"), 1U);
  EXPECT_EQ(own_uri(catalog, 1, "skill://b/r/unlisted.md"), "skill://r/unlisted.md");
  for (char const* both : {"skill://r/SKILL.md", "skill://r/a.md", "skill://r"}) {
    EXPECT_FALSE(owner(catalog, both)) << both;
  }
  auto const thief = catalog_server("t", {{ListKind::resources, {resource("skill://b/r/a.md")}}});
  EXPECT_EQ(owner(catalog_of({thief, servers[1]}), "skill://b/r/a.md"), 1U);
  auto const one = catalog_of({servers[1], servers[2]});
  for (char const* uri : {"skill://r/SKILL.md", "skill://r/a.md", "skill://r"}) {
    EXPECT_EQ(owner(one, uri), 0U) << uri;
    EXPECT_EQ(own_uri(one, 0, uri), uri);
  }
  EXPECT_FALSE(owner(one, "skill://rest"));
  EXPECT_NE(page(*catalog_of(servers, "a"), ListKind::skills).find('[' + skill + ']'), std::string::npos);
}

TEST(Catalog, AToolIsFoundByItsOwnNameWhereOnlyOneHasIt) {
  auto hidden = catalog_server("c", {{ListKind::tools, {tool("one")}}});
  hidden.rules.hide = {"one"};
  auto const catalog = catalog_of({catalog_server("a", {{ListKind::tools, {tool("both"), tool("one")}}}),
                                   catalog_server("b", {{ListKind::tools, {tool("both")}}}), hidden});
  EXPECT_EQ(catalog->find_tool("both"), nullptr);
  EXPECT_EQ(catalog->find_tool("one"), catalog->find_tool("a__one"));
  EXPECT_NE(catalog->find_tool("one"), nullptr);
}

TEST(Catalog, AnOwnNameThatLooksLikeAnothersIsNoNameOfIts) {
  Lists const claims{{ListKind::tools, {tool("git__push"), tool("foo__x"), tool("git_pull")}}};
  CatalogServers servers{catalog_server("foo", claims), {}};
  servers[1].name = "git";
  auto const pending = catalog_of(servers);
  EXPECT_EQ(pending->find_tool("git__push"), nullptr) << "it is asked for when it has answered";
  EXPECT_NE(pending->find_tool("foo__git__push"), nullptr);
  EXPECT_NE(pending->find_tool("foo__x"), nullptr) << "its own prefix";
  EXPECT_NE(pending->find_tool("git_pull"), nullptr);
  EXPECT_NE(catalog_of(servers, "foo")->find_tool("git__push"), nullptr);
  servers[1] = catalog_server("git", {{ListKind::tools, {tool("push")}}});
  EXPECT_EQ(catalog_of(servers)->find_tool("git__push")->server, 1U);
  servers[1].rules.hide = {"push"};
  EXPECT_EQ(catalog_of(servers)->find_tool("git__push"), nullptr) << "the operator hid it";
  EXPECT_NE(catalog_of(servers, "", true, {.names = {.prefix = ""}})->find_tool("git__push"), nullptr);
  servers[1].in_aggregate = false;
  EXPECT_NE(catalog_of(servers)->find_tool("git__push"), nullptr) << "nothing here is git's";
}

TEST(Catalog, AnUnlistedUriBelongsToTheFirstTemplateItFits) {
  auto const catalog = catalog_of(
      {catalog_server("a", {{ListKind::templates,
                             {uri_template("x://{id}"), uri_template("w://{id}"), uri_template("bad{")}}}),
       catalog_server("b", {{ListKind::resources, {resource("x://listed")}},
                            {ListKind::templates, {uri_template("x://{id}"), uri_template("y://{+p}")}}})});
  EXPECT_FALSE(owner(catalog, "x://1"));  // both have it
  EXPECT_EQ(owner(catalog, "x://a/1"), 0U);
  EXPECT_EQ(own_uri(catalog, 1, "x://b/{id}"), "x://{id}");
  EXPECT_EQ(catalog->shown_uri(0, "x://1"), "x://a/1") << "as it can be read";
  EXPECT_EQ(catalog->shown_uri(1, "x://listed"), "x://listed");
  EXPECT_EQ(catalog->shown_uri(0, "w://1"), "w://1");
  EXPECT_EQ(catalog->shown_uri(0, "https://example.com/"), "https://example.com/") << "nobody's here";
  EXPECT_EQ(owner(catalog, "w://1"), 0U);
  EXPECT_EQ(owner(catalog, "x://listed"), 1U);
  EXPECT_EQ(owner(catalog, "y://1/2"), 1U);
  EXPECT_EQ(own_uri(catalog, 1, "y://{+p}"), "y://{+p}");
  EXPECT_EQ(own_uri(catalog, 0, "bad{"), "bad{");
  EXPECT_FALSE(owner(catalog, "z://"));
  EXPECT_EQ(catalog->notes().size(), 1U);
}

TEST(Catalog, AnUnlistedUriBelongsToTheOnlyServerWithResources) {
  auto without = catalog_server("b", {});
  auto contents = *without.contents;
  contents.capabilities.resources = false;
  without.contents = std::make_shared<ServerContents const>(contents);
  EXPECT_EQ(owner(catalog_of({without, catalog_server("a", {})}), "q://"), 1U);
  EXPECT_FALSE(owner(catalog_of({without}), "q://"));
}

TEST(Catalog, ItsHashTellsWhetherWhatIsShownIsTheSame) {
  auto const hash = [](CatalogServers const& servers) {
    CatalogOptions options;
    options.seed = servers.size() + 1;  // plays no part
    return catalog_of(servers, "", true, options)->list(ListKind::tools).hash;
  };
  Lists const one{{ListKind::tools, {tool("a")}}}, two{{ListKind::tools, {tool("a"), tool("b")}}};
  auto const base_hash = hash({catalog_server("s", one)});
  EXPECT_EQ(base_hash, hash({catalog_server("s", one), catalog_server("empty", {})}));
  EXPECT_NE(base_hash, hash({catalog_server("s", two)}));
  EXPECT_NE(base_hash, hash({catalog_server("r", one)}));
  auto described = catalog_server("s", one);
  described.rules.description = {{"a", "x"}};
  EXPECT_NE(base_hash, hash({described}));
  EXPECT_NE(hash({catalog_server("s", two), catalog_server("t", one)}),
            hash({catalog_server("t", one), catalog_server("s", two)}));
}

TEST(Catalog, DeclaresExtensionsOnlyWhereAServerIsAlone) {
  auto server = catalog_server("s", {});
  auto contents = *server.contents;
  contents.capabilities = Capabilities::read(R"({"tools":{},"extensions":{"x":{}}})");
  contents.identity.instructions = "Be kind.";
  server.contents = std::make_shared<ServerContents const>(contents);
  EXPECT_EQ(catalog_of({server}, "s")->description().capabilities,
            R"({"tools":{"listChanged":true},"extensions":{"x":{}}})");
  EXPECT_EQ(catalog_of({server}, "s")->description().instructions, "Be kind.");
  EXPECT_EQ(catalog_of({server})->description().capabilities, R"({"tools":{"listChanged":true}})");
  EXPECT_EQ(catalog_of({server})->description().instructions, "# s\nBe kind.");
}

TEST(Suggestion, MeasuresEdits) {
  EXPECT_EQ(edits_between("kitten", "sitting", 9), 3U);
  EXPECT_EQ(edits_between("", "ab", 2), 2U);
  EXPECT_EQ(edits_between("abc", "abc", 2), 0U);
  EXPECT_EQ(edits_between("abcd", "badc", 2), 3U);  // over the limit is limit + 1
  EXPECT_EQ(edits_between("abcdef", "ab", 2), 3U);
}

TEST(Suggestion, KnowsAMissingPrefixAndATypingError) {
  auto const catalog =
      catalog_of({catalog_server("github", {{ListKind::tools, {tool("create_issue"), tool("search")}}}),
                  catalog_server("docs", {{ListKind::tools, {tool("search"), tool("a")}}})});
  EXPECT_EQ(suggestion(*catalog, ListKind::tools, "search"), "github__search");
  EXPECT_EQ(suggestion(*catalog, ListKind::tools, "github__creat_isue"), "github__create_issue");
  EXPECT_EQ(suggestion(*catalog, ListKind::tools, "create-issue"), "github__create_issue");
  EXPECT_EQ(suggestion(*catalog, ListKind::tools, "docs__searhc"), "docs__search");
  EXPECT_EQ(suggestion(*catalog, ListKind::tools, "b"), "");
  EXPECT_EQ(suggestion(*catalog, ListKind::tools, "nothing_like_it"), "");
  EXPECT_EQ(suggestion(*catalog, ListKind::tools, std::string(100'000, 'x')), "");
  EXPECT_EQ(suggestion(*catalog, ListKind::prompts, "search"), "");
}

}  // namespace
}  // namespace weir::router
