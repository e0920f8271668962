#include "upstream/credential_exchange_io.hpp"
#include "upstream/http_backend.hpp"

// Whose token goes with each request, where there are tokens.
namespace weir::upstream {

using base::Result;

HttpBackend::Owner HttpBackend::owner_for(core::Call const& call) const {
  bool const theirs = options_.credentials && options_.credentials->per_caller() && call.principal != nullptr;
  return theirs ? std::make_shared<core::Principal const>(*call.principal) : nullptr;
}

HttpBackend::Owner HttpBackend::owner_of(std::string_view session) const {
  if (!options_.credentials || !options_.credentials->per_caller()) return nullptr;
  for (auto const& [key, one] : sessions_) {
    if (one->id == session) return one->owner;
  }
  return nullptr;
}

// No coroutine itself: without tokens a request pays nothing for this.
base::Task<Result<net::HttpReply>> HttpBackend::send(std::string_view fixed, std::span<iovec const> parts,
                                                     core::Principal const* caller) {
  if (!options_.credentials) return client_.exchange(fixed, parts);
  return send_with_credential(fixed, parts, caller);
}

base::Task<Result<net::HttpReply>> HttpBackend::send_with_credential(std::string_view fixed,
                                                                     std::span<iovec const> parts,
                                                                     core::Principal const* caller) {
  auto reply = co_await exchange_with_token(scheduler_, client_, options_.credentials, caller,
                                            options_.url.text(), fixed, parts);
  if (!reply) co_return about(std::move(reply).error());
  co_return reply;
}

}  // namespace weir::upstream
