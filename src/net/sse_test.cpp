#include "net/sse.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weir::net {
namespace {

using State = SseParser::State;

// Events as text: "type|data|id;" with LF shown as '/'.
std::string read(SseParser& parser, std::string_view input) {
  std::string out;
  SseEvent event;
  while (true) {
    SseParser::Step const step = parser.next(input, event);
    if (step.state == State::too_large) return out + "too large";
    input.remove_prefix(step.consumed);
    if (step.state == State::need_more) {
      EXPECT_TRUE(input.empty());
      return out;
    }
    for (std::string_view const part : {event.type, event.data, event.id}) {
      for (char const c : part) out += c == '\n' ? '/' : c;
      out += part.data() == event.id.data() ? "" : "|";
    }
    out += ';';
  }
}

struct Stream {
  char const* name;
  std::string_view bytes;
  std::string_view events;
};

using namespace std::string_view_literals;
constexpr Stream kStreams[] = {
    {"a message", "event: message\ndata: {\"a\":1}\n\n"sv, "message|{\"a\":1}|;"},
    {"no type", "data: x\n\n"sv, "message|x|;"},
    {"CRLF", "event: a\r\ndata: x\r\n\r\n"sv, "a|x|;"},
    {"CR", "event: a\rdata: x\r\rdata: y\r\r"sv, "a|x|;message|y|;"},
    {"mixed line ends", "event: a\rdata: x\r\n\ndata: y\n\r\n"sv, "a|x|;message|y|;"},
    {"several lines", "data: a\ndata: b\ndata: c\n\n"sv, "message|a/b/c|;"},
    {"empty lines of data", "data\ndata:\ndata: \n\n"sv, "message|//|;"},
    {"empty data counts", "data:\n\n"sv, "message||;"},
    {"no data, no event", "event: a\n\ndata: x\n\n"sv, "message|x|;"},
    {"one space is dropped", "data:  x \n\ndata:y\n\n"sv, "message| x |;message|y|;"},
    {"comments", ": hello\ndata: x\n:\n\n:\n\n"sv, "message|x|;"},
    {"unknown fields", "foo: bar\nDATA: y\n data: z\ndata: x\ndatax: w\n\n"sv, "message|x|;"},
    {"the last type wins", "event: a\nevent: b\ndata: x\n\n"sv, "b|x|;"},
    {"empty type is message", "event: a\nevent:\ndata: x\n\n"sv, "message|x|;"},
    {"ids stay", "id: 7\ndata: x\n\ndata: y\n\nid\ndata: z\n\n"sv, "message|x|7;message|y|7;message|z|;"},
    {"id without data stays", "id: 7\n\ndata: y\n\n"sv, "message|y|7;"},
    {"id with NUL is ignored", "id: 7\ndata: x\n\nid: 8\0\ndata: y\n\n"sv, "message|x|7;message|y|7;"},
    {"colon in data", "data: a:b: c\n\n"sv, "message|a:b: c|;"},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "data: x\n\n"sv,
     "message|x|;"},
    {"second byte order mark",
     "\xEF\xBB\xBF\xEF\xBB\xBF"
     "data: x\n\n"sv,
     ""},
    {"part of a byte order mark",
     "\xEF\xBB"
     "data: x\n\ndata: y\n\n"sv,
     "message|y|;"},
    {"empty lines first", "\n\r\n\rdata: x\n\n"sv, "message|x|;"},
    {"unfinished event", "data: x\n\ndata: y\n"sv, "message|x|;"},
    {"unfinished line", "data: x\n\ndata: y"sv, "message|x|;"},
    {"long data", "data: 0123456789012345678901234567890123456789\ndata: 01234567890123456789\n\n"sv,
     "message|0123456789012345678901234567890123456789/01234567890123456789|;"},
    {"NUL in data", "data: a\0b\n\n"sv, "message|a\0b|;"sv},
};

TEST(SseParser, ReadsStreamsWholeAndByteByByteAndSplitAnywhere) {
  for (Stream const& stream : kStreams) {
    SseParser whole{1000};
    EXPECT_EQ(read(whole, stream.bytes), stream.events) << stream.name;
    SseParser drip{1000};
    std::string dripped;
    for (char const c : stream.bytes) dripped += read(drip, {&c, 1});
    EXPECT_EQ(dripped, stream.events) << stream.name;
    for (std::size_t i = 0; i <= stream.bytes.size(); ++i) {
      for (std::size_t j = i; j <= stream.bytes.size(); ++j) {
        SseParser parser{1000};
        std::string events;
        for (std::string_view part :
             {stream.bytes.substr(0, i), stream.bytes.substr(i, j - i), stream.bytes.substr(j)}) {
          std::vector<char> const own(part.begin(), part.end());  // views into it would die here
          events += read(parser, {own.data(), own.size()});
        }
        ASSERT_EQ(events, stream.events) << stream.name << " split at " << i << " and " << j;
      }
    }
  }
}

