#include "upstream/credential_exchange_io.hpp"
#include "upstream/sse_backend.hpp"

namespace weir::upstream {

// A call becomes a line, which cannot say whose time it waits: so the token is waited for here. Whatever else
// is wrong with it is found out again, and kept as the server's state, where the stream is opened.
base::Task<base::Result<core::Outcome>> SseBackend::handle_with_token(core::Call& call) {
  auto whom = shown_for(call, scheduler_.now());
  whom.caller = nullptr;
  auto token = co_await obtain_for(scheduler_, tokens_, whom);
  if (!token && token.error().fault == base::Fault::timed_out)
    co_return std::move(token).error().about(std::string(name()));
  co_return co_await inner_.handle(call);
}

}  // namespace weir::upstream
