// HopBackend: a server that lives on another worker, as the layers of this one see it.
//
// One per such server and worker; this worker's thread only. Calls and questions travel to the server's home
// and their answers back (HopCall); closing and the ends of sessions are the home's own business. What
// status() says is what the home said last: after open(), and whenever heard() is called.
#pragma once

#include <memory>
#include <string>

#include "upstream/server_home.hpp"

namespace weir::upstream {

class HopBackend final : public core::Backend {
 public:
  // `transport`: what status() says until the home has spoken.
  HopBackend(base::Scheduler& here, std::string name, std::string_view transport,
             std::shared_ptr<ServerHome> home)
      : here_(here), name_(std::move(name)), home_(std::move(home)) {
    status_.transport = transport;
  }

  std::string_view name() const noexcept override { return name_; }
  base::Task<base::Result<core::ServerIdentity>> open() override;
  base::Task<base::Result<core::Outcome>> handle(core::Call& call) override;
  base::Task<base::Result<mcp::Message>> ask(mcp::Method method, std::string params) override;
  core::ServerStatus status() const override { return status_; }
  base::Task<void> close(base::TimePoint deadline) override;  // nothing to do here

  void heard(core::ServerStatus status) { status_ = std::move(status); }

 private:
  base::Scheduler& here_;
  std::string const name_;
  std::shared_ptr<ServerHome> const home_;
  core::ServerStatus status_;
};

}  // namespace weir::upstream
