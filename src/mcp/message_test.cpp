#include "mcp/message.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::mcp {
namespace {

Message good(std::string text, Limits const& limits = {}) {
  auto message = decode(text, limits);
  if (!message) ADD_FAILURE() << text << ": " << message.error().sentence;
  return std::move(message).value();
}

DecodeFailure bad(std::string text, Limits const& limits = {}) {
  auto message = decode(text, limits);
  if (message) {
    ADD_FAILURE() << "accepted: " << text;
    return {};
  }
  EXPECT_EQ(message.error().bytes, text);
  return message.error();
}

void expect_invalid(std::string const& text, std::string_view sentence_part, std::string_view id = "") {
  auto const failure = bad(text);
  EXPECT_EQ(failure.fault, DecodeFault::invalid_request) << text;
  EXPECT_EQ(failure.code(), -32600);
  EXPECT_NE(failure.sentence.find(sentence_part), std::string::npos) << text << ": " << failure.sentence;
  EXPECT_EQ(failure.id, id) << text;
}

std::string call_with(std::string const& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":)" + params + "}";
}

TEST(Message, StaysSmall) { EXPECT_LE(sizeof(Message), sizeof(std::string) + 300); }

TEST(Message, KnowsTheFourKinds) {
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"method":"ping"})").kind(), MessageKind::request);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","method":"ping"})").kind(), MessageKind::notification);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"result":{}})").kind(), MessageKind::result);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}})").kind(), MessageKind::error);
}

TEST(Message, ReadsMembersInAnyOrderAndWithWhiteSpace) {
  auto const message = good(
      " {\n \"params\" : { \"arguments\" : { } , \"name\" : \"t\" } ,\n \"method\" : "
      "\"tools/call\" , \"id\" : \"x\" , \"jsonrpc\" : \"2.0\" } \n");
  EXPECT_EQ(message.method(), Method::tools_call);
  EXPECT_EQ(message.raw(Field::id), "\"x\"");
  EXPECT_EQ(message.raw(Field::name), "\"t\"");
  EXPECT_EQ(message.raw(Field::arguments), "{ }");
  EXPECT_EQ(message.raw(Field::params), R"({ "arguments" : { } , "name" : "t" })");
}

// P083: 0 is an id, 1 is not "1", integers beyond 2^53 keep their text.
TEST(Message, KeepsTheTextOfIds) {
  for (std::string const id : {"0", "1", "\"1\"", "-7", "9007199254740993", "\"\"", "\"\\u0041\"",
                               "123456789012345678901234567890123456789"}) {
    EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"ping"})").raw(Field::id), id);
  }
}

TEST(Message, RefusesIdsThatAreNeitherIntegersNorStrings) {
  for (std::string const id : {"1.0", "1e3", "1.5", "true", "[]", "{}", "\"\\ud800\""}) {
    expect_invalid(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"ping"})", "the id is neither");
  }
  expect_invalid(R"({"jsonrpc":"2.0","id":null,"method":"ping"})", "the id is null");
  expect_invalid(R"({"jsonrpc":"2.0","id":null,"result":{}})", "the id is null");
  expect_invalid(R"({"jsonrpc":"2.0","result":{}})", "a result without an id");
}

TEST(Message, LimitsTheLengthOfIds) {
  auto const with_id = [](std::string const& id) {
    return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"ping"})";
  };
  good(with_id('"' + std::string(256, 'x') + '"'));
  expect_invalid(with_id('"' + std::string(257, 'x') + '"'), "the id is neither");
  good(with_id(std::string(256, '1')));
  expect_invalid(with_id(std::string(257, '1')), "the id is neither");
  good(with_id("\"abc\""), {.id_bytes_max = 3});
  EXPECT_EQ(bad(with_id("\"abcd\""), {.id_bytes_max = 3}).fault, DecodeFault::invalid_request);
}

TEST(Message, TakesNoIdOrNullInAnErrorResponseOnly) {
  auto const without = good(R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"m"}})");
  auto const null = good(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}})");
  EXPECT_FALSE(without.has(Field::id));
  EXPECT_FALSE(null.has(Field::id));
  EXPECT_EQ(null.integer(Field::error_code), -32700);
}

