#include "support/fault_pipe.hpp"

#include <algorithm>
#include <cstring>

namespace weir::test {
namespace {

using net::IoResult;
using net::IoState;

class End;

struct Joint {  // shared by both ends; half[0] flows to the near end, half[1] away from it
  struct Half {
    std::string bytes;
    bool ended = false;
  };
  Half half[2];
  End* ends[2] = {nullptr, nullptr};  // near, far
  std::size_t capacity = 0;
  Tally* tally = nullptr;
  Trial* trial = nullptr;
  bool broken() const noexcept { return trial != nullptr && trial->tripped(); }
};

class End final : public net::Stream {
 public:
  End(base::Scheduler& scheduler, std::shared_ptr<Joint> joint, bool near)
      : Stream(scheduler), joint_(std::move(joint)), near_(near) {
    joint_->ends[near_ ? 0 : 1] = this;
    if (near_) ++joint_->tally->near_ends;
  }
  ~End() override {
    joint_->ends[near_ ? 0 : 1] = nullptr;
    out().ended = true;
    if (near_) --joint_->tally->near_ends;
    joint_->tally->buffered -= in().bytes.size();
    in().bytes.clear();
    wake_other();
  }

  IoResult read(std::span<char> into) noexcept override {
    if (joint_->broken()) return after_the_break(read_ready_);
    auto& bytes = in().bytes;
    std::size_t const n = allowed(std::min(into.size(), bytes.size()));
    if (n == 0) {
      if (bytes.empty() && in().ended) return {IoState::ended};
      read_ready_.reset();
      return {IoState::blocked};
    }
    std::memcpy(into.data(), bytes.data(), n);
    bytes.erase(0, n);
    joint_->tally->buffered -= n;
    if (bytes.empty() && !in().ended) read_ready_.reset();
    spend(n);
    wake_other();
    return {IoState::moved, n};
  }

  IoResult write(std::span<iovec const> from) noexcept override {
    if (joint_->broken()) return after_the_break(write_ready_);
    if (other() == nullptr || out().ended) return {IoState::ended};
    std::size_t offered = 0;
    for (auto const& part : from) offered += part.iov_len;
    std::size_t const room = joint_->capacity - std::min(joint_->capacity, out().bytes.size());
    std::size_t left = allowed(std::min(room, offered));
    if (left == 0) {
      write_ready_.reset();
      return {IoState::blocked};
    }
    std::size_t const moved = left;
    for (auto const& part : from) {
      std::size_t const n = std::min(left, part.iov_len);
      out().bytes.append(static_cast<char const*>(part.iov_base), n);
      left -= n;
    }
    auto& tally = *joint_->tally;
    tally.buffered += moved;
    tally.buffered_most = std::max(tally.buffered_most, tally.buffered);
    spend(moved);
    wake_other();
    return {IoState::moved, moved};
  }

  void shutdown_write() noexcept override {
    out().ended = true;
    wake_other();
  }
  std::string peer() const override { return "pipe"; }

 protected:
  void want_read() noexcept override {
    if (stalled()) return;
    if (joint_->broken() || !in().bytes.empty() || in().ended) read_ready_.set();
  }
  void want_write() noexcept override {
    if (stalled()) return;
    if (joint_->broken() || out().bytes.size() < joint_->capacity || other() == nullptr) write_ready_.set();
  }

 private:
  Joint::Half& in() noexcept { return joint_->half[near_ ? 0 : 1]; }
  Joint::Half& out() noexcept { return joint_->half[near_ ? 1 : 0]; }
  End* other() noexcept { return joint_->ends[near_ ? 1 : 0]; }
  bool stalled() noexcept {
    return joint_->broken() && joint_->trial->how == Trial::How::stall && other() != nullptr;
  }

  IoResult after_the_break(base::Event& ready) noexcept {
    switch (joint_->trial->how) {
      case Trial::How::reset: return {IoState::failed};
      case Trial::How::end: return {IoState::ended};
      case Trial::How::stall: break;
    }
    if (!stalled()) return {IoState::failed};
    ready.reset();
    return {IoState::blocked};
  }
  std::size_t allowed(std::size_t wanted) const noexcept {
    auto const* const trial = joint_->trial;
    if (trial == nullptr || !near_ || trial->unit == Trial::Unit::steps) return wanted;
    return std::min(wanted, trial->left);
  }
  void spend(std::size_t bytes) noexcept {
    auto* const trial = joint_->trial;
    if (trial == nullptr || !near_) return;
    std::size_t const cost = trial->unit == Trial::Unit::steps ? 1 : bytes;
    trial->used += cost;
    trial->left -= std::min(trial->left, cost);
    if (trial->tripped()) {
      wake(this);
      wake(other());
    }
  }
  static void wake(End* end) noexcept {
    if (end == nullptr) return;
    end->read_ready_.set();
    end->write_ready_.set();
  }
  void wake_other() noexcept { wake(other()); }

  std::shared_ptr<Joint> joint_;
  bool near_;
};

}  // namespace

net::StreamPair make_fault_pipe(base::Scheduler& scheduler, std::size_t capacity, Tally& tally,
                                Trial* trial) {
  auto joint = std::make_shared<Joint>();
  joint->capacity = capacity;
  joint->tally = &tally;
  joint->trial = trial;
  ++tally.opened;
  auto near = std::make_unique<End>(scheduler, joint, true);
  auto far = std::make_unique<End>(scheduler, joint, false);
  return {std::move(near), std::move(far)};
}

}  // namespace weir::test
