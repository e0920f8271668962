#include "store/mark_book.hpp"

#include <algorithm>

namespace weir::store {

namespace {

bool by_number(Mark const& mark, std::uint64_t number) noexcept { return mark.number < number; }

}  // namespace

// The lock is held. A later mark on the same selection replaces an earlier one that says no more than it.
void MarkBook::insert(Mark mark) {
  auto const covered = [&mark](Mark const& old) {
    return old.number <= mark.number && old.what == mark.what && (mark.gone || !old.gone);
  };
  marks_.erase(std::remove_if(marks_.begin(), marks_.end(), covered), marks_.end());
  auto const number = mark.number;
  auto const place = std::lower_bound(marks_.begin(), marks_.end(), number, by_number);
  marks_.insert(place, std::move(mark));
  if (marks_.size() > kMarksMax) {
    auto const half = marks_.begin() + kMarksMax / 2;
    Mark all{{}, std::prev(half)->number, std::any_of(marks_.begin(), half, [](auto& m) { return m.gone; })};
    marks_.erase(marks_.begin(), std::prev(half));
    marks_.front() = std::move(all);
  }
  if (number > latest_.load(std::memory_order_relaxed)) latest_.store(number, std::memory_order_release);
}

std::uint64_t MarkBook::add(Selection what, bool gone) {
  std::lock_guard const guard(lock_);
  auto const number = latest_.load(std::memory_order_relaxed) + 1;
  insert({std::move(what), number, gone});
  return number;
}

std::uint64_t MarkBook::advance() {
  std::lock_guard const guard(lock_);
  auto const number = latest_.load(std::memory_order_relaxed) + 1;
  latest_.store(number, std::memory_order_release);
  return number;
}

void MarkBook::put(Mark mark) {
  std::lock_guard const guard(lock_);
  insert(std::move(mark));
}

std::uint64_t MarkBook::add_unnumbered(Selection what, bool gone) {
  std::lock_guard const guard(lock_);
  pending_.push_back({++tickets_, {std::move(what), kUnnumbered, gone}});
  unnumbered_.store(pending_.size(), std::memory_order_release);
  return tickets_;
}

void MarkBook::settle(std::uint64_t ticket, std::uint64_t number) {
  std::lock_guard const guard(lock_);
  auto const found =
      std::find_if(pending_.begin(), pending_.end(), [&](auto& pending) { return pending.ticket == ticket; });
  if (found == pending_.end()) return;
  Mark mark = std::move(found->mark);
  pending_.erase(found);
  if (number != 0) {
    mark.number = number;
    insert(std::move(mark));
  }
  unnumbered_.store(pending_.size(), std::memory_order_release);
}

Verdict MarkBook::judge(Labels const& labels, std::uint64_t born) const {
  if (untouched_since(born)) return Verdict::current;
  auto verdict = Verdict::current;
  auto const weigh = [&](Mark const& mark) {
    if (verdict != Verdict::gone && mark.what.matches(labels)) {
      verdict = mark.gone ? Verdict::gone : Verdict::outdated;
    }
  };
  std::lock_guard const guard(lock_);
  for (auto const& pending : pending_) weigh(pending.mark);
  auto const newer = std::lower_bound(marks_.begin(), marks_.end(), born + 1, by_number);
  for (auto mark = newer; mark != marks_.end(); ++mark) weigh(*mark);
  return verdict;
}

std::vector<Mark> MarkBook::marks() const {
  std::lock_guard const guard(lock_);
  return marks_;
}

}  // namespace weir::store
