#include "oauth/revocation_loop.hpp"

#include <deque>
#include <mutex>

namespace weir::oauth {

class RevocationLoop::Inbox final : public TokenReturns, public std::enable_shared_from_this<Inbox> {
 public:
  Inbox(base::Scheduler& scheduler, RevocationLoop& owner) : scheduler_(scheduler), owner_(&owner) {}

  void give_back(TokenRef token) override {
    {
      std::lock_guard const held(lock_);
      if (!open_) return;
      if (waiting_.size() >= kWaitingMax) {
        ++lost_;
      } else {
        waiting_.push_back({std::move(token), scheduler_.clock().now()});
      }
      if (std::exchange(called_, true)) return;
    }
    scheduler_.post([self = shared_from_this()] {
      if (self->owner_ != nullptr) self->owner_->look();
    });
  }

  struct Taken {
    TokenRef token;  // null: nothing waits
    std::size_t lost = 0;
  };
  Taken take(base::TimePoint now) {
    std::deque<Waiting> old;
    std::lock_guard const held(lock_);
    called_ = false;
    Taken taken;
    while (!waiting_.empty() && now - waiting_.front().since > kWaitMax) {
      old.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
      ++lost_;
    }
    taken.lost = std::exchange(lost_, 0);
    if (waiting_.empty()) return taken;
    taken.token = std::move(waiting_.front().token);
    waiting_.pop_front();
    return taken;
  }
  bool empty() const {
    std::lock_guard const held(lock_);
    return waiting_.empty();
  }
  void open() {
    std::lock_guard const held(lock_);
    open_ = true;
  }
  void close() {  // by the owner, on its thread
    std::deque<Waiting> left;
    owner_ = nullptr;
    std::lock_guard const held(lock_);
    open_ = false;
    left.swap(waiting_);
  }

 private:
  struct Waiting {
    TokenRef token;
    base::TimePoint since;
  };
  base::Scheduler& scheduler_;
  RevocationLoop* owner_;  // of its thread
  mutable std::mutex lock_;
  std::deque<Waiting> waiting_;
  std::size_t lost_ = 0;
  bool open_ = false;
  bool called_ = false;  // the owner is going to look
};

RevocationLoop::RevocationLoop(base::Scheduler& scheduler, TokenEndpoint& endpoint, Report report)
    : scheduler_(scheduler),
      endpoint_(endpoint),
      report_(std::move(report)),
      inbox_(std::make_shared<Inbox>(scheduler, *this)),
      working_(scheduler) {}

RevocationLoop::~RevocationLoop() { inbox_->close(); }

std::shared_ptr<TokenReturns> RevocationLoop::inbox() const noexcept { return inbox_; }

void RevocationLoop::announce(Place place) {
  place_ = std::move(place);
  inbox_->open();
}

void RevocationLoop::look() {
  while (working_.size() < kAtOnce && !inbox_->empty()) working_.spawn(work());
}

base::Task<void> RevocationLoop::work() {
  for (;;) {
    auto taken = inbox_->take(scheduler_.now());
    for (std::size_t i = 0; i < taken.lost; ++i) report_("overflow");
    if (!taken.token) co_return;
    look();  // there may be work for others
    co_await revoke(std::move(taken.token));
  }
}

base::Task<void> RevocationLoop::revoke(TokenRef token) {
  auto const value = token->reveal();  // of the field Authorization: "Bearer x"
  TokenRequest request;
  request.endpoint = place_->endpoint;
  request.issuer = place_->issuer;
  request.guard = place_->guard;
  request.expected.flow = Flow::revocation;
  request.add("token", value.substr(value.find(' ') + 1));
  request.add("token_type_hint", "access_token");
  auto const client = place_->client();
  auto const told = co_await endpoint_.tell(request, client, scheduler_.now() + kEachMax);
  report_(told ? "done" : "failed");
}

}  // namespace weir::oauth
