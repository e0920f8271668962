#include "fallback/backup_folder.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/random.hpp"
#include "base/task_group.hpp"
#include "base/virtual_loop.hpp"
#include "fallback/backup_folder_rig_test.hpp"
#include "fallback/memory_backup.hpp"
#include "support/call_of.hpp"

namespace weir::fallback {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::unique_ptr<core::Call> read_of(std::string const& uri) {
  return test::call_of(
      R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":")" + uri + "\"}}",
      mcp::Revision::r2025_11_25);
}
std::unique_ptr<core::Call> tool_of(std::string const& name, std::string const& arguments) {
  return test::call_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + name +
                           R"(","arguments":)" + arguments + "}}",
                       mcp::Revision::r2025_11_25);
}

struct Answer {
  bool done = false;
  std::optional<BackupFile> file;
  base::TimePoint at{};
};
base::Task<void> ask(BackupSource& source, base::Scheduler& here, core::Call const& call,
                     base::TimePoint until, std::shared_ptr<Answer> into) {
  into->file = co_await source.find(here, call, until);
  into->at = here.now();
  into->done = true;
}

struct BackupFolderTest : testing::Test {
  TempFolder temp;
  SharedClock clock;
  FileThread thread{clock};
  PostedLoop loop{clock};
  base::TaskGroup tasks{loop};
  std::mutex lock;
  std::vector<std::string> said;
  std::optional<BackupFolder> folder;

  void open(std::size_t files_max = 100, std::size_t bytes_max = 1 << 20) {
    BackupOptions options(temp.path / "backup");
    options.files_max = files_max;
    options.bytes_max = bytes_max;
    options.log = [this](std::string_view event, std::string_view) {
      std::lock_guard const guard(lock);
      said.emplace_back(event);
    };
    folder.emplace(thread, std::move(options));
    settle();
  }
  void settle() { ASSERT_TRUE(thread.settle(30s)); }
  std::optional<BackupFile> find(BackupSource& source, core::Call const& call) {
    auto const answer = std::make_shared<Answer>();
    tasks.spawn(ask(source, loop, call, clock.now() + 1h, answer));
    EXPECT_TRUE(loop.run_until([&] { return answer->done; }));
    return answer->file;
  }
  std::string name(core::Call const& call) {
    auto const file = find(*folder, call);
    return file ? file->name : "-";
  }
};

TEST_F(BackupFolderTest, AnswersAReadWithTheFileThatItsUriNames) {
  temp.write("backup/wiki/x/A1.md", "# A1");
  temp.write("backup/A1.md", "another");
  open();
  auto const file = find(*folder, *read_of("https://wiki/x/A1"));
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name, "wiki/x/A1.md");
  EXPECT_EQ(file->text, "# A1");
  EXPECT_EQ(file->mime, "text/markdown");
  EXPECT_GT(file->modified.time_since_epoch(), 24h * 365 * 50);
  EXPECT_EQ(name(*read_of("https://wiki/y/A1")), "A1.md");
  EXPECT_EQ(name(*read_of("https://wiki/x/B1")), "-");
}

TEST_F(BackupFolderTest, AnswersAToolByNameThenByTheToolThenByWords) {
  temp.write("backup/get_page/17.md", "seventeen");
  temp.write("backup/17.md", "another");
  temp.write("backup/standards.md", "what holds here");
  temp.write("backup/deploy-guide.md", "step by step");
  temp.write("backup/notes/billing.txt", "rolling back the billing service");
  open();
  EXPECT_EQ(name(*tool_of("get_page", R"({"page_id":17})")), "get_page/17.md");
  EXPECT_EQ(name(*tool_of("other", R"({"page_id":17})")), "17.md");
  EXPECT_EQ(name(*tool_of("get", R"({"title":"Deploy Guide"})")), "deploy-guide.md");
  EXPECT_EQ(name(*tool_of("standards", R"({"language":"python"})")), "standards.md");
  EXPECT_EQ(name(*tool_of("search", R"({"query":"rolling back billing"})")), "notes/billing.txt");
  EXPECT_EQ(name(*tool_of("search", R"({"query":"something else"})")), "-");
  EXPECT_EQ(name(*tool_of("get_page", R"({"query":"rolling back billing"})")), "-")
      << "has a folder of its own";
}