TEST(SseParser, CopiesNothingWhenAnEventLiesInOneInput) {
  std::string const input = "event: message\ndata: {\"a\":1}\n\nid: 1\ndata: two\n\n";
  SseParser parser{1000};
  SseEvent event;
  SseParser::Step const first = parser.next(input, event);
  ASSERT_EQ(first.state, State::event);
  EXPECT_EQ(event.data.data(), input.data() + input.find('{'));
  ASSERT_EQ(parser.next(std::string_view{input}.substr(first.consumed), event).state, State::event);
  EXPECT_EQ(event.data.data(), input.data() + input.find("two"));
}

TEST(SseParser, DispatchesAtTheBlankLineWithoutWaitingForMore) {
  SseParser parser{1000};
  EXPECT_EQ(read(parser, "data: x\r\n\r"), "message|x|;");
  EXPECT_EQ(read(parser, "\ndata: y\r\r"), "message|y|;");
}

TEST(SseParser, HoldsItsLimitOnBothSidesHoweverTheEventArrives) {
  std::string const fits = "data:" + std::string(95, 'x') + "\n\n";  // a line of 100 bytes
  std::string const over = "data:" + std::string(96, 'x') + "\n\n";
  for (std::size_t const step : {1U, 7U, 50U, 1000U}) {
    SseParser good{100};
    SseParser bad{100};
    std::string got_good;
    std::string got_bad;
    for (std::size_t at = 0; at < fits.size(); at += step)
      got_good += read(good, std::string_view{fits}.substr(at, step));
    for (std::size_t at = 0; at < over.size() && got_bad.empty(); at += step) {
      got_bad += read(bad, std::string_view{over}.substr(at, step));
    }
    EXPECT_EQ(got_good, "message|" + std::string(95, 'x') + "|;") << step;
    EXPECT_EQ(got_bad, "too large") << step;
  }
  SseParser lines{100};  // many short lines
  std::string many;
  for (int i = 0; i < 30; ++i) many += "data:x\n";
  EXPECT_EQ(
      read(lines, many + "\n"), "message|" + [] {
        std::string joined = "x";
        for (int i = 1; i < 30; ++i) joined += "/x";
        return joined;
      }() + "|;");
  for (int i = 0; i < 30; ++i) many += "data:x\n";
  EXPECT_EQ(read(lines, many + "\n"), "too large");
}

// Events as read() tells them, and "type<head|tail>;" for those that were passed over.
std::string read_on(SseParser& parser, std::string_view input) {
  std::string out;
  SseEvent event;
  while (true) {
    SseParser::Step const step = parser.next(input, event);
    input.remove_prefix(step.consumed);
    if (step.state == State::need_more) return out;
    if (step.state == State::too_large) continue;
    out.append(event.type);
    if (step.state == State::event) {
      out.append("|").append(event.data).append("|").append(event.id).append(";");
    } else {
      out.append("<").append(parser.ends().head).append("|").append(parser.ends().tail).append(">;");
    }
  }
}

TEST(SseParser, PassesOverALongEventAndGoesOn) {
  std::string const begin = std::string(SseParser::kEndBytes, 'b'), end(SseParser::kEndBytes, 'e');
  std::string const filler(5000, 'x');
  std::string const in_lines = "data: one\r\ndata: " + filler + "\r\ndata: two\r\n\r\n";
  std::string const stream = "id: 1\ndata: a\n\nevent: big\nid: 2\ndata: " + begin + filler + end +
                             "\n\ndata: b\n\n" + in_lines + "data: c\n\n:" + filler + "\n\ndata: d\n\n";
  std::string const lines_head = "one\n" + filler.substr(0, SseParser::kEndBytes - 4);
  std::string const lines_tail = filler.substr(0, SseParser::kEndBytes - 4) + "\ntwo";
  std::string const all = "message|a|1;big<" + begin + "|" + end + ">;message|b|2;message<" + lines_head +
                          "|" + lines_tail + ">;message|c|2;message|d|2;";
  for (std::size_t const step : {1U, 7U, 100U, 4096U, 100000U}) {
    SseParser parser{1000};
    std::string got;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      std::string_view const part = std::string_view{stream}.substr(at, step);
      std::vector<char> const own(part.begin(), part.end());  // views into it would die here
      got += read_on(parser, {own.data(), own.size()});
      EXPECT_LE(parser.held_bytes(), 8192U);
    }
    EXPECT_EQ(got, all) << step;
  }
}

