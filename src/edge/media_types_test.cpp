#include "edge/media_types.hpp"

#include <gtest/gtest.h>

namespace weir::edge {
namespace {

net::Fields accept(std::initializer_list<std::string_view> values) {
  net::Fields fields;
  for (auto const value : values) fields.add({"Accept", value});
  return fields;
}

TEST(MediaTypes, JsonIsOneTypeInOneCharset) {
  for (auto const type : {"application/json", "Application/JSON", "application/json;charset=utf-8",
                          "application/json ; charset=\"UTF-8\"", "application/json\t;\tcharset=UTF8",
                          "application/json;", "application/json; profile=x"}) {
    EXPECT_TRUE(is_json_type(type)) << type;
  }
  for (auto const type : {"", "text/json", "application/jsonx", "application/json-rpc",
                          "application/json, text/plain", "application/json;charset=utf-16",
                          "application/json; charset=iso-8859-1", "application/json;charset=",
                          "application/json;charset=utf-8;charset=utf-16", "application/vnd.api+json"}) {
    EXPECT_FALSE(is_json_type(type)) << type;
  }
}

TEST(MediaTypes, AcceptNamesATypeOrItsFamilyOrAnything) {
  EXPECT_TRUE(accepts({}, "application/json"));
  for (auto const value : {"application/json", "APPLICATION/JSON;q=0.1", "text/plain,\tapplication/json",
                           "application/*", "*/*", " , application/json"}) {
    EXPECT_TRUE(accepts(accept({value}), "application/json")) << value;
  }
  for (auto const value : {"", "text/*", "application/jsonx", "application", "*", "text/event-stream"}) {
    EXPECT_FALSE(accepts(accept({value}), "application/json")) << value;
  }
  EXPECT_TRUE(accepts(accept({"text/event-stream", "application/json"}), "application/json"));
}

TEST(MediaTypes, AWeightOfZeroForbidsAndTheMostSpecificRangeDecides) {  // RFC 9110 12.4.2, 12.5.1
  for (auto const value :
       {"application/json;q=0", "application/json; q=0.000, */*", "*/*;q=0", "*/*, application/*;q=0"}) {
    EXPECT_FALSE(accepts(accept({value}), "application/json")) << value;
  }
  EXPECT_TRUE(accepts(accept({"*/*;q=0, application/json"}), "application/json"));
  EXPECT_TRUE(accepts(accept({"application/json;q=0.001"}), "application/json"));
}

TEST(MediaTypes, ARequestAllowsBothKindsOfAnswer) {
  auto const both = "application/json, text/event-stream";
  for (auto const value : {both, "text/event-stream,application/json", "*/*"}) {
    EXPECT_TRUE(accepts_both(accept({value}))) << value;
  }
  EXPECT_TRUE(accepts_both(accept({both, "application/json;q=0"}))) << "the first of two equals decides";
  for (auto const value :
       {"application/json", "text/event-stream", "application/json, text/event-stream;q=0"}) {
    EXPECT_FALSE(accepts_both(accept({value}))) << value;
  }
}

}  // namespace
}  // namespace weir::edge
