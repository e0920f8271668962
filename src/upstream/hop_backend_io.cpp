#include <optional>

#include "upstream/hop_backend.hpp"
#include "upstream/hop_call_io.hpp"

namespace weir::upstream {

using base::Result;
using core::ServerIdentity;

namespace {

base::Error nobody_home() {
  return base::Error(base::Fault::unavailable, base::Blame::gateway, "the server is being stopped");
}

class Opening final : public base::Errand<ServerIdentity> {
 public:
  Opening(base::Scheduler& here, std::shared_ptr<ServerHome> home)
      : Errand(here, home->place()), home_(std::move(home)) {}
  std::optional<core::ServerStatus> status;  // written there before the answer, read here after it

 private:
  base::Task<Result<ServerIdentity>> perform() override {
    auto const backend = home_->backend();
    if (!backend) co_return nobody_home();
    auto identity = co_await backend->open();
    status = backend->status();
    co_return identity;
  }
  std::shared_ptr<ServerHome> const home_;
};

class Asking final : public base::Errand<mcp::Message> {
 public:
  Asking(base::Scheduler& here, std::shared_ptr<ServerHome> home, mcp::Method method, std::string params)
      : Errand(here, home->place()), home_(std::move(home)), method_(method), params_(std::move(params)) {}

 private:
  base::Task<Result<mcp::Message>> perform() override {
    auto const backend = home_->backend();
    if (!backend) co_return nobody_home();
    auto answer = co_await backend->ask(method_, std::move(params_));
    co_return answer;
  }
  std::shared_ptr<ServerHome> const home_;
  mcp::Method const method_;
  std::string params_;
};

}  // namespace

base::Task<Result<ServerIdentity>> HopBackend::open() {
  auto const opening = std::make_shared<Opening>(here_, home_);
  auto identity = co_await base::run_errand<ServerIdentity>(opening);
  if (opening->status) status_ = std::move(*opening->status);
  co_return identity;
}

base::Task<Result<mcp::Message>> HopBackend::ask(mcp::Method method, std::string params) {
  return base::run_errand<mcp::Message>(std::make_shared<Asking>(here_, home_, method, std::move(params)));
}

base::Task<void> HopBackend::close(base::TimePoint) { co_return; }

base::Task<Result<core::Outcome>> HopBackend::handle(core::Call& call) {
  return HopCall::serve(std::make_shared<HopCall>(here_, home_, call), call);
}

}  // namespace weir::upstream
