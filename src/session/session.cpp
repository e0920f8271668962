#include "session/session.hpp"

#include <algorithm>
#include <utility>

namespace weir::session {

Session::Session(core::ClientSession client, std::shared_ptr<ReplayShelf> shelf)
    : endpoint_(client.endpoint), outbox_(std::make_shared<Outbox>(std::move(shelf))) {
  client.inbox = outbox_;
  client_ = std::make_shared<core::ClientSession const>(std::move(client));
}

void Session::count_in(observe::SessionMetrics const& metrics, observe::Transport transport,
                       base::TimePoint now) {
  std::lock_guard const lock(mutex_);
  if (over_) return;
  metrics_ = metrics;
  transport_ = transport;
  opened_ = now;
  state().add(1);
}

std::shared_ptr<core::ClientSession const> Session::client() const {
  std::lock_guard const lock(mutex_);
  return client_;
}

bool Session::shake_hands(core::ClientSession client) {
  std::lock_guard const lock(mutex_);
  if (!letters_ || std::exchange(shaken_, true)) return false;
  client.id = client_->id;
  client.endpoint = client_->endpoint;
  client.inbox = outbox_;
  client.log_floor = client_->log_floor;
  client_ = std::make_shared<core::ClientSession const>(std::move(client));
  return true;
}

void Session::receive_by(std::shared_ptr<Letterbox> letters) {
  std::lock_guard const lock(mutex_);
  letters_ = std::move(letters);
}

std::shared_ptr<Letterbox> Session::letterbox() const {
  std::lock_guard const lock(mutex_);
  return letters_;
}

bool Session::started(std::string_view id, std::shared_ptr<RunFlag> flag) {
  std::lock_guard const lock(mutex_);
  if (over_ || runs_.size() >= kRunsMax) return false;
  if (runs_.empty()) move(metrics_.idle, metrics_.working);
  runs_.push_back(Run{std::string(id), std::move(flag)});
  return true;
}

void Session::finished(RunFlag const& flag) {
  std::lock_guard const lock(mutex_);
  auto const found =
      std::find_if(runs_.begin(), runs_.end(), [&](Run const& run) { return run.flag.get() == &flag; });
  if (found == runs_.end()) return;
  runs_.erase(found);
  if (runs_.empty()) move(metrics_.working, metrics_.idle);
}

void Session::stop(std::shared_ptr<RunFlag> flag, bool session_over) {
  auto& home = flag->home;
  home.post([flag = std::move(flag), session_over] {
    flag->session_over = session_over;
    flag->stop.set();
  });
}

void Session::cancel(std::string_view id) {
  std::shared_ptr<RunFlag> flag;
  {
    std::lock_guard const lock(mutex_);
    auto const found = std::find_if(runs_.begin(), runs_.end(), [&](Run const& run) { return run.id == id; });
    if (found == runs_.end()) return;
    flag = found->flag;
  }
  stop(std::move(flag), false);
}

void Session::end(std::string_view why, std::optional<base::TimePoint> now) {
  std::vector<Run> left;
  {
    std::lock_guard const lock(mutex_);
    if (!over_) {
      state().add(-1);
      if (now) metrics_.lasted(transport_).observe(std::chrono::duration<double>(*now - opened_).count());
    }
    over_ = true;
    metrics_ = {};
    left.swap(runs_);
  }
  for (auto& run : left) stop(std::move(run.flag), true);
  questions_.close();
  outbox_->close(why);
}

}  // namespace weir::session
