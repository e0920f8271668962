#include "upstream/http_backend.hpp"

// The credential of each request, where it is a token: taken when it is at hand, waited for when it is not,
// and another one got when the server does not take it. Where it is bound to a key, each request proves that
// the gateway holds that key, and is sent once more when the server wants a nonce in the proof (RFC 9449 9).
namespace weir::upstream {

using base::Result;

namespace {

constexpr base::Duration kTokenMax = std::chrono::seconds{20};  // a call's own deadline ends it sooner

// A head with the credential in it, and the proof that goes with it; wiped.
class ShownHead {
 public:
  ShownHead(std::string_view fixed, std::string_view own, std::string_view credential,
            std::string_view proof) {
    constexpr std::string_view kName = "Authorization: ";
    constexpr std::string_view kProof = "DPoP: ";
    text_.reserve(fixed.size() + own.size() + kName.size() + credential.size() + kProof.size() +
                  proof.size() + 4);
    text_.append(fixed).append(own.substr(0, own.size() - 2));
    if (!credential.empty()) text_.append(kName).append(credential).append("\r\n");
    if (!proof.empty()) text_.append(kProof).append(proof).append("\r\n");
    text_.append("\r\n");
  }
  ShownHead(ShownHead const&) = delete;
  ShownHead& operator=(ShownHead const&) = delete;
  ~ShownHead() { explicit_bzero(text_.data(), text_.size()); }
  std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};

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
base::Task<Result<net::HttpReply>> HttpBackend::send(std::string_view fixed, std::span<iovec const> parts,
                                                     core::Principal const* caller) {
  if (!options_.credentials) return client_.exchange(fixed, parts);
  return send_with_credential(fixed, parts, caller);
}

base::Task<Result<net::HttpReply>> HttpBackend::send_with_credential(std::string_view fixed,
                                                                     std::span<iovec const> parts,
                                                                     core::Principal const* caller) {
  auto const source = options_.credentials;
  auto const method = fixed.substr(0, fixed.find(' '));
  auto const url = options_.url.text();
  bool again = false;
  bool proved_again = false;
  for (;;) {
    auto value = source->ready(caller);
    if (!value) {
      auto got = co_await source->obtain(caller, scheduler_.now() + kTokenMax);
      if (!got) co_return about(std::move(got).error());
      value = std::move(*got);
    }
    auto const proof = source->proof(caller, value, method, url);
    if (!proof) co_return about(proof.error());
    std::string_view const own(static_cast<char const*>(parts.front().iov_base), parts.front().iov_len);
    ShownHead const shown(fixed, own, value->reveal(), proof->reveal());
    auto reply = co_await client_.exchange(shown.text(), parts.subspan(1));
    bool const refused = reply && reply->head.status == 401;
    if (reply && source->wants_nonce(caller, url, reply->head.field("dpop-nonce"),
                                     refused ? reply->head.field("www-authenticate") : "")) {
      if (proved_again) co_return reply;  // no new token would change its mind
      proved_again = true;
      continue;
    }
    if (reply && reply->head.status == 403) {
      if (auto lacking = source->forbidden(caller, reply->head.field("www-authenticate")))
        co_return about(std::move(*lacking));
    }
    if (!refused) co_return reply;
    source->refused(caller, value, again);
    if (again) co_return reply;
    again = true;
  }
}

}  // namespace weir::upstream
