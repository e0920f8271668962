#include "observe/log_line.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace weir::observe {
namespace {

using namespace std::chrono_literals;

base::WallTime const kAt{std::chrono::milliseconds{1'785'242'096'789}};  // 2026-07-28T12:34:56.789Z

std::string event(LogFormat format, std::string_view msg, std::vector<Field> const& fields = {},
                  Mask const& mask = {}) {
  LineBuffer out;
  render_event(out, format, mask, kAt, Level::warn, "upstream.exit", msg, fields);
  return std::string(out.view());
}

std::string escaped(std::string_view text, std::size_t bytes_max = 1000) {
  LineBuffer out;
  out.put_escaped(text, bytes_max, true);
  return std::string(out.view());
}

AccessLine full_line() {
  AccessLine line;
  line.at = kAt;
  line.request_id = "r-17";
  line.session = "0123abcd";
  line.client = "inspector/1.0";
  line.era = "modern";
  line.principal = "ann";
  line.server = "github";
  line.tool = "create_issue";
  line.method = "tools/call";
  line.outcome = "error";
  line.duration = 12'345'678ns;
  line.upstream = 9ms;
  line.bytes_in = 250;
  line.bytes_out = 300;
  line.error_type = "timed_out";
  line.error_code = -32001;
  line.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
  return line;
}

TEST(LogLine, AnEventAsJsonHasTheFixedKeys) {
  EXPECT_EQ(event(LogFormat::json, "exited with status 1",
                  {{Key::server, "github"}, {Key::attempt, 3}, {Key::duration_ms, 1500us}}),
            R"({"ts":"2026-07-28T12:34:56.789Z","level":"warn","event":"upstream.exit",)"
            R"("msg":"exited with status 1","server":"github","attempt":3,"duration_ms":1.500})"
            "\n");
}

TEST(LogLine, AnEventAsTextIsAlignedAndQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(event(LogFormat::text, R"(no "such" file)",
                  {{Key::server, "git hub"}, {Key::tool, "echo"}, {Key::client, ""}}),
            "12:34:56.789 WARN  upstream.exit     no \"such\" file server=\"git hub\" tool=echo\n");
}

TEST(LogLine, OnlyColourTextHasEscapeBytes) {
  EXPECT_NE(event(LogFormat::colour, "x").find("\x1b[33mWARN "), std::string::npos);
  EXPECT_EQ(event(LogFormat::text, "x").find('\x1b'), std::string::npos);
}

TEST(LogLine, OneCallAsJson) {
  LineBuffer out;
  render_access(out, LogFormat::json, {}, full_line());
  EXPECT_EQ(out.view(),
            R"({"ts":"2026-07-28T12:34:56.789Z","level":"info","event":"call","request_id":"r-17",)"
            R"("session":"0123abcd","client":"inspector/1.0","era":"modern","principal":"ann",)"
            R"("server":"github","tool":"create_issue","method":"tools/call","outcome":"error",)"
            R"("duration_ms":12.345,"upstream_ms":9.000,"bytes_in":250,"bytes_out":300,)"
            R"("error_type":"timed_out","error_code":-32001,)"
            R"("trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"})"
            "\n");
}

TEST(LogLine, OneCallAsTextBeginsWithWhatAPersonReadsFirst) {
  auto line = full_line();
  LineBuffer out;
  render_access(out, LogFormat::text, {}, line);
  EXPECT_EQ(out.view().substr(0, 73),
            "12:34:56.789 INFO  call              tools/call github.create_issue error");
  line.server = line.tool = {};
  LineBuffer bare;
  render_access(bare, LogFormat::text, {}, line);
  EXPECT_NE(bare.view().find("tools/call error 12.345 ms request_id=r-17"), std::string_view::npos);
}

// T-51: hostile text is shown escaped.
TEST(LogLine, ControlAndDirectionCharactersAndInvalidUtf8AreEscaped) {
  std::vector<std::pair<std::string, std::string>> const cases{
      {"plain äöü 漢字 🌊", "plain äöü 漢字 🌊"},
      {"a\nb\tc\rd", R"(a\nb\tc\rd)"},
      {std::string("nul\0!", 5), R"(nul\u0000!)"},
      {"\x1b[31mred", R"(\u001b[31mred)"},
      {"del\x7f", R"(del\u007f)"},
      {"c1\xc2\x9b", R"(c1\u009b)"},
      {"bidi\xe2\x80\xae!", R"(bidi\u202e!)"},
      {"isolate\xe2\x81\xa6!", R"(isolate\u2066!)"},
      {"line\xe2\x80\xa8!", R"(line\u2028!)"},
      {R"(q"b\)", R"(q\"b\\)"},
      {"lone\x80!", R"(lone\ufffd!)"},
      {"overlong\xc0\xaf", R"(overlong\ufffd\ufffd)"},
      {"overlong\xe0\x80\xaf", R"(overlong\ufffd\ufffd\ufffd)"},
      {"surrogate\xed\xa0\x80", R"(surrogate\ufffd\ufffd\ufffd)"},
      {"cut\xe6\xbc", R"(cut\ufffd\ufffd)"},
      {"beyond\xf4\x90\x80\x80", R"(beyond\ufffd\ufffd\ufffd\ufffd)"},
  };
  for (auto const& [raw, shown] : cases) EXPECT_EQ(escaped(raw), shown);
}

TEST(LogLine, TextsAreCutAtTheLimitAndNeverInsideACharacter) {
  EXPECT_EQ(escaped("12345", 5), "12345");
  EXPECT_EQ(escaped("123456", 5), "12345…");
  EXPECT_EQ(escaped("1234漢", 5), "1234…");
  EXPECT_EQ(escaped("1234\n", 5), "1234…");
  EXPECT_EQ(escaped("123\n", 5), R"(123\n)");
}

TEST(LogLine, TheLongestLineFitsAndStaysWhole) {
  std::string const hostile(5000, '\x01');
  std::vector<Field> fields;
  for (std::size_t i = 0; i < kKeyCount; ++i) fields.emplace_back(static_cast<Key>(i), hostile);
  for (auto const format : {LogFormat::json, LogFormat::text, LogFormat::colour}) {
    auto const line = event(format, hostile, fields);
    EXPECT_LE(line.size(), kLineBytesMax);
    EXPECT_GT(line.size(), 6000U);
    EXPECT_EQ(line.substr(line.size() - (format == LogFormat::json ? 3 : 1)),
              format == LogFormat::json ? "\"}\n" : "\n");
  }
  auto call = full_line();
  call.request_id = call.client = call.principal = call.server = call.tool = call.method = call.outcome =
      hostile;
  LineBuffer out;
  render_access(out, LogFormat::colour, {}, call);
  EXPECT_LE(out.view().size(), kLineBytesMax);
  EXPECT_EQ(out.view().back(), '\n');
}

// Secrets are masked by value, before escaping, wherever a peer may have put them.
TEST(LogLine, EveryTextThatOthersChooseIsMasked) {
  std::string const secret = "s3cr\"et";
  Mask const mask = [&secret](std::string& text) {
    for (std::size_t at = 0; (at = text.find(secret)) != std::string::npos;)
      text.replace(at, secret.size(), "***");
  };
  std::vector<Field> fields;
  for (auto const key :
       {Key::request_id, Key::client, Key::principal, Key::server, Key::tool, Key::method, Key::error_type})
    fields.emplace_back(key,
                        "x"
                        "s3cr\"et"
                        "y");
  for (auto const format : {LogFormat::json, LogFormat::text}) {
    auto const line = event(format, "token s3cr\"et leaked", fields, mask);
    EXPECT_EQ(line.find("s3cr"), std::string::npos) << line;
    EXPECT_NE(line.find("token *** leaked"), std::string::npos);
    auto call = full_line();
    call.request_id = call.client = call.principal = call.server = call.tool = call.method = call.error_type =
        secret;
    LineBuffer out;
    render_access(out, format, mask, call);
    EXPECT_EQ(out.view().find("s3cr"), std::string_view::npos) << out.view();
  }
}

TEST(LogLine, TimesBeforeAndAfterEpochAndLeapDaysAreRight) {
  for (auto const& [ms, shown] :
       std::vector<std::pair<std::int64_t, std::string>>{{0, "1970-01-01T00:00:00.000"},
                                                         {951'782'399'999, "2000-02-28T23:59:59.999"},
                                                         {951'782'400'000, "2000-02-29T00:00:00.000"},
                                                         {4'102'444'800'001, "2100-01-01T00:00:00.001"}}) {
    LineBuffer out;
    base::WallTime const at{std::chrono::milliseconds{ms}};
    out.put_date(at);
    out.put_time(at);
    EXPECT_EQ(out.view(), shown);
  }
}

TEST(LogLine, ASessionTagIsShortStableAndItsOwn) {
  auto const text = [](std::string_view id) {
    auto const tag = session_tag(id);
    return std::string(tag.data(), tag.size());
  };
  EXPECT_EQ(text("a"), text("a"));
  EXPECT_NE(text("a"), text("b"));
  EXPECT_EQ(text("a").find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace weir::observe
