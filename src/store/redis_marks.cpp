#include "store/redis_marks.hpp"

#include <charconv>
#include <utility>

namespace weir::store {
namespace {

std::string_view take_word(std::string_view& from) noexcept {
  auto const end = from.find(' ');
  auto const word = from.substr(0, end);
  from.remove_prefix(end == std::string_view::npos ? from.size() : end + 1);
  return word;
}

std::optional<std::uint64_t> number_of(std::string_view text) noexcept {
  std::uint64_t number = 0;
  auto const got = std::from_chars(text.data(), text.data() + text.size(), number);
  bool const whole = got.ec == std::errc{} && got.ptr == text.data() + text.size();
  return whole && number <= RedisMarks::kNumberMax ? std::optional(number) : std::nullopt;
}

StoreKey const& mark_key() {
  static StoreKey const key{{"", "mark", "", ""}, {}};
  return key;
}

}  // namespace

void RedisMarks::invalidate(Selection what, bool gone) {
  std::lock_guard const guard(lock_);
  if (pending_.size() >= kPendingMax) {
    Pending all{0, {}, gone};
    for (auto const& one : pending_) all.gone = all.gone || one.gone;
    all.ticket = book_.add_unnumbered({}, all.gone);
    for (auto const& one : pending_) book_.settle(one.ticket, 0);
    pending_.clear();
    pending_.push_back(std::move(all));
    return;
  }
  auto const ticket = book_.add_unnumbered(what, gone);
  pending_.push_back({ticket, std::move(what), gone});
}

bool RedisMarks::idle() const {
  std::lock_guard const guard(lock_);
  return pending_.empty();
}

std::optional<RedisMarks::Pending> RedisMarks::next() const {
  std::lock_guard const guard(lock_);
  return pending_.empty() ? std::nullopt : std::optional(pending_.front());
}

bool RedisMarks::settle(std::uint64_t ticket, RespValue const& reply) {
  auto const number = reply.items.size() == 2 ? number_of(reply.items[1].text) : std::nullopt;
  if (!number || *number == 0) return false;
  std::lock_guard const guard(lock_);
  book_.settle(ticket, *number);
  if (!pending_.empty() && pending_.front().ticket == ticket) pending_.pop_front();
  return true;
}

std::string RedisMarks::seal(Selection const& what) const {
  StoredAnswer answer;
  answer.bytes = what.text();
  return sealer_.seal(mark_key(), answer);
}

Selection RedisMarks::open(std::string_view sealed) {
  if (auto const answer = sealer_.open(mark_key(), sealed)) {
    if (auto what = parse_selection(answer->bytes)) return *std::move(what);
  }
  ++unreadable_;
  return {};
}

void RedisMarks::begin() {
  state_ = State::loading;
  early_.clear();
}

// "number gone selection"
bool RedisMarks::put(std::string_view field) {
  auto const number = number_of(take_word(field));
  auto const gone = take_word(field);
  if (!number) return false;
  book_.put({open(field), *number, gone != "0"});
  return true;
}

bool RedisMarks::load(RespValue const& reply) {
  if (state_ != State::loading || reply.items.size() != 3) return false;
  auto const number = number_of(reply.items[1].text);
  auto const& fields = reply.items[2].items;
  if (!number || reply.items[0].text.empty() || fields.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < fields.size(); i += 2) {
    if (fields[i].text != "epoch" && !put(fields[i + 1].text)) return false;
  }
  epoch_ = reply.items[0].text;
  heard_ = *number;
  state_ = State::hearing;
  for (auto const& step : std::exchange(early_, {})) {
    if (step.epoch == epoch_ && !follow(step)) {
      state_ = State::deaf;
      return false;
    }
  }
  return true;
}

bool RedisMarks::follow(Early const& step) {
  if (step.number <= heard_) return true;
  if (step.before != heard_) return false;
  heard_ = step.number;
  return true;
}

// "epoch before number gone node selection"
RedisMarks::News RedisMarks::hear(std::string_view message) {
  News news;
  if (state_ == State::deaf) return news;
  std::string epoch(take_word(message));
  auto const before = number_of(take_word(message));
  auto const number = number_of(take_word(message));
  news.gone = take_word(message) != "0";
  auto const node = take_word(message);
  if (!before || !number) {
    news.what = News::What::out_of_step;
    return news;
  }
  news.selection = open(message);
  book_.put({news.selection, *number, news.gone});
  news.what = node == node_ ? News::What::nothing : News::What::mark;
  Early step{std::move(epoch), *before, *number};
  if (state_ == State::loading) {
    if (early_.size() >= kEarlyMax) news.what = News::What::out_of_step;
    early_.push_back(std::move(step));
  } else if (step.epoch != epoch_ || !follow(step)) {
    news.what = News::What::out_of_step;
  }
  if (news.what == News::What::out_of_step) state_ = State::deaf;
  return news;
}

bool RedisMarks::same_epoch(std::string_view now) const { return take_word(now) == epoch_; }

bool RedisMarks::in_step(std::string_view now) const {
  if (state_ != State::hearing || !same_epoch(now)) return false;
  take_word(now);
  auto const number = number_of(now);
  return number && *number <= heard_;
}

}  // namespace weir::store
