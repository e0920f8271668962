// The kill loop (T-30): a process that writes is killed at any moment, again and again, and what it left is
// opened and read. The process is this test program once more, running the disabled test below.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "base/random.hpp"
#include "store/embedded_rig_test.hpp"

namespace weir::store {
namespace {

constexpr std::uint64_t kKeys = 200;
constexpr int kReport = 3;  // the child's descriptor

StoreKey kill_key(std::uint64_t version) { return key_of(version % kKeys); }
std::string kill_value(std::uint64_t version) {
  return fmt::format("{}:{}", version,
                     std::string(50 + version * 31 % 4'000, static_cast<char>('a' + version % 26)));
}

void report(char kind, std::uint64_t a, std::uint64_t b) {
  auto const line = fmt::format("{} {} {}\n", kind, a, b);
  if (::write(kReport, line.data(), line.size()) < 0) std::_Exit(1);
}

TEST(EmbeddedKill, DISABLED_WritesUntilItIsKilled) {
  char const* const folder = std::getenv("WEIR_STORE_CHILD");
  ASSERT_NE(folder, nullptr);
  base::SystemClock const clock;
  EmbeddedOptions options(folder, StoreSecret::from_text(base::Secret("one")), clock);
  options.limits.bytes_max = 16'000'000;
  options.open_within = kHang;
  EmbeddedStore store(std::move(options));
  for (std::uint64_t version = std::strtoull(std::getenv("WEIR_STORE_FROM"), nullptr, 10);; ++version) {
    store.put(kill_key(version),
              answer_of(kill_value(version), clock.wall(), std::chrono::hours{1}, store.sequence()));
    if (version % 16 == 15) {
      ASSERT_TRUE(store.settle(kHang));
      report('F', version, 0);
    }
    if (version % 23 == 0) {
      auto const key = version * 7 % kKeys;
      report('M', key, version);  // it may happen from here on, whether or not it can still be reported
      store.invalidate({"files", "", key_of(key).labels.target, ""}, version % 2 == 0);
      report('I', key, version);
    }
  }
}

class KillLoop {
 public:
  // Runs a writer and kills it after some of its reports, somewhere in the middle of its work.
  void run_and_kill(base::Random& random) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    auto const pid = spawn(ends[1]);
    ::close(ends[1]);
    for (auto left = random.below(40); left > 0 && read_line(ends[0]); --left) {
    }
    pollfd nothing{-1, 0, 0};
    ::poll(&nothing, 1, static_cast<int>(random.below(8)));
    ::kill(pid, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    while (read_line(ends[0])) {
    }
    ::close(ends[0]);
  }

  // Opens what is left as the next process would.
  void look() {
    base::SystemClock const clock;
    auto const before = clock.now();
    EmbeddedOptions options(folder_.path() / "kept", StoreSecret::from_text(base::Secret("one")), clock);
    options.open_within = kHang;
    options.answer_within = kHang;
    bool distrusted = false;
    options.log = [&](std::string_view event, std::string_view) {
      distrusted |= event == "store.distrusted";
    };
    EmbeddedStore store(std::move(options));
    if (distrusted)
      flushed_.clear();  // a mark was lost in its queue: it may be that nothing is good any more
    distrusts_ += distrusted;
    slowest_ = std::max(slowest_, clock.now() - before);
    EXPECT_TRUE(store.status().ready) << store.status().cause;
    EXPECT_EQ(store.status().rebuilt, 0U);
    PostedLoop loop(clock);
    for (std::uint64_t key = 0; key < kKeys; ++key) look_at(key, loop.wait(store.get(loop, key_of(key))));
    EXPECT_EQ(store.status().rejected, 0U);
    store.stop(kHang);
  }

  base::Duration slowest() const noexcept { return slowest_; }
  std::uint64_t current() const noexcept { return current_; }
  std::uint64_t reports() const noexcept { return reports_; }

 private:
  pid_t spawn(int out) {
    auto const folder = "WEIR_STORE_CHILD=" + (folder_.path() / "kept").string();
    run_from_ = next_;
    auto const from = fmt::format("WEIR_STORE_FROM={}", next_);
    std::string const filter = "--gtest_filter=EmbeddedKill.DISABLED_WritesUntilItIsKilled";
    std::string const also = "--gtest_also_run_disabled_tests";
    std::string const self = "/proc/self/exe";
    char* const argv[] = {const_cast<char*>(self.c_str()), const_cast<char*>(filter.c_str()),
                          const_cast<char*>(also.c_str()), nullptr};
    char* const env[] = {const_cast<char*>(folder.c_str()), const_cast<char*>(from.c_str()), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, kReport);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    EXPECT_EQ(::posix_spawn(&pid, self.c_str(), &actions, nullptr, argv, env), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }

  bool read_line(int fd) {
    std::string line;
    for (char c = 0; ::read(fd, &c, 1) == 1;) {
      if (c != '\n') {
        line += c;
        continue;
      }
      char* end = nullptr;
      std::uint64_t const a = std::strtoull(line.c_str() + 2, &end, 10);
      std::uint64_t const b = std::strtoull(end, &end, 10);
      if (line[0] == 'M' && b % 2 == 0) maybe_purged_[a] = b + 1;
      if (line[0] == 'F') flushed(a);
      if (line[0] == 'I') invalidated_[a] = b;
      if (line[0] == 'I' && b % 2 == 0) purged_[a] = b;
      next_ = std::max(next_, (line[0] == 'F' ? a : b) + 1);
      ++reports_;
      return true;
    }
    return false;
  }

  // Everything that this run has put, up to this version, is on the disk.
  void flushed(std::uint64_t version) {
    for (auto v = run_from_; v <= version; ++v) {
      auto& newest = flushed_[v % kKeys];
      newest = std::max(newest, v + 1);
    }
  }

  void look_at(std::uint64_t key, std::optional<Found> const& found) {
    auto const flushed = flushed_[key];  // one more than the version
    auto const purged = purged_.count(key) != 0 ? purged_[key] + 1 : 0;
    if (!found) {  // a purge took it, or it was not on the disk yet
      auto const maybe = maybe_purged_.count(key) != 0 ? maybe_purged_[key] : 0;
      ASSERT_LE(flushed, std::max(purged, maybe)) << "an answer is lost";
      return;
    }
    std::uint64_t const version = std::strtoull(found->answer.bytes.c_str(), nullptr, 10);
    ASSERT_EQ(found->answer.bytes, kill_value(version));
    ASSERT_EQ(version % kKeys, key);
    ASSERT_GE(version + 1, flushed);
    ASSERT_GE(version + 1, purged) << "a purged answer came back";
    if (invalidated_.count(key) != 0 && version <= invalidated_[key]) {
      ASSERT_TRUE(found->outdated) << "an invalidated answer came back as current";
    }
    current_ += !found->outdated;
  }

 public:
  std::uint64_t distrusts() const noexcept { return distrusts_; }

 private:
  TempFolder folder_;
  std::uint64_t next_ = 0, run_from_ = 0;
  std::map<std::uint64_t, std::uint64_t> flushed_, invalidated_, purged_, maybe_purged_;
  base::Duration slowest_{};
  std::uint64_t current_ = 0, distrusts_ = 0, reports_ = 0;
};

TEST(EmbeddedKill, LosesOnlyWhatWasNotWrittenYetAndBringsNothingBack_T30) {
  char const* const tier = std::getenv("WEIR_TEST_TIER");
  bool const is_long = tier != nullptr && std::string_view(tier) == "long";
  int const kills = is_long ? 2'000 : 50;
  base::SeededRandom random(30);
  KillLoop loop;
  for (int i = 0; i < kills && !testing::Test::HasFailure(); ++i) {
    loop.run_and_kill(random);
    loop.look();
  }
  EXPECT_LT(loop.slowest(), kHang);
  EXPECT_GT(loop.current(), 0U);
  auto const slowest = std::chrono::duration_cast<milliseconds>(loop.slowest()).count();
  RecordProperty("slowest_open_ms", static_cast<int>(slowest));
  std::cout << fmt::format(
      "{} kills, {} reports, slowest open {} ms, {} answers current, {} times all distrusted\n", kills,
      loop.reports(), slowest, loop.current(), loop.distrusts());
}

}  // namespace
}  // namespace weir::store
