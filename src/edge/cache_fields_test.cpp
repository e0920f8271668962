#include "edge/cache_fields.hpp"

#include <gtest/gtest.h>

namespace weir::edge {
namespace {

using namespace std::chrono_literals;
using core::CacheUse;

std::string fields_of(core::CacheFacts const& facts) {
  std::string fields;
  append_cache_fields(fields, facts);
  return fields;
}

TEST(CacheFields, SayOfAHitHowOldAndHowGoodItIs) {
  EXPECT_EQ(fields_of({CacheUse::hit, "memory", false, false, 12'900ms, 47'100ms}),
            "Cache-Status: weir; hit; ttl=47; detail=memory\r\nAge: 12\r\n");
  EXPECT_EQ(fields_of({CacheUse::stale, "store", false, false, 65s, -5'100ms}),
            "Cache-Status: weir; hit; ttl=-6; detail=store\r\nAge: 65\r\n");
}

TEST(CacheFields, SayOfAMissWhyAndWhatBecameOfIt) {
  EXPECT_EQ(fields_of({CacheUse::miss, "", false, true, {}, {}}), "Cache-Status: weir; fwd=miss; stored\r\n");
  EXPECT_EQ(fields_of({CacheUse::miss, "", true, true, {}, {}}),
            "Cache-Status: weir; fwd=miss; stored; collapsed\r\n");
  EXPECT_EQ(fields_of({CacheUse::bypass, "", false, true, {}, {}}),
            "Cache-Status: weir; fwd=request; stored\r\n");
}

TEST(CacheFields, SayNothingOfOtherCalls) { EXPECT_EQ(fields_of({}), ""); }

}  // namespace
}  // namespace weir::edge
