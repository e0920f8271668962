// SsePeople: an HTTP+SSE server at which callers have tokens of their own: a stream for each of them.
//
// One per server, on its worker, like SseBackend, whose contract it has. A server answers what is posted in
// the name of whoever opened the stream, so that callers cannot share one. A caller's is opened with their
// token when they first call; whoever has no token gets none and learns why. What the gateway asks for itself
// (lists, subscriptions) goes over a stream of its own, and only that one tells of changes. Limits: kMost
// streams of callers, each with the POSTs of SsePosts; one without calls is closed after kIdle,
// and earlier where another caller needs its place, where it ended by itself, where its owner has no token at
// hand any more (seen every kSweep) and where their tokens are of another sign-in. Errors: those of
// SseBackend and of the source of tokens; busy; unavailable once it is closed.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/task_group.hpp"
#include "core/backend.hpp"
#include "upstream/sse_process_io.hpp"

namespace weir::upstream {

class SsePeople final : public core::Backend {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr base::Duration kIdle = std::chrono::minutes{5};
  static constexpr base::Duration kSweep = std::chrono::seconds{30};

  // Makes a stream; a null owner is the gateway, and has no observer here. The others' outlive them.
  using Make = std::function<std::unique_ptr<core::Backend>(std::shared_ptr<SseOwner const> owner,
                                                            core::BackendObserver* observer)>;
  SsePeople(base::Scheduler& scheduler, std::shared_ptr<core::CredentialSource> tokens, Make make);

  std::string_view name() const noexcept override { return own_->name(); }
  base::Task<base::Result<core::ServerIdentity>> open() override { return own_->open(); }
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) override {
    return own_->ask(method, std::move(params));
  }
  core::ServerStatus status() const override { return own_->status(); }
  bool translates(core::Call const& call) const noexcept override { return call.modern(); }
  bool listens() const noexcept override { return own_->listens(); }
  base::Task<base::Result<void>> listen(std::string params,
                                        std::function<void(mcp::Message const&)> told) override {
    return own_->listen(std::move(params), std::move(told));
  }
  void hear(core::ResourceObserver* observer) override { own_->hear(observer); }
  base::Task<void> close(base::TimePoint deadline) override;

  std::size_t streams() const noexcept { return streams_.size(); }

 private:
  // Hears when it ends: it is not opened anew before its owner calls.
  struct Stream final : core::BackendObserver {
    explicit Stream(SsePeople& p) noexcept : people(p) {}
    void list_changed(std::string_view, mcp::Method) override {}
    void state_changed(std::string_view) override { people.look_at(*this); }
    bool over() const;
    SsePeople& people;
    std::shared_ptr<SseOwner> owner;
    std::string acts_as;  // as CredentialSource says: what is sent on it comes from nobody else
    std::unique_ptr<core::Backend> backend;
    unsigned calls = 0;
    base::TimePoint used{};
  };
  using Held = std::shared_ptr<Stream>;
  using Order = std::list<Held>;  // who called last comes first

  Held stream_of(core::Principal const& caller);
  bool make_room();
  void look_at(Stream& stream);
  void retire(Order::iterator one);
  base::Task<void> end(Held stream, base::TimePoint deadline);
  base::Task<void> sweep();

  base::Scheduler& scheduler_;
  std::shared_ptr<core::CredentialSource> tokens_;
  Make make_;
  std::unique_ptr<core::Backend> own_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> streams_;  // by the id of the Principal
  bool sweeping_ = false;
  bool closed_ = false;
  base::TaskGroup tasks_;
};

}  // namespace weir::upstream
