// TrustedDialer: the Dialer of one server with a trust of its own, for its calls and its token endpoint alike
// . TrustSlot: that trust, which changes while connections are made.
//
// A slot is shared by all workers and set by the main thread: a connection takes what stands there when it
// begins, so a rotated certificate is in use with the next one, and those that are open go on. A dialer
// belongs to one worker; it borrows the worker's NetDialer and the process's contexts.
#pragma once

#include <memory>
#include <mutex>

#include "net/dialer.hpp"
#include "net/tls_contexts.hpp"

namespace weir::net {

class TrustSlot {
 public:
  explicit TrustSlot(std::shared_ptr<TlsTrust const> trust) noexcept : trust_(std::move(trust)) {}
  std::shared_ptr<TlsTrust const> get() const {
    std::lock_guard const guard(lock_);
    return trust_;
  }
  void set(std::shared_ptr<TlsTrust const> trust) {
    std::lock_guard const guard(lock_);
    trust_.swap(trust);
  }

 private:
  mutable std::mutex lock_;
  std::shared_ptr<TlsTrust const> trust_;  // never null
};

class TrustedDialer final : public Dialer {
 public:
  TrustedDialer(NetDialer& by, TlsContexts& contexts, std::shared_ptr<TrustSlot const> slot) noexcept
      : by_(by), contexts_(contexts), slot_(std::move(slot)) {}
  base::Task<base::Result<std::unique_ptr<Stream>>> dial(Endpoint const& to,
                                                         base::TimePoint deadline) override;

 private:
  NetDialer& by_;
  TlsContexts& contexts_;
  std::shared_ptr<TrustSlot const> slot_;
};

}  // namespace weir::net
