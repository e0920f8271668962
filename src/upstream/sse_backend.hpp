// SseBackend: an HTTP+SSE server (2024-11-05): a StdioBackend whose child is an event stream
// (sse_process_io).
//
// One per server and worker, like StdioBackend, whose contract it has: restarts are reconnections. Where
// callers have tokens of their own there is one for each of them (sse_people_io). A call waits for the
// gateway's token before it is a line (sse_backend_io). `observer` may be null.
#pragma once

#include "upstream/sse_process_io.hpp"
#include "upstream/stdio_backend_io.hpp"

namespace weir::upstream {

class SseBackend final : public core::Backend {
 public:
  SseBackend(base::Scheduler& scheduler, net::Dialer& dialer, base::Random& random, SseOptions sse,
             StdioBackend::Options options, core::BackendObserver* observer)
      : scheduler_(scheduler),
        tokens_(sse.owner ? nullptr : sse.tokens),
        spawner_(scheduler, dialer, std::move(sse)),
        inner_(scheduler, spawner_, random, std::move(options), observer) {}

  std::string_view name() const noexcept override { return inner_.name(); }
  base::Task<base::Result<core::ServerIdentity>> open() override { return inner_.open(); }
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override {
    return tokens_ ? handle_with_token(call) : inner_.handle(call);
  }
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) override {
    return inner_.ask(method, std::move(params));
  }
  bool listens() const noexcept override { return inner_.listens(); }
  base::Task<base::Result<void>> listen(std::string params, StdioChild::Told told) override {
    return inner_.listen(std::move(params), std::move(told));
  }
  void hear(core::ResourceObserver* observer) override { inner_.hear(observer); }
  core::ServerStatus status() const override { return inner_.status(); }
  bool translates(core::Call const& call) const noexcept override { return inner_.translates(call); }
  base::Task<void> close(base::TimePoint deadline) override { return inner_.close(deadline); }

 private:
  base::Task<base::Result<core::Outcome>> handle_with_token(core::Call& call);

  base::Scheduler& scheduler_;
  std::shared_ptr<core::CredentialSource> tokens_;  // the gateway's; null: none, or a caller's (SsePeople)
  SseSpawner spawner_;
  StdioBackend inner_;
};

}  // namespace weir::upstream
