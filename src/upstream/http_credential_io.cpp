#include "upstream/credential_exchange_io.hpp"
#include "upstream/http_backend.hpp"

// Whose token goes with each request, where there are tokens.
namespace weir::upstream {

using base::Result;

namespace {

base::Task<Result<net::HttpReply>> not_sent(base::Error error) { co_return error; }

}  // namespace

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
base::Task<Result<net::HttpReply>> HttpBackend::send(HttpHeads const& heads, HttpHeads::Verb verb,
                                                     std::span<iovec const> parts, ShownFor whom) {
  if (auto const* const unfit = heads.unfit()) return not_sent(about(*unfit));
  if (!options_.credentials) return client_.exchange(heads.fixed(verb), parts);
  return send_with_credential(heads.fixed(verb), parts, whom);
}

// Before what others wait for as well, and whose time is not the call's.
base::Task<Result<void>> HttpBackend::await_token(ShownFor whom) {
  if (!options_.credentials) co_return Result<void>{};
  auto const got = co_await obtain_for(scheduler_, options_.credentials, whom);
  if (!got) co_return about(got.error());
  co_return Result<void>{};
}

base::Task<Result<net::HttpReply>> HttpBackend::send_with_credential(std::string_view fixed,
                                                                     std::span<iovec const> parts,
                                                                     ShownFor whom) {
  auto reply = co_await exchange_with_token(scheduler_, client_, options_.credentials, whom,
                                            options_.url.text(), fixed, parts);
  if (!reply) co_return about(std::move(reply).error());
  co_return reply;
}

}  // namespace weir::upstream