// Property: of ten thousand attacks none reads the file beside the folder.
TEST_F(BackupFolderTest, NoCallReadsWhatIsBesideTheFolder) {
  temp.write("secret.md", "secret");
  temp.write("backup/sub/a.txt", "inside");
  fs::create_directory_symlink("../..", temp.path / "backup/sub/out");
  open();
  auto shelf = BackupShelf(BackupOptions(temp.path / "backup"));
  constexpr std::string_view kPieces[] = {"..",        "%2e%2e",     "/",      "%2f", "sub", "out",
                                          "secret.md", "secret",     "//",     ".",   "%00", "a.txt",
                                          "file:",     "/sub/a.txt", "/a.txt", "x:"};
  base::SeededRandom random(7);
  int found = 0;
  for (int round = 0; round < 10'000; ++round) {
    std::string uri = "x:";
    for (auto left = 1 + random.below(8); left > 0; --left) uri += kPieces[random.below(std::size(kPieces))];
    auto const file = shelf.look_up(question_of(*read_of(uri)), [] { return true; });
    if (!file) continue;
    ++found;
    ASSERT_EQ(file->text, "inside") << uri;
  }
  EXPECT_GT(found, 10);
}

TEST_F(BackupFolderTest, SeesNewChangedAndRemovedFilesAndReadsOthersOnce) {
  temp.write("backup/deep/old.md", "ancient words");
  temp.write("backup/deep/gone.md", "fleeting things");
  open();
  EXPECT_EQ(folder->status().files_read, 2U);
  fs::remove(temp.path / "backup/deep/gone.md");
  temp.write("backup/deep/new.md", "modern ideas");
  EXPECT_EQ(name(*tool_of("s", R"({"q":"fleeting things"})")), "-") << "gone at once";
  EXPECT_EQ(name(*tool_of("s", R"({"q":"modern ideas"})")), "-")
      << "a folder below changed: a minute at most";
  clock.advance(60s - 1ms);
  settle();
  EXPECT_EQ(folder->status().scans, 1U);
  clock.advance(1ms);
  settle();
  EXPECT_EQ(folder->status().scans, 2U);
  EXPECT_EQ(folder->status().files_read, 3U) << "old.md is not read again";
  EXPECT_EQ(name(*tool_of("s", R"({"q":"modern ideas"})")), "deep/new.md");
  temp.write("backup/deep/new.md", "plain ideas");
  clock.advance(60s);
  settle();
  EXPECT_EQ(name(*tool_of("s", R"({"q":"plain ideas"})")), "deep/new.md") << "changed, so read again";
  EXPECT_EQ(folder->status().files_read, 4U);
  temp.write("backup/top.md", "freshly laid");
  EXPECT_EQ(name(*tool_of("s", R"({"q":"freshly laid"})")), "-");
  clock.advance(1s);  // the folder itself changed: a second
  settle();
  EXPECT_EQ(name(*tool_of("s", R"({"q":"freshly laid"})")), "top.md");
}

TEST_F(BackupFolderTest, AMissingFolderIsNothingAndComesBackByItself) {
  open();
  EXPECT_FALSE(folder->status().present);
  EXPECT_EQ(name(*read_of("https://wiki/A1")), "-");
  temp.write("backup/A1.md", "some words");
  EXPECT_EQ(name(*read_of("https://wiki/A1")), "A1.md") << "at once by name";
  settle();
  EXPECT_EQ(name(*tool_of("s", R"({"q":"some words"})")), "A1.md") << "and looked through soon";
  fs::rename(temp.path / "backup", temp.path / "away");
  EXPECT_EQ(name(*read_of("https://wiki/A1")), "-");
  settle();
  EXPECT_FALSE(folder->status().present);
  EXPECT_EQ(folder->status().files, 0U);
  std::lock_guard const guard(lock);
  EXPECT_EQ(said, (std::vector<std::string>{"backup.missing", "backup.present", "backup.missing"}));
}

