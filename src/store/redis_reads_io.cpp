#include "store/redis_home.hpp"

namespace weir::store {

using base::Error;
using base::Result;
using base::Task;

// One command gives the record and, of the same moment, how far invalidations have come.
Task<Result<std::optional<Found>>> RedisHome::get(StoreKey key, base::TimePoint deadline) {
  auto const value = keys_.value(key);
  auto const now = keys_.own("now");
  auto command = resp_command({"MGET", value, now});
  auto const reply = co_await ask(std::move(command), deadline);
  if (!reply) co_return reply.error();
  auto found = judge(key, *reply);
  co_return found;
}

// Nothing, too, where it cannot be known whether it was invalidated: it might have been thrown away.
std::optional<Found> RedisHome::judge(StoreKey const& key, RespValue const& reply) {
  if (reply.items.size() != 2) return std::nullopt;
  auto const& record = reply.items[0];
  auto const& now = reply.items[1].text;
  if (!marks_.in_step(now)) {
    if (marks_.hearing() && !marks_.same_epoch(now)) out_of_step();
    return std::nullopt;
  }
  if (!record.is(RespValue::Kind::text)) return std::nullopt;
  auto answer = sealer_.open(key, record.text);
  if (!answer) {
    ++counted_.rejected;
    return std::nullopt;
  }
  if (end_of(*answer) <= loop_.clock().wall()) return std::nullopt;
  auto const verdict = marks_.book().judge(key.labels, answer->born);
  if (verdict == Verdict::gone) return std::nullopt;
  return Found{*std::move(answer), verdict == Verdict::outdated};
}

Task<Result<std::uint64_t>> RedisHome::count(Selection what, base::TimePoint deadline) {
  auto const rows = keys_.own("rows");
  auto const hashed = keys_.hashed(std::move(what));
  auto command = resp_command({"TIME"});
  auto const time = co_await ask(std::move(command), deadline);
  if (!time) co_return time.error();
  auto const seconds = time->items.empty() ? 0 : std::atoll(time->items[0].text.c_str());
  std::uint64_t found = 0;
  std::string cursor = "0";
  do {
    command = resp_command({"HSCAN", rows, cursor, "COUNT", "1000"});
    auto const step = co_await ask(std::move(command), deadline);
    if (!step) co_return step.error();
    if (step->items.size() != 2) {
      co_return Error(base::Fault::protocol, base::Blame::gateway, "the index in Redis cannot be understood");
    }
    auto const& fields = step->items[1].items;
    for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
      auto const row = keys_.parse_row(fields[i].text, fields[i + 1].text);
      if (row && row->ends > seconds * 1000 && hashed.matches(row->labels)) ++found;
    }
    cursor = step->items[0].text;
  } while (cursor != "0");
  co_return found;
}

}  // namespace weir::store
