#include <algorithm>

#include "base/ready_until.hpp"
#include "base/task_group.hpp"
#include "store/redis_home.hpp"

namespace weir::store {

using base::Task;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kKeptMost = std::chrono::hours{24 * 3650};
constexpr base::Duration kRetryFirst = milliseconds{100};
constexpr base::Duration kRetryLast = std::chrono::seconds{5};
constexpr unsigned kJitterPercent = 25;

}  // namespace

Task<void> RedisHome::write_loop() {
  for (;;) {
    writes_due_.reset();
    auto batch = commands_.ready() && breaker_.closed() ? queue_.take() : std::vector<QueuedPut>();
    if (batch.empty()) {
      writing_ = false;
      co_await writes_due_.wait();
      continue;
    }
    writing_ = true;
    base::TaskGroup writes(loop_);
    for (auto& put : batch) writes.spawn(write(std::move(put)));
    co_await writes.idle();
  }
}

Task<void> RedisHome::write(QueuedPut put) {
  auto const left = std::min(kKeptMost, end_of(put.answer) - loop_.clock().wall());
  auto record = sealer_.seal(put.key, put.answer);
  auto key = keys_.value(put.key);
  auto const size = RedisKeys::cost(key, record);
  auto const bounds = limits();
  bool const useless =
      left <= milliseconds{0} || marks_.book().judge(put.key.labels, put.answer.born) == Verdict::gone;
  if (useless || record.empty() || size > bounds->bytes_max) {
    ++counted_.refused;
    co_return;
  }
  auto const most = bounds->entries_max.find(put.key.labels.server);
  std::vector<std::string> arguments{keys_.prefix(),
                                     std::to_string(bounds->bytes_max),
                                     std::move(record),
                                     std::to_string(left.count()),
                                     keys_.row(put.key.labels),
                                     most == bounds->entries_max.end() ? "-1" : std::to_string(most->second),
                                     std::to_string(size)};
  auto names = keys_.index();
  names.push_back(std::move(key));
  names.push_back(keys_.of_server(put.key.labels.server));
  auto const reply =
      co_await run(put_script(), std::move(names), std::move(arguments), loop_.now() + options_.times.write);
  bool const kept = reply && count_sums(*reply) && reply->items[0].number == 1;
  ++(kept ? counted_.writes : counted_.refused);
}

Task<void> RedisHome::mark_loop() {
  auto pause = kRetryFirst;
  for (;;) {
    marks_due_.reset();
    auto const next = marks_.next();
    if (!next || !commands_.ready()) {
      co_await marks_due_.wait();
      continue;
    }
    auto arguments = mark_arguments();
    arguments.emplace_back(next->gone ? "1" : "0");
    arguments.push_back(keys_.hash("mark", next->what.text()));
    arguments.push_back(marks_.seal(next->what));
    auto const reply = co_await run(invalidate_script(), keys_.marks(), std::move(arguments),
                                    loop_.now() + options_.times.write);
    if (reply && marks_.settle(next->ticket, *reply)) {
      pause = kRetryFirst;
      continue;
    }
    if (reply) fail("the invalidations in Redis cannot be understood");
    co_await loop_.sleep_for(base::jittered(pause, kJitterPercent, random_));
    pause = std::min(pause * 2, kRetryLast);
  }
}

Task<void> RedisHome::finish(base::TimePoint deadline) {
  constexpr base::Duration kStep = milliseconds{2};
  while (loop_.now() < deadline && commands_.ready() && breaker_.closed() &&
         (writing_ || !queue_.empty() || !marks_.idle())) {
    work_came();
    co_await loop_.sleep_for(kStep);
  }
}

}  // namespace weir::store