TEST(Message, RefusesWhatIsNoMessage) {
  expect_invalid("5", "not an object");
  expect_invalid(" \"a\" ", "not an object");
  expect_invalid("null", "not an object");
  expect_invalid("{}", "jsonrpc");
  expect_invalid(R"({"id":1,"method":"ping"})", "jsonrpc", "1");
  expect_invalid(R"({"jsonrpc":"1.0","id":1,"method":"ping"})", "jsonrpc", "1");
  expect_invalid(R"({"jsonrpc":2.0,"id":1,"method":"ping"})", "jsonrpc", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1})", "not exactly one", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", "not exactly one", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}})", "not exactly one",
                 "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":5})", "the method is not a string", "1");
  expect_invalid(R"({"jsonrpc":"2.0","method":null,"id":"late"})", "the method is not a string", "\"late\"");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"\ud800"})", "surrogate", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", "not an object: params", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":null})", "not an object: params", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"result":[]})", "not an object: result", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"result":{},"params":{}})", "params without a method", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"error":"no"})", "not an object: error", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"error":{"message":"m"}})", "no integer code", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"m"}})", "no integer code", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"error":{"code":1}})", "no message", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":2}})", "no message", "1");
}

TEST(Message, TellsWhatIsNotJsonAndWhere) {
  struct Case {
    std::string text;
    std::string sentence;
    std::string id;
  };
  for (auto const& [text, sentence, id] : std::vector<Case>{
           {"", "the text ends too early at byte 0", ""},
           {"nope", "not true, false or null at byte 0", ""},
           {"{\"jsonrpc\":\"2.0\",\"id\":1,", "the text ends too early at byte 24", "1"},
           {R"({"jsonrpc":"2.0","id":12)", "the text ends too early at byte 24", ""},
           {R"({"jsonrpc":"2.0","id":01})", "unexpected byte at byte 23", ""},
           {R"({"jsonrpc":"2.0","id":1}x)", "bytes after the end at byte 24", "1"},
           {"{\"a\":\"\xff\"}", "not UTF-8 at byte 6", ""},
           {R"({"\ud800":1})", "half a surrogate pair in a key at byte 1", ""},
           {"[1,", "the text ends too early at byte 3", ""},
       }) {
    auto const failure = bad(text);
    EXPECT_EQ(failure.fault, DecodeFault::parse_error) << text;
    EXPECT_EQ(failure.code(), -32700);
    EXPECT_EQ(failure.sentence, sentence) << text;
    EXPECT_EQ(failure.id, id);
    EXPECT_TRUE(sentence.ends_with(" " + std::to_string(failure.position))) << sentence;
  }
}

TEST(Message, PrefersTheSyntaxErrorOverTheMeaning) {
  EXPECT_EQ(bad(R"({"jsonrpc":"2.0","id":1,"method":5,"params":[})").fault, DecodeFault::parse_error);
}

// No key twice in the envelope, in params and in _meta: other readers would take the other one (T-45).
TEST(Message, RefusesTheSameMemberTwiceWhereItMatters) {
  expect_invalid(R"({"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"ping"})", "twice in the message", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"ping","id":2})", "twice in the message", "");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"})", "twice in the message", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{},"params":{}})",
                 "twice in the message", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"result":{},"result":{}})", "twice in the message", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"method":"ping","x":1,"x":2})", "twice in the message", "1");
  expect_invalid(call_with(R"({"name":"a","name":"b"})"), "twice in params", "1");
  expect_invalid(call_with(R"({"name":"a","n\u0061me":"b"})"), "twice in params", "1");
  expect_invalid(call_with(R"({"x":1,"y":2,"x":3})"), "twice in params", "1");
  expect_invalid(call_with(R"({"x":1,"\u0078":3})"), "twice in params", "1");
  expect_invalid(call_with(R"({"_meta":{},"_meta":{}})"), "twice in params", "1");
  expect_invalid(call_with(R"({"_meta":{"progressToken":1,"progressToken":2}})"), "twice in _meta", "1");
  expect_invalid(call_with(R"({"_meta":{"a/b":1,"a/b":2}})"), "twice in _meta", "1");
  expect_invalid(call_with(R"({"ref":{"type":"ref/prompt","name":"a","name":"b"}})"), "twice in ref", "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"code":2,"message":""}})", "twice in error",
                 "1");
  expect_invalid(R"({"jsonrpc":"2.0","id":1,"result":{"_meta":{"k":1,"k":2}}})", "twice in _meta", "1");
}

