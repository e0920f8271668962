#include "edge/list_watch.hpp"

#include "router/list_stamps.hpp"

namespace weir::edge {

base::TimePoint ListWatch::look(base::TimePoint now) {
  constexpr auto kNever = base::TimePoint::max();
  auto const stamps = router::list_stamps(feed_.current(), endpoint_, false);
  if (!stamps) return kNever;
  auto const told = outbox_->told();
  if (!told) outbox_->set_told(*stamps);
  if (!told || told == stamps) return due_ = kNever;
  if (due_ == kNever) due_ = now + kCoalesce;
  if (now < due_) return due_;
  for (std::size_t i = 0; i < stamps->size(); ++i) {
    if ((*told)[i] == (*stamps)[i]) continue;
    outbox_->post(R"({"jsonrpc":"2.0","method":")" + std::string(router::kListNotifications[i]) + "\"}", now);
  }
  outbox_->set_told(*stamps);
  return due_ = kNever;
}

}  // namespace weir::edge
