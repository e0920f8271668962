// What a disk can do to the embedded store: refuse, fill up, hang, forget and lie.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/random.hpp"
#include "store/embedded_rig_test.hpp"
#include "store/faulty_disk_test.hpp"

namespace weir::store {
namespace {

namespace fs = std::filesystem;
using Mode = FaultyDisk::Mode;
using std::chrono::seconds;

struct FaultyRig : FaultyDiskUse, EmbeddedRig {
  FaultyRig() {
    close();
    vfs = FaultyDisk::kName;
    open();
  }
  ~FaultyRig() {
    FaultyDisk::release();
    FaultyDisk::mode = Mode::sound;
    if (store) close();
  }
};

std::string read_file(fs::path const& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(fs::path const& file, std::string const& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}
std::string value_of(std::uint64_t number) {
  return std::string(300 + number % 5 * 1'500, static_cast<char>('a' + number % 26)) + std::to_string(number);
}

TEST(EmbeddedFaults, ReadsOnWhileTheDiskIsFullAndWritesAgainWhenThereIsRoom_F38) {
  FaultyRig rig;
  rig.put(1, "x");
  rig.settle();
  FaultyDisk::mode = Mode::full;
  rig.put(2, "y");
  rig.store->invalidate({"files", "", "file:///1", ""}, false);
  rig.settle();
  auto status = rig.store->status();
  EXPECT_FALSE(status.ready);
  EXPECT_NE(status.cause.find("make room on that disk"), std::string::npos) << status.cause;
  EXPECT_EQ(status.writes_dropped, 1U);
  EXPECT_GT(status.failures, 0U);
  EXPECT_EQ(rig.text(1), "~x");
  EXPECT_EQ(rig.text(2), "");
  rig.put(3, "z");
  FaultyDisk::mode = Mode::sound;
  rig.settle();
  EXPECT_FALSE(rig.store->status().ready);  // not before its time
  rig.clock.advance(seconds{61});
  rig.settle();
  status = rig.store->status();
  EXPECT_TRUE(status.ready) << status.cause;
  EXPECT_EQ(status.cause, "");
  EXPECT_EQ(rig.text(3), "z");
  rig.reopen();
  EXPECT_EQ(rig.text(1), "~x");  // the mark is not lost with the answers
}

TEST(EmbeddedFaults, MissesWhileTheDiskIsBrokenAndComesBack_F38) {
  FaultyRig rig;
  rig.put(1, "x");
  rig.settle();
  for (auto const mode : {Mode::broken_writes, Mode::broken}) {
    FaultyDisk::mode = mode;
    rig.put(2, "y");
    rig.settle();
    EXPECT_FALSE(rig.store->status().ready);
    EXPECT_NE(rig.store->status().cause.find("disk I/O error"), std::string::npos);
    EXPECT_EQ(rig.text(1), "");
    EXPECT_EQ(rig.text(2), "");
    rig.clock.advance(seconds{1});
    rig.settle();
    EXPECT_FALSE(rig.store->status().ready);
    FaultyDisk::mode = Mode::sound;
    rig.clock.advance(seconds{61});
    rig.settle();
    EXPECT_TRUE(rig.store->status().ready) << rig.store->status().cause;
    EXPECT_EQ(rig.text(1), "x");
  }
  EXPECT_EQ(rig.store->status().rebuilt, 0U);  // nothing was thrown away for it
}

// Fails the n-th write of a history, for every third n: what is found afterwards is right or not there.
TEST(EmbeddedFaults, SurvivesAFailureAnywhereInItsWrites_T30) {
  for (int step = 1; step < 60; step += 3) {
    FaultyRig rig;
    FaultyDisk::writes_left = step;
    FaultyDisk::mode = step % 2 == 0 ? Mode::full : Mode::broken_writes;
    for (std::uint64_t i = 0; i < 60; ++i) {
      rig.put(i, value_of(i));
      if (i % 10 == 9) rig.settle();
    }
    FaultyDisk::mode = Mode::sound;
    rig.clock.advance(seconds{61});
    rig.settle();
    EXPECT_TRUE(rig.store->status().ready) << rig.store->status().cause;
    for (std::uint64_t i = 0; i < 60; ++i) {
      auto const text = rig.text(i);
      EXPECT_TRUE(text.empty() || text == value_of(i)) << step << ' ' << i;
    }
    EXPECT_EQ(rig.store->status().rejected, 0U);
  }
}

// F-39: the caller waits for its own time and not for the disk.
TEST(EmbeddedFaults, WaitsForAHangingDiskForFiveMillisecondsOnly_F39) {
  FaultyRig rig;
  rig.put(1, "x");
  rig.settle();
  FaultyDisk::hang();
  rig.store->put(key_of(2), answer_of("y", rig.clock.wall(), std::chrono::hours{1}));
  FaultyDisk::wait_until_it_hangs();
  auto get = rig.store->get(rig.loop, key_of(1));
  get.start();
  rig.store->invalidate({"", "", "file:///9", ""}, false);
  for (std::uint64_t i = 0; i < 2'000; ++i) rig.put(i, "z");  // the queue is bounded
  EXPECT_EQ(rig.store->status().writes_dropped, 2'000U - 1'024U);
  rig.clock.advance(milliseconds{5} - milliseconds{1});
  rig.loop.run_all();
  EXPECT_FALSE(get.done());
  rig.clock.advance(milliseconds{1});
  rig.loop.run_all();
  ASSERT_TRUE(get.done());
  EXPECT_FALSE(get.take());
  FaultyDisk::release();
  rig.settle();
  EXPECT_EQ(rig.text(1'999), "z");
}

TEST(EmbeddedFaults, EndsThoughTheDiskHangs_F39) {
  static MovedClock clock;  // the thread may outlive the test
  FaultyDiskUse const disk;
  TempFolder const folder;
  EmbeddedOptions options(folder.path() / "kept", StoreSecret::from_text(base::Secret("one")), clock);
  options.vfs = FaultyDisk::kName;
  options.open_within = kHang;
  EmbeddedStore store(options);
  FaultyDisk::hang();
  store.put(key_of(1), answer_of("x", clock.wall(), std::chrono::hours{1}));
  FaultyDisk::wait_until_it_hangs();
  store.stop(milliseconds{1});
  EXPECT_FALSE(store.settle(milliseconds{0}));
  FaultyDisk::release();
  EXPECT_TRUE(store.settle(kHang));  // the thread has come to its end by itself
}

TEST(EmbeddedFaults, SaysWhyAFolderIsNoUse_F38) {
  if (::geteuid() != 0) {
    EmbeddedRig rig;
    rig.close();
    ::chmod((rig.folder.path() / "kept").c_str(), 0500);
    rig.open();
    EXPECT_NE(rig.store->status().cause.find("let this user write there"), std::string::npos);
    ::chmod((rig.folder.path() / "kept").c_str(), 0700);
  }
  TempFolder const folder;
  write_file(folder.path() / "plain", "no folder");
  MovedClock clock;
  EmbeddedOptions options(folder.path() / "plain" / "kept", StoreSecret::from_text(base::Secret("one")),
                          clock);
  options.open_within = kHang;
  std::string said;
  options.log = [&](std::string_view event, std::string_view text) {
    said.append(event).append(": ").append(text);
  };
  auto const store = open_embedded(options);
  EXPECT_FALSE(store->status().ready);
  EXPECT_NE(store->status().cause.find("name another folder"), std::string::npos) << store->status().cause;
  store->put(key_of(1), answer_of("x", clock.wall(), std::chrono::hours{1}));
  PostedLoop loop(clock);
  EXPECT_FALSE(loop.wait(store->get(loop, key_of(1))));
  EXPECT_FALSE(loop.wait(store->count(loop, {})));
  store->stop(kHang);
  EXPECT_NE(said.find("store.unavailable: "), std::string::npos);
}

TEST(EmbeddedFaults, MovesAsideWhatIsNoDatabaseOfOurs) {
  EmbeddedRig rig;
  rig.put(1, "x");
  rig.close();
  auto const ours = read_file(rig.file());
  auto newer = ours;
  newer[63] = 99;  // the format, as SQLite's user_version
  auto foreign = ours;
  foreign[68] = 1;  // its application_id
  for (auto const& contents : {std::string("no database at all"), std::string(70'000, 'q'), newer, foreign}) {
    write_file(rig.file(), contents);
    rig.open();
    EXPECT_TRUE(rig.store->status().ready) << rig.store->status().cause;
    EXPECT_EQ(rig.store->status().rebuilt, 1U);
    EXPECT_EQ(rig.text(1), "");
    rig.put(1, "y");
    rig.settle();
    EXPECT_EQ(rig.text(1), "y");
    EXPECT_EQ(read_file(rig.folder.path() / "kept" / "answers.bad-1"), contents);
    rig.close();
  }
  EXPECT_EQ(std::distance(fs::directory_iterator(rig.folder.path() / "kept"), {}), 3);  // one of them is kept
  rig.open();
}

// Opens a file with these contents; nothing that is found may be wrong. Returns how much was found.
std::size_t right_answers(EmbeddedRig& rig, std::string const& contents, std::uint64_t entries) {
  write_file(rig.file(), contents);
  rig.open();
  EXPECT_TRUE(rig.store->status().ready) << rig.store->status().cause;
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < entries; ++i) {
    auto const text = rig.text(i);
    found += !text.empty();
    EXPECT_TRUE(text.empty() || text == value_of(i) || text == "~" + value_of(i)) << i;
    EXPECT_FALSE(i == 0 && text == value_of(0)) << "it was invalidated";
  }
  rig.put(entries, value_of(entries));
  rig.settle();
  EXPECT_EQ(rig.text(entries), value_of(entries));  // and it goes on
  rig.close();
  return found;
}

TEST(EmbeddedFaults, HandsOutNothingWrongWhicheverByteIsFlippedOrCut_T30_F54) {
  constexpr std::uint64_t kEntries = 24;
  EmbeddedRig rig;
  for (std::uint64_t i = 0; i < kEntries; ++i) rig.put(i, value_of(i));
  rig.settle();
  rig.store->invalidate({"files", "", "file:///0", ""}, false);
  rig.close();
  auto const sound = read_file(rig.file());
  EXPECT_EQ(right_answers(rig, sound, kEntries), kEntries);
  base::SeededRandom random(30);
  char const* const tier = std::getenv("WEIR_TEST_TIER");
  std::size_t const rounds = tier != nullptr && std::string_view(tier) == "long" ? 4'000 : 60;
  for (std::size_t round = 0; round < rounds; ++round) {
    // The first page and the heads of the others are where the structure is.
    auto const page = random.below(sound.size() / 4096) * 4096;
    auto const at = round % 3 == 0 ? random.below(4096) : page + random.below(round % 3 == 1 ? 64 : 4096);
    auto changed = sound;
    changed[at] = static_cast<char>(changed[at] ^ (1 << random.below(8)));
    right_answers(rig, changed, kEntries);
    if (round % 4 == 0) right_answers(rig, sound.substr(0, random.below(sound.size())), kEntries);
    if (testing::Test::HasFailure()) FAIL() << "byte " << at;
  }
  rig.open();
}

TEST(EmbeddedFaults, CountsAndForgetsWhatIsNotAuthentic_F54) {
  EmbeddedRig rig;
  rig.put(1, std::string(20'000, 'x'));
  rig.close();
  auto bytes = read_file(rig.file());
  bytes[bytes.size() - 100] = static_cast<char>(bytes[bytes.size() - 100] ^ 1);
  write_file(rig.file(), bytes);
  rig.open();
  EXPECT_EQ(rig.text(1), "");
  EXPECT_EQ(rig.store->status().rejected, 1U);
  rig.settle();
  EXPECT_EQ(rig.store->status().entries, 0U);
  EXPECT_EQ(rig.text(1), "");
  EXPECT_EQ(rig.store->status().rejected, 1U);
}

// Another owner's row, moved under the key of somebody else by one who can write the file.
TEST(EmbeddedFaults, DoesNotBelieveAMovedRow_F54) {
  EmbeddedRig rig;
  rig.store->put(key_of(1, "files", "a1"), answer_of("of a1", rig.clock.wall(), std::chrono::hours{1}));
  rig.store->put(key_of(2, "files", "b2"), answer_of("of b2", rig.clock.wall(), std::chrono::hours{1}));
  rig.close();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(rig.file().c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(
                db, "UPDATE body SET sealed=(SELECT sealed FROM body AS other WHERE other.id=1) WHERE id=2",
                nullptr, nullptr, nullptr),
            SQLITE_OK);
  EXPECT_EQ(sqlite3_changes(db), 1);
  sqlite3_close(db);
  rig.open();
  EXPECT_TRUE(rig.find(key_of(1, "files", "a1")));
  EXPECT_FALSE(rig.find(key_of(2, "files", "b2")));
  EXPECT_EQ(rig.store->status().rejected, 1U);
}

}  // namespace
}  // namespace weir::store