TEST(Message, PassesTheSameMemberTwiceInArgumentsAndResults) {
  auto const call = good(call_with(R"({"name":"t","arguments":{"a":1,"a":2,"b":{"c":1,"c":1}}})"));
  EXPECT_EQ(call.raw(Field::arguments), R"({"a":1,"a":2,"b":{"c":1,"c":1}})");
  auto const result =
      good(R"({"jsonrpc":"2.0","id":1,"result":{"x":1,"x":2,"nextCursor":"a","nextCursor":"b"}})");
  EXPECT_EQ(result.raw(Field::next_cursor), "\"b\"");
  auto const meta =
      good(R"({"jsonrpc":"2.0","id":1,"result":{"_meta":{"progressToken":1},"_meta":{"x":2}}})");
  EXPECT_EQ(meta.raw(Field::meta), R"({"x":2})");
  EXPECT_FALSE(meta.has(Field::meta_progress_token));
}

TEST(Message, LimitsTheMembersOfItsCheckedObjects) {
  auto const params = [](int members) {
    std::string text = "{";
    for (int i = 0; i < members; ++i) text += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":0";
    return text + "}";
  };
  good(call_with(params(256)));
  expect_invalid(call_with(params(257)), "too many members in params", "1");
  good(R"({"jsonrpc":"2.0","id":1,"result":)" + params(2000) + "}");
  good(call_with(R"({"name":"t","arguments":)" + params(2000) + "}"));
  EXPECT_EQ(bad(call_with(params(4)), {.members_max = 3}).fault, DecodeFault::invalid_request);
}

// T-45: no lone surrogates in what routes; opaque text passes in its escaped form.
TEST(Message, RefusesHalfASurrogatePairInRoutedText) {
  for (std::string const key :
       {"name", "uri", "cursor", "taskId", "level", "progressToken", "protocolVersion"}) {
    expect_invalid(call_with("{\"" + key + R"(":"a\udc00"})"), "surrogate", "1");
  }
  expect_invalid(call_with(R"({"ref":{"uri":"\ud800"}})"), "surrogate", "1");
  expect_invalid(call_with(R"({"_meta":{"progressToken":"\ud800"}})"), "surrogate", "1");
  EXPECT_EQ(good(call_with(R"({"requestState":"\ud800"})")).raw(Field::request_state), R"("\ud800")");
  good(call_with(R"({"_meta":{"traceparent":"\ud800","tracestate":"\udc00"}})"));  // P119
  EXPECT_EQ(good(call_with(R"({"arguments":{"a":"\ud800"}})")).raw(Field::arguments), R"({"a":"\ud800"})");
}

TEST(Message, LooksThroughEscapesInKeysAndMethods) {
  auto const message =
      good(R"({"json\u0072pc":"2.\u0030","id":1,"method":"tools\/call","params":{"n\u0061me":"\u00e9\/"}})");
  std::string scratch;
  EXPECT_EQ(message.method(), Method::tools_call);
  EXPECT_EQ(message.text(Field::method, scratch), "tools/call");
  EXPECT_EQ(message.text(Field::name, scratch), "é/");
  EXPECT_EQ(message.raw(Field::name), R"("\u00e9\/")");
}

TEST(Message, GivesTextWithoutCopyingWhenItCan) {
  auto const message = good(call_with(R"({"name":"plain","arguments":{},"requestState":"\ud800"})"));
  std::string scratch = "untouched";
  auto const text = message.text(Field::name, scratch);
  EXPECT_EQ(text, "plain");
  EXPECT_GE(text.data(), message.bytes().data());
  EXPECT_EQ(scratch, "untouched");
  EXPECT_EQ(message.text(Field::uri, scratch), "");
  EXPECT_EQ(message.text(Field::arguments, scratch), "");
  EXPECT_EQ(message.text(Field::request_state, scratch), "");
}

TEST(Message, LeavesTheTypesOfOtherMembersToTheirReaders) {
  auto const message = good(call_with(R"({"name":5,"_meta":"x","ref":[],"ttlMs":1,"progress":1e2})"));
  EXPECT_TRUE(message.is(Field::name, JsonKind::number));
  EXPECT_FALSE(message.is(Field::name, JsonKind::string));
  EXPECT_FALSE(message.is(Field::uri, JsonKind::string));
  EXPECT_TRUE(message.is(Field::meta, JsonKind::string));
  EXPECT_TRUE(message.is(Field::ref, JsonKind::array));
}

