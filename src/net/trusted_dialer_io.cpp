#include "net/trusted_dialer.hpp"

namespace weir::net {

base::Task<base::Result<std::unique_ptr<Stream>>> TrustedDialer::dial(Endpoint const& to,
                                                                      base::TimePoint deadline) {
  TlsContext::Ptr context;
  if (to.tls) {
    auto built = co_await contexts_.get(by_.loop(), slot_->get(), deadline);
    if (!built) co_return built.error();
    context = std::move(*built);
  }
  co_return co_await by_.dial_with(to, context.get(), deadline);
}

}  // namespace weir::net
