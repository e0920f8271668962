#include <algorithm>
#include <array>

#include "base/ready_until.hpp"
#include "store/redis_cures.hpp"
#include "store/redis_home.hpp"

namespace weir::store {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;

namespace {

Error refused(std::string_view error) { return Error(Fault::unavailable, Blame::gateway, redis_cure(error)); }

}  // namespace

// All words are sent at once; the first that Redis does not accept decides.
Task<Result<void>> RedisHome::greet(RedisClient& client) {
  auto const deadline = loop_.now() + options_.times.connect;
  struct Word {
    RedisClient::Asked asked;
    bool must;
  };
  std::vector<Word> words;
  auto const say = [&](std::vector<std::string_view> const& command, bool must) {
    words.push_back({client.send(resp_command(command)), must});
  };
  auto const secret = options_.password.reveal();
  if (!options_.username.empty()) say({"AUTH", options_.username, secret}, true);
  if (options_.username.empty() && !secret.empty()) say({"AUTH", secret}, true);
  auto const database = std::to_string(options_.database);
  if (options_.database != 0) say({"SELECT", database}, true);
  say({"CLIENT", "SETNAME", "weir"}, false);
  say({"PING"}, true);
  bool const commands = &client == &commands_;
  if (commands) say({"INFO", "memory"}, false);

  std::string warning;
  for (auto const& word : words) {
    auto const reply = co_await client.wait(word.asked, deadline);
    if (!reply) co_return reply.error();
    if (word.must && reply->is(RespValue::Kind::error)) co_return refused(reply->text);
    if (!word.must && reply->is(RespValue::Kind::text)) warning = redis_memory_warning(reply->text);
  }
  if (commands) {
    std::lock_guard const guard(words_lock_);
    warning_ = std::move(warning);
    co_return base::Result<void>();
  }
  auto subscribed = co_await subscribe(client, deadline);
  co_return subscribed;
}

// First the channel, then what was said before: whatever is said in between is heard twice rather than never.
Task<Result<void>> RedisHome::subscribe(RedisClient& client, base::TimePoint deadline) {
  auto const channel = keys_.own("news");
  auto subscribe = resp_command({"SUBSCRIBE", channel});
  marks_.begin();
  auto const subscribed = co_await client.ask(std::move(subscribe), deadline);
  if (!subscribed) co_return subscribed.error();
  if (subscribed->is(RespValue::Kind::error)) co_return refused(subscribed->text);
  if (!co_await base::ready_until(loop_, commands_up_, deadline)) {
    co_return Error(Fault::unavailable, Blame::gateway, "the other connection to Redis is down");
  }
  auto const marks = co_await run(marks_script(), keys_.marks(), mark_arguments(), deadline);
  if (!marks) co_return marks.error();
  if (!marks_.load(*marks)) {
    co_return Error(Fault::protocol, Blame::gateway, "the invalidations in Redis cannot be understood");
  }
  co_return base::Result<void>();
}

std::vector<std::string> RedisHome::mark_arguments() {
  return {keys_.own("news"), marks_.node(), base::SystemRandom().token(12),
          std::to_string(marks_.book().latest()), marks_.seal({})};
}

// Asks for signs of life, for a probe where the breaker is open, and for what is over to be thrown away.
Task<void> RedisHome::tend_loop() {
  for (;;) {
    tend_due_.reset();
    auto const now = loop_.now();
    if (commands_.ready() && breaker_.take_probe(now)) co_await probe();
    if (now >= next_ping_) {
      next_ping_ = now + options_.times.ping;
      sweep_due_ = true;
      if (news_.ready()) news_.send(resp_command({"PING"}));
    }
    if (sweep_due_ && serving()) co_await sweep();
    auto due = next_ping_;
    if (!breaker_.closed() && commands_.ready()) {
      due = std::min(due, std::max(breaker_.probe_at(), loop_.now() + std::chrono::milliseconds{10}));
    }
    co_await base::ready_until(loop_, tend_due_, due);
  }
}

Task<void> RedisHome::probe() {
  auto ping = resp_command({"PING"});
  auto const reply = co_await commands_.ask(std::move(ping), loop_.now() + options_.times.get);
  if (!reply && reply.error().fault != Fault::timed_out) {  // that was counted
    if (breaker_.failed(loop_.now())) update();
  }
}

Task<void> RedisHome::sweep() {
  constexpr int kRoundsMax = 1000;
  sweep_due_ = false;
  for (int round = 0; round < kRoundsMax; ++round) {
    auto const bounds = limits();
    std::vector<std::string> arguments{keys_.prefix(), std::to_string(bounds->bytes_max)};
    for (auto const& [server, most] : bounds->entries_max) {
      arguments.push_back(keys_.of_server(server));
      arguments.push_back(std::to_string(most));
    }
    auto const reply =
        co_await run(sweep_script(), keys_.index(), std::move(arguments), loop_.now() + options_.times.write);
    if (!reply || !count_sums(*reply) || reply->items[0].number == 0) co_return;
  }
}

RedisHome::Reply RedisHome::ask(std::string command, base::TimePoint deadline) {
  auto reply = co_await commands_.ask(std::move(command), deadline);
  if (!reply) {
    if (reply.error().fault != Fault::timed_out) ++counted_.failures;
    co_return reply;
  }
  if (reply->is(RespValue::Kind::error)) {
    auto error = refused(reply->text);
    fail(error.detail);
    co_return error;
  }
  co_return reply;
}

RedisHome::Reply RedisHome::run(RedisScript const& script, std::vector<std::string> keys,
                                std::vector<std::string> arguments, base::TimePoint deadline) {
  auto known = co_await commands_.ask(script_command(script, true, keys, arguments), deadline);
  if (known && !(known->is(RespValue::Kind::error) && known->text.starts_with("NOSCRIPT"))) {
    if (!known->is(RespValue::Kind::error)) co_return known;
    auto error = refused(known->text);
    fail(error.detail);
    co_return error;
  }
  if (!known) {
    if (known.error().fault != Fault::timed_out) ++counted_.failures;
    co_return known;
  }
  auto reply = co_await ask(script_command(script, false, keys, arguments), deadline);
  co_return reply;
}

}  // namespace weir::store