TEST(SseParser, KnowsAShortLongEventByBothItsEnds) {
  SseParser parser{10};
  EXPECT_EQ(read_on(parser, "data: 0123456789\n\ndata: x\n\n"), "message<0123456789|0123456789>;message|x|;");
}

TEST(SseParser, GivesTheMemoryOfALargeEventBack) {
  SseParser parser{1000000};
  read(parser, "data: " + std::string(100000, 'x'));
  EXPECT_GE(parser.held_bytes(), 100000U);
  EXPECT_EQ(read(parser, "\ndata: y\n\n").size(), 100000U + 12U);
  EXPECT_LE(parser.held_bytes(), 4096U);
  read(parser, ":" + std::string(100000, 'x') + "\n");
  EXPECT_LE(parser.held_bytes(), 4096U);
}

TEST(SseParser, LetsCommentsGoOnForEver) {  // P040
  SseParser parser{100};
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(read(parser, ": keep-alive\n"), "");
  EXPECT_EQ(read(parser, ":" + std::string(100, 'x')), "too large");
}

TEST(SseParser, KnowsTheLastIdOfEventsThatEnded) {
  SseParser parser{4000};
  EXPECT_EQ(parser.last_event_id(), "");
  read(parser, "id: 1\ndata: x\n\nid: 2\ndata: y\n");
  EXPECT_EQ(parser.last_event_id(), "1");
  read(parser, "\n");
  EXPECT_EQ(parser.last_event_id(), "2");
  read(parser, "id: " + std::string(1024, 'i') + "\n\n");
  EXPECT_EQ(parser.last_event_id().size(), 1024U);
  read(parser, "id: " + std::string(1025, 'j') + "\n\n");
  EXPECT_EQ(parser.last_event_id(), std::string(1024, 'i'));
}

TEST(SseParser, TakesRetryOnlyAsDigits) {
  SseParser parser{1000};
  for (std::string_view const bad :
       {"retry: x\n", "retry: -1\n", "retry:\n", "retry: 1s\n", "retry: 99999999999\n", "retry:  5\n"}) {
    read(parser, bad);
    EXPECT_FALSE(parser.retry_ms().has_value()) << bad;
  }
  read(parser, "retry: 1500\nretry: y\n");
  EXPECT_EQ(parser.retry_ms(), 1500U);
}

TEST(SseText, IsReadBackByTheParser) {
  std::string out;
  ASSERT_TRUE(append_sse_id(out, "3.14"));
  append_sse_retry(out, 250);
  append_sse_message(out, "{\"a\":\r\n[1,\n2]}");
  EXPECT_EQ(out, "id: 3.14\nretry: 250\nevent: message\ndata: {\"a\":  [1, 2]}\n\n");
  out += kSseKeepAlive;
  append_sse_event(out, "endpoint", "/messages?id=1");
  append_sse_event(out, "text", "a\r\nb\rc\n");
  SseParser parser{1000};
  EXPECT_EQ(read(parser, out),
            "message|{\"a\":  [1, 2]}|3.14;endpoint|/messages?id=1|3.14;text|a/b/c/|3.14;");
  EXPECT_EQ(parser.retry_ms(), 250U);
}

TEST(SseText, LetsNoLineBreakIntoAnId) {
  std::string out;
  EXPECT_FALSE(append_sse_id(out, "a\nb"));
  EXPECT_FALSE(append_sse_id(out, "a\r"));
  EXPECT_FALSE(append_sse_id(out, "a\0b"sv));
  EXPECT_EQ(out, "");
  for (std::size_t at = 0; at < 70; ++at) {
    std::string text(70, 'x');
    EXPECT_FALSE(has_line_break(text));
    text[at] = at % 2 == 0 ? '\r' : '\n';
    EXPECT_TRUE(has_line_break(text));
  }
}

}  // namespace
}  // namespace weir::net
