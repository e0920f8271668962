#include "app/ctl_text.hpp"

#include <gtest/gtest.h>

#include "app/shown_text.hpp"

namespace weir::app {
namespace {

TEST(CtlText, ADryRunSaysWhatWouldGoAndHow) {
  admin::PurgeRequest request{"github.search_*", "", "", "", true};
  EXPECT_EQ(render_purge(request, {3, 4}),
            "would drop 7 entries (l1 3, l2 4) of `github.search_*`\nrun again without --dry-run to purge\n");
  request.dry_run = false;
  EXPECT_EQ(render_purge(request, {1, 0}), "dropped 1 entry (l1 1, l2 0) of `github.search_*`\n");
  request.tag = "hot";
  EXPECT_EQ(render_purge(request, {1, {}}),
            "dropped at least 1 entry (l1 1, l2 unknown) of `github.search_*`, tag `hot`\n");
}

TEST(CtlText, ReadsTheAnswerOfThePurge) {
  auto const count = read_purge_answer(admin::purge_answer({5, std::nullopt}, true));
  ASSERT_TRUE(count);
  EXPECT_EQ(count->memory, 5U);
  EXPECT_EQ(count->store, std::nullopt);
  for (auto const* foreign : {"", "<html>", "{}", "[]", R"({"entries":3})"})
    EXPECT_FALSE(read_purge_answer(foreign)) << foreign;
}

TEST(CtlText, ADropOfTokensSaysHowMany) {
  auto const dropped = read_drop_answer(admin::token_drop_answer(3));
  ASSERT_TRUE(dropped);
  EXPECT_EQ(render_drop({"a\nnn", ""}, *dropped), "3 dropped of `" + shown("a\nnn") + "`\n");
  for (auto const* foreign : {"", "<html>", "{}", "[]", R"({"dropped":-1})"})
    EXPECT_FALSE(read_drop_answer(foreign)) << foreign;
}

TEST(CtlText, AReloadSaysWhatWasTakenOver) {
  auto const answer = read_reload_answer(admin::reload_answer({1, 0, 2}));
  ASSERT_TRUE(answer);
  EXPECT_EQ(render_reload(*answer),
            "taken over: servers: 1 added, 0 removed, 2 changed, the rest keeps running\n");
  for (auto const* foreign : {"", "<html>", "{}", "[]", R"({"servers":3})"})
    EXPECT_FALSE(read_reload_answer(foreign)) << foreign;
}

TEST(CtlText, WholeServersAreBulk) {
  EXPECT_TRUE(is_bulk({"*", "", "", "", false}));
  EXPECT_TRUE(is_bulk({"github", "", "", "", false}));
  EXPECT_TRUE(is_bulk({"github.*", "", "", "", false}));
  EXPECT_FALSE(is_bulk({"github.search_*", "", "", "", false}));
  EXPECT_FALSE(is_bulk({"github", "file:///a", "", "", false}));
  EXPECT_FALSE(is_bulk({"*", "", "", "hot", false}));
}

TEST(CtlText, AServerThatNobodyHasIsSaid) {
  std::vector<std::string_view> const servers{"github", "files"};
  auto const why = [&](std::string const& select) { return unmatched({select, "", "", "", false}, servers); };
  EXPECT_EQ(why("*"), "");
  EXPECT_EQ(why("git*.x"), "");
  EXPECT_EQ(why("files"), "");
  EXPECT_EQ(why("*.search"), "");
  EXPECT_EQ(why("githbu.x"), "no server of the gateway is called `githbu`; did you mean `github`?");
  EXPECT_EQ(why("x*"), "no server of the gateway is called `x*`");
  EXPECT_EQ(unmatched({"", "", "", "t", false}, {}), "");
}

TEST(CtlText, TiersAreLines) {
  EXPECT_EQ(*render_cache(R"({"version":1,"memory":{"entries":3,"kind":"a\u001bb"}})"),
            "version           1\nmemory\n  entries           3\n  kind              a?b\n");
  EXPECT_FALSE(render_cache("no"));
}

}  // namespace
}  // namespace weir::app
