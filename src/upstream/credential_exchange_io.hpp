// One exchange with a server that wants tokens: shown when it is at hand, waited for when it is not, and
// another one got when the server does not take it. Where it is bound to a key, each request proves that the
// gateway holds that key, and is sent once more when the server wants a nonce in the proof (RFC 9449 9).
//
// A coroutine on the worker of the server; borrows all but the source until it ends. Heads with a token in
// them are wiped. A request is sent three times at most, each time after a refusal that proves that nothing
// was executed. A call says while it waits for a token, because that is not the server's time. Errors: those
// of the source and of the exchange; config (what the source gave cannot stand in a head).
#pragma once

#include <sys/uio.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/scheduler.hpp"
#include "core/call.hpp"
#include "core/credential_source.hpp"
#include "net/http_client.hpp"

namespace weir::upstream {

inline constexpr base::Duration kTokenMax = std::chrono::seconds{20};  // longer no token is waited for

// For whom a request is sent, and until when it may wait for what it shows.
struct ShownFor {
  core::Principal const* caller = nullptr;  // null: the gateway
  base::TimePoint until;
  core::Call* call = nullptr;  // whose time that is; null: nobody's
};
// Ends a little before the call's deadline: what the issuer did is to be told, not that the time is over.
ShownFor shown_for(core::Call& call, base::TimePoint now) noexcept;
// The same for a request of the gateway's own, which has `most` time. `owner`: whose token it carries.
ShownFor shown_for(core::Principal const* owner, base::TimePoint now, base::Duration most) noexcept;

// What the source has for `whom`, waited for until then.
base::Task<base::Result<core::CredentialSource::Value>> obtain_for(
    base::Scheduler& scheduler, std::shared_ptr<core::CredentialSource> source, ShownFor whom);

// `fixed`: the head from its first line on, without its end; the first of `parts` is the rest of it, the
// others are the body. `url`: as proofs name it.
base::Task<base::Result<net::HttpReply>> exchange_with_token(
    base::Scheduler& scheduler, net::HttpClient& client, std::shared_ptr<core::CredentialSource> source,
    ShownFor whom, std::string url, std::string_view fixed, std::span<iovec const> parts);

// The server answered 401 or 403 and said no more: it has done nothing. `shown`: headers, auth or a token of
// Weir's were in the request.
base::Error credential_wanted(int status, bool shown);

}  // namespace weir::upstream
