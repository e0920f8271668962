#include "store/record.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace weir::store {
namespace {

using std::chrono::milliseconds;

StoreKey const kKey{{"files", "resources/read", "file:///a", "a1"}, {1, 2}};

StoredAnswer some_answer() {
  StoredAnswer answer;
  answer.bytes = R"({"jsonrpc":"2.0","id":1,"result":{"_meta":{}}})";
  answer.fetched = base::WallTime{milliseconds{1'700'000'000'123}};
  answer.fresh_for = milliseconds{3'600'000};
  answer.kept_for = milliseconds{86'400'000};
  answer.cost = milliseconds{812};
  answer.born = 77;
  answer.meta_at = 34;
  answer.negative = true;
  return answer;
}

StoreSecret secret_of(std::string_view text) { return StoreSecret::from_text(base::Secret(text)); }

TEST(Record, OpensAsWhatWasSealed) {
  RecordSealer const sealer(secret_of("one"));
  auto const sealed = sealer.seal(kKey, some_answer());
  EXPECT_EQ(sealed.size(), some_answer().bytes.size() + RecordSealer::kOverheadBytes);
  auto const opened = RecordSealer(secret_of("one")).open(kKey, sealed);
  ASSERT_TRUE(opened);
  EXPECT_EQ(*opened, some_answer());
}

TEST(Record, ShowsNothingOfWhatItHolds_F54) {
  RecordSealer const sealer(secret_of("one"));
  auto const sealed = sealer.seal(kKey, some_answer());
  EXPECT_EQ(sealed.find("jsonrpc"), std::string::npos);
  EXPECT_EQ(sealed.find("file:"), std::string::npos);
  EXPECT_NE(sealed, sealer.seal(kKey, some_answer()));  // not even that it is the same
}

TEST(Record, DoesNotOpenWithAnotherSecret_F54) {
  auto const sealed = RecordSealer(secret_of("one")).seal(kKey, some_answer());
  EXPECT_FALSE(RecordSealer(secret_of("two")).open(kKey, sealed));
}

// The digest alone does not say whose an answer is: each label counts by itself.
TEST(Record, DoesNotOpenUnderAnotherKeyOrForAnotherOwner_F54) {
  RecordSealer const sealer(secret_of("one"));
  auto const sealed = sealer.seal(kKey, some_answer());
  std::vector<StoreKey> others(6, kKey);
  others[0].labels.server = "files2";
  others[1].labels.operation = "resources/rea";
  others[2].labels.target = "file:///b";
  others[3].labels.who = "b2";
  others[4].digest.low = 3;
  others[5].labels.target += "a1";  // the same letters, cut elsewhere
  others[5].labels.who = "";
  for (auto const& other : others) EXPECT_FALSE(sealer.open(other, sealed)) << other.text();
  EXPECT_TRUE(sealer.open(kKey, sealed));
}

TEST(Record, DoesNotOpenWithAnyBitChangedOrAnyByteMissing_T30) {
  RecordSealer const sealer(secret_of("one"));
  auto const sealed = sealer.seal(kKey, some_answer());
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(sealer.open(kKey, changed)) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    ASSERT_FALSE(sealer.open(kKey, std::string_view(sealed).substr(0, size))) << size;
  }
  ASSERT_FALSE(sealer.open(kKey, sealed + '\0'));
}

TEST(Record, HasALimit) {
  RecordSealer const sealer(secret_of("one"));
  auto answer = some_answer();
  answer.bytes.assign(RecordSealer::kRecordBytesMax - RecordSealer::kOverheadBytes, 'x');
  auto const sealed = sealer.seal(kKey, answer);
  EXPECT_EQ(sealed.size(), RecordSealer::kRecordBytesMax);
  EXPECT_TRUE(sealer.open(kKey, sealed));
  answer.bytes += 'x';
  EXPECT_EQ(sealer.seal(kKey, answer), "");
}

TEST(Record, TakesOnlyTheOnePackedForm) {
  auto const packed = pack(some_answer());
  ASSERT_EQ(unpack(packed), some_answer());
  EXPECT_FALSE(unpack(packed + ' '));
  EXPECT_FALSE(unpack(packed.substr(0, packed.size() - 1)));
  auto answer = some_answer();
  answer.meta_at = static_cast<std::uint32_t>(answer.bytes.size() - 1);
  EXPECT_TRUE(unpack(pack(answer)));
  ++answer.meta_at;
  EXPECT_FALSE(unpack(pack(answer)));
  answer = some_answer();
  answer.bytes.clear();
  answer.meta_at = 0;
  EXPECT_FALSE(unpack(pack(answer)));
}

TEST(Record, EndsWithoutOverflow) {
  auto answer = some_answer();
  EXPECT_EQ(end_of(answer), answer.fetched + answer.kept_for);
  answer.kept_for = milliseconds::max();
  EXPECT_EQ(end_of(answer), base::WallTime::max());
  answer.fetched = base::WallTime{milliseconds{-5}};
  EXPECT_EQ(end_of(answer), base::WallTime::max() - milliseconds{5});
  answer.kept_for = milliseconds{-1};
  EXPECT_EQ(end_of(answer), answer.fetched);
}

TEST(Record, IsSealedAndOpenedByManyThreads) {
  RecordSealer const sealer(secret_of("one"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&sealer] {
      for (int round = 0; round < 50; ++round) {
        EXPECT_EQ(sealer.open(kKey, sealer.seal(kKey, some_answer())), some_answer());
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace weir::store