TEST(Message, ReadsIntegersAndNothingElseAsIntegers) {
  auto const integer = [](std::string const& token) {
    return good(R"({"jsonrpc":"2.0","id":1,"result":{"ttlMs":)" + token + "}}").integer(Field::ttl_ms);
  };
  EXPECT_EQ(integer("0"), 0);
  EXPECT_EQ(integer("-5"), -5);
  EXPECT_EQ(integer("9223372036854775807"), 9223372036854775807);
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("1.0"), std::nullopt);
  EXPECT_EQ(integer("1e2"), std::nullopt);
  EXPECT_EQ(integer("\"1\""), std::nullopt);
  EXPECT_EQ(good(R"({"jsonrpc":"2.0","id":1,"result":{}})").integer(Field::ttl_ms), std::nullopt);
}

TEST(Message, HasNoMembersOfOtherKinds) {
  auto const call = good(call_with(R"({"name":"t","uri":"u","arguments":{},"cursor":"c"})"));
  EXPECT_FALSE(call.has(Field::result) || call.has(Field::tools) || call.has(Field::error) ||
               call.has(Field::error_code) || call.has(Field::result_type));
  auto const error = good(R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"m","data":2}})");
  EXPECT_FALSE(error.has(Field::method) || error.has(Field::params) || error.has(Field::name) ||
               error.has(Field::result) || error.has(Field::meta));
}

TEST(Message, SurvivesBeingMovedEvenWhenShort) {
  auto first = good(R"({"jsonrpc":"2.0","method":"x"})");
  auto const second = std::move(first);
  EXPECT_EQ(second.raw(Field::method), "\"x\"");
  EXPECT_EQ(second.method(), Method::unknown);
}

TEST(Message, LimitsItsSize) {
  std::string const text = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  good(text, {.bytes_max = text.size()});
  auto const failure = bad(text, {.bytes_max = text.size() - 1});
  EXPECT_EQ(failure.fault, DecodeFault::too_large);
  EXPECT_EQ(failure.code(), -32600);
  EXPECT_EQ(bad(call_with("{\"x\":\"" + std::string(64 * 1024 * 1024, 'x') + "\"}")).fault,
            DecodeFault::too_large);
}

// T-44: bombs of depth and of keys.
TEST(Message, RefusesBombs) {
  auto const deep = call_with(R"({"name":"t","arguments":)" + std::string(1'000'000, '['));
  EXPECT_EQ(bad(deep).sentence, "nested too deeply at byte " + std::to_string(deep.find("[[") + 62));
  std::string nodes = call_with(R"({"arguments":[0)");
  nodes.resize(nodes.size() - 1);
  for (int i = 0; i < 100'000; ++i) nodes += ",0";
  EXPECT_NE(bad(nodes + "]}}").sentence.find("too many values"), std::string::npos);
  std::string keys = R"({"jsonrpc":"2.0","id":1,"result":{"a":0)";
  for (int i = 0; i < 200'000; ++i) keys += ",\"a\":0";
  EXPECT_NE(bad(keys + "}}").sentence.find("too many values"), std::string::npos);
}

TEST(Message, CountsDepthFromTheEnvelope) {
  auto const nested = [](std::size_t levels) {
    return call_with(R"({"arguments":)" + std::string(levels, '[') + std::string(levels, ']') + "}");
  };
  good(nested(62));
  EXPECT_EQ(bad(nested(63)).fault, DecodeFault::parse_error);
}

TEST(Batch, RefusesWhatIsNotOneToAHundredValues) {
  EXPECT_EQ(split_batch("[]").error().fault, DecodeFault::invalid_request);
  EXPECT_EQ(split_batch("{}").error().fault, DecodeFault::parse_error);
  EXPECT_EQ(split_batch("[{}").error().fault, DecodeFault::parse_error);
  EXPECT_EQ(split_batch("[{}] x").error().fault, DecodeFault::parse_error);
  EXPECT_EQ(split_batch("[\"\xff\"]").error().fault, DecodeFault::parse_error);
  EXPECT_EQ(split_batch("[{}]", {.bytes_max = 3}).error().fault, DecodeFault::too_large);
  std::string many = "[{}";
  for (int i = 1; i < 100; ++i) many += ",{}";
  EXPECT_EQ(split_batch(many + "]")->size(), 100u);
  EXPECT_EQ(split_batch(many + ",{}]").error().fault, DecodeFault::invalid_request);
  EXPECT_EQ(split_batch(many + ",{}").error().fault, DecodeFault::parse_error);
  EXPECT_EQ(split_batch(" [ 1 , {} ] ")->at(1), (Span{7, 9}));
}

}  // namespace
}  // namespace weir::mcp