TEST_F(BackupFolderTest, LeavesOutWhatIsOverItsLimitsAndSaysSoOnce) {
  for (char const c : {'a', 'b', 'c'})
    temp.write(std::string("backup/") + c + ".md", std::string("word") + c);
  open(3, 15);  // three files of five bytes
  EXPECT_EQ(folder->status().files, 3U);
  EXPECT_EQ(folder->status().bytes, 15U);
  EXPECT_EQ(folder->status().left_out, 0U);
  temp.write("backup/d.md", "wordd");
  temp.write("backup/huge.md", std::string(BackupFile::kBytesMax + 1, 'x'));
  clock.advance(60s);
  settle();
  EXPECT_EQ(folder->status().files, 3U);
  EXPECT_EQ(folder->status().left_out, 2U);
  clock.advance(60s);
  settle();
  EXPECT_EQ(name(*read_of("x:/d")), "d.md") << "by name it is there";
  EXPECT_EQ(name(*read_of("x:/huge")), "-");
  folder.reset();
  open(10, 14);
  EXPECT_EQ(folder->status().files, 4U);
  EXPECT_EQ(folder->status().bytes, 10U);
  EXPECT_EQ(folder->status().left_out, 3U) << "two are found by name only, one is too large";
  temp.write("backup/huge.md", std::string(BackupFile::kBytesMax, 'x'));
  EXPECT_EQ(name(*read_of("x:/huge")), "huge.md");
  std::lock_guard const guard(lock);
  EXPECT_EQ(std::count(said.begin(), said.end(), "backup.left_out"), 2);
}

// Holds the thread as a disk does that does not answer.
struct Stuck final : FileQuestion {
  explicit Stuck(base::Scheduler& here) : FileQuestion(here) {}
  void perform() override {
    std::unique_lock guard(lock);
    held = true;
    wake.notify_all();
    wake.wait(guard, [this] { return !stuck; });
  }
  void wait_until_held() {
    std::unique_lock guard(lock);
    wake.wait(guard, [this] { return held; });
  }
  void let_go() {
    std::lock_guard const guard(lock);
    stuck = false;
    wake.notify_all();
  }
  std::mutex lock;
  std::condition_variable wake;
  bool held = false;
  bool stuck = true;
};

TEST_F(BackupFolderTest, ADiskThatHangsIsNothingAtTheDeadline_F39) {
  temp.write("backup/A1.md", "x");
  open();
  auto const stuck = std::make_shared<Stuck>(loop);
  ASSERT_TRUE(thread.ask(stuck));
  stuck->wait_until_held();
  auto const answer = std::make_shared<Answer>();
  auto const call = read_of("x:/A1");
  auto const until = clock.now() + 200ms;
  tasks.spawn(ask(*folder, loop, *call, until, answer));
  clock.advance(200ms - 1ns);
  loop.turn();
  EXPECT_FALSE(answer->done);
  clock.advance(1ns);
  loop.turn();
  EXPECT_TRUE(answer->done);
  EXPECT_FALSE(answer->file);
  stuck->let_go();
  settle();
  stuck->take_back();
  EXPECT_EQ(name(*read_of("x:/A1")), "A1.md") << "and works again afterwards";
}

TEST_F(BackupFolderTest, NoTimeLeftIsNothingAtOnce) {
  temp.write("backup/A1.md", "x");
  open();
  auto const answer = std::make_shared<Answer>();
  auto const call = read_of("x:/A1");
  tasks.spawn(ask(*folder, loop, *call, clock.now(), answer));
  EXPECT_TRUE(answer->done);
  EXPECT_FALSE(answer->file);
}

TEST(FileThread, RefusesWhatIsMoreThanMayWait) {
  SharedClock clock;
  PostedLoop loop(clock);
  FileThread thread(clock, {3});
  auto const stuck = std::make_shared<Stuck>(loop);
  ASSERT_TRUE(thread.ask(stuck));
  stuck->wait_until_held();
  std::vector<std::shared_ptr<Stuck>> waiting;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(thread.ask(waiting.emplace_back(std::make_shared<Stuck>(loop))));
    waiting.back()->stuck = false;
  }
  EXPECT_FALSE(thread.ask(std::make_shared<Stuck>(loop)));
  waiting.front()->take_back();
  stuck->let_go();
  ASSERT_TRUE(thread.settle(30s));
  EXPECT_FALSE(waiting.front()->held) << "not wanted, not done";
  EXPECT_TRUE(waiting.back()->held);
  stuck->take_back();
  for (auto const& one : waiting) one->take_back();
}

