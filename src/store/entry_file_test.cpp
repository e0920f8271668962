#include "store/entry_file.hpp"

#include "store/embedded_rig_test.hpp"

namespace weir::store {
namespace {

struct FileRig {
  TempFolder folder;
  StoreSecret secret = StoreSecret::from_text(base::Secret("one"));
  RecordSealer sealer{secret};
  EntryFile file{(folder.path() / "answers.db").string(), "", secret, sealer};
  MovedClock clock;

  std::vector<Put> puts(std::uint64_t from, std::uint64_t count, std::size_t bytes) const {
    std::vector<Put> made;
    for (auto i = from; i < from + count; ++i) {
      made.push_back({key_of(i), answer_of(std::string(bytes, 'x'), clock.wall(), std::chrono::hours{1})});
    }
    return made;
  }
  bool has(std::uint64_t number) { return file.find(key_of(number), clock.wall()).answer.has_value(); }
};

TEST(EntryFile, IsMadeAsABoundedFileThatGivesRoomBack) {
  FileRig rig;
  ASSERT_EQ(rig.file.open({}), FileFault::none) << rig.file.why();
  EntryFile::Written written;
  EXPECT_EQ(rig.file.write({}, rig.puts(0, 3, 100), written), FileFault::none);
  EXPECT_EQ(written.entries, 3U);
  Database other((rig.folder.path() / "answers.db").string(), "");
  EXPECT_EQ(other.number("SELECT count(*) FROM entry"), -1);  // nobody else reads along
  EXPECT_FALSE(std::filesystem::exists(rig.folder.path() / "answers.db-shm"));
}

TEST(EntryFile, LetsGoWhatWasWrittenOrUsedLongestAgo) {
  FileRig rig;
  ASSERT_EQ(rig.file.open({1'200'000, {}}), FileFault::none);
  EntryFile::Written written;
  for (std::uint64_t i = 0; i < 400; i += 8) {
    ASSERT_EQ(rig.file.write({}, rig.puts(i, 8, 4'000), written), FileFault::none) << rig.file.why();
    EXPECT_TRUE(rig.has(0)) << i;  // used all the time
  }
  EXPECT_GT(written.evicted, 50U);
  EXPECT_FALSE(rig.has(1));
  EXPECT_TRUE(rig.has(399));
  EXPECT_EQ(rig.file.entries(), 400 - written.evicted);
}

TEST(EntryFile, KeepsMarksInTheirOrder) {
  FileRig rig;
  ASSERT_EQ(rig.file.open({}), FileFault::none);
  EntryFile::Written written;
  std::vector<Mark> const marks{{{"files", "", "", ""}, 3, false}, {{"", "x*", "", "a1"}, 8, true}};
  EXPECT_EQ(rig.file.write(marks, {}, written), FileFault::none);
  EXPECT_EQ(rig.file.replace_marks({marks[1]}), FileFault::none);
  EntryFile again((rig.folder.path() / "answers.db").string(), "", rig.secret, rig.sealer);
  EXPECT_EQ(again.open({}), FileFault::failed);  // one at a time
  EXPECT_NE(again.why().find("another program"), std::string::npos) << again.why();
}

TEST(EntryFile, SweepsInBatches) {
  FileRig rig;
  ASSERT_EQ(rig.file.open({}), FileFault::none);
  EntryFile::Written written;
  ASSERT_EQ(rig.file.write({}, rig.puts(0, 20, 10), written), FileFault::none);
  bool more = false;
  EXPECT_EQ(rig.file.sweep(rig.clock.wall(), 8, more), FileFault::none);
  EXPECT_FALSE(more);
  EXPECT_EQ(rig.file.entries(), 20U);
  rig.clock.advance(std::chrono::hours{1});
  EXPECT_EQ(rig.file.sweep(rig.clock.wall(), 8, more), FileFault::none);
  EXPECT_TRUE(more);
  EXPECT_EQ(rig.file.entries(), 12U);
}

TEST(FaultOf, TellsDamageFromARefusalOfTheDisk) {
  EXPECT_EQ(fault_of(SQLITE_OK), FileFault::none);
  EXPECT_EQ(fault_of(SQLITE_FULL), FileFault::full);
  for (int const code : {SQLITE_CORRUPT, SQLITE_CORRUPT_INDEX, SQLITE_NOTADB}) {
    EXPECT_EQ(fault_of(code), FileFault::damaged) << code;
  }
  for (int const code : {SQLITE_IOERR_WRITE, SQLITE_BUSY, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_NOMEM}) {
    EXPECT_EQ(fault_of(code), FileFault::failed) << code;
  }
}

}  // namespace
}  // namespace weir::store