TEST(FileThread, EndsWhileADiskHoldsIt) {
  static SharedClock clock;  // what is left to itself may still ask it
  PostedLoop loop(clock);
  auto const stuck = std::make_shared<Stuck>(loop);
  {
    FileThread thread(clock);
    ASSERT_TRUE(thread.ask(stuck));
    stuck->wait_until_held();
    thread.stop(1ms);
    EXPECT_FALSE(thread.ask(stuck));
  }
  stuck->take_back();
  stuck->let_go();
}

// Workers ask, give up and go while the folder changes; for ThreadSanitizer.
TEST_F(BackupFolderTest, ServesManyLoopsAtOnceAndForgetsThoseThatLeft) {
  for (int i = 0; i < 20; ++i)
    temp.write("backup/p" + std::to_string(i) + ".md", "text " + std::to_string(i));
  open();
  std::atomic<int> right{0}, wrong{0};
  std::vector<std::thread> workers;
  for (int w = 0; w < 4; ++w) {
    workers.emplace_back([&, w] {
      PostedLoop own(clock);
      for (int i = 0; i < 200; ++i) {
        auto const number = std::to_string((i * 7 + w) % 20);
        auto const call = read_of("x:/p" + number);
        auto const answer = std::make_shared<Answer>();
        base::TaskGroup group(own);
        group.spawn(ask(*folder, own, *call, clock.now() + 1h, answer));
        if (i % 3 == 0) continue;  // hangs up
        own.run_until([&] { return answer->done; });
        ++(answer->file && answer->file->text == "text " + number ? right : wrong);
      }
    });
  }
  for (int i = 0; i < 20; ++i) {
    temp.write("backup/extra" + std::to_string(i) + ".md", "more");
    clock.advance(60s);
    folder->status();
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(right, 4 * 133);
  EXPECT_EQ(wrong, 0);
}

TEST_F(BackupFolderTest, TheDefaultDocumentIsTheSameUntilItsFileChanges) {
  DefaultDocument document(thread, temp.path / "standards.yaml");
  auto const call = tool_of("any", "{}");
  EXPECT_FALSE(find(document, *call)) << "not there";
  temp.write("standards.yaml", "a: 1");
  auto file = find(document, *call);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name, "standards.yaml");
  EXPECT_EQ(file->text, "a: 1");
  EXPECT_EQ(file->mime, "application/yaml");
  EXPECT_EQ(find(document, *call)->text, "a: 1");
  temp.write("standards.yaml", "a: 22");
  EXPECT_EQ(find(document, *call)->text, "a: 22");
  temp.write("standards.yaml", std::string(BackupFile::kBytesMax, 'x'));
  EXPECT_EQ(find(document, *call)->text.size(), BackupFile::kBytesMax);
  temp.write("standards.yaml", std::string(BackupFile::kBytesMax + 1, 'x'));
  EXPECT_FALSE(find(document, *call));
  temp.write("standards.yaml", "back");
  EXPECT_EQ(find(document, *call)->text, "back");
  fs::remove(temp.path / "standards.yaml");
  EXPECT_FALSE(find(document, *call));
}

TEST(MemoryBackup, AnswersAsAFolderDoesAfterItsDelayOrNotAtAll) {
  base::VirtualLoop loop;
  base::TaskGroup tasks(loop);
  MemoryBackup backup;
  backup.put("wiki/A1.md", "words of a page", base::WallTime{5s});
  auto const asked = [&](core::Call const& call) {
    auto const answer = std::make_shared<Answer>();
    tasks.spawn(ask(backup, loop, call, loop.now() + 1s, answer));
    loop.advance(1s);
    EXPECT_TRUE(answer->done);
    return answer->file ? answer->file->name : "-";
  };
  EXPECT_EQ(asked(*read_of("https://wiki/A1")), "wiki/A1.md");
  EXPECT_EQ(asked(*tool_of("s", R"({"q":"page words"})")), "wiki/A1.md");
  EXPECT_EQ(asked(*tool_of("s", R"({"q":"unheard"})")), "-");
  backup.delay = 1s - 1ns;
  EXPECT_EQ(asked(*read_of("https://wiki/A1")), "wiki/A1.md");
  backup.delay = 1s;
  EXPECT_EQ(asked(*read_of("https://wiki/A1")), "-");
  backup.delay = {};
  backup.missing = true;
  EXPECT_EQ(asked(*read_of("https://wiki/A1")), "-");
}

}  // namespace
}  // namespace weir::fallback
