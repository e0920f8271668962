#include "upstream/credential_exchange_io.hpp"

#include <algorithm>

#include "net/http_fields.hpp"

namespace weir::upstream {

using base::Result;

namespace {

constexpr base::Duration kLeadMax = std::chrono::milliseconds{50};  // before the end of who waits …
constexpr int kLeadShare = 10;                                      // … and this part of what is left

base::TimePoint token_until(base::TimePoint now, base::TimePoint end) noexcept {
  auto const lead =
      std::min<base::Duration>(kLeadMax, std::max(end - now, base::Duration::zero()) / kLeadShare);
  return std::min(end - lead, now + kTokenMax);
}

// While one lives, its call waits for a token.
class Awaiting {
 public:
  Awaiting(core::Call* call, base::Scheduler& scheduler) noexcept
      : call_(call), scheduler_(scheduler), begun_(scheduler.now()) {
    if (call_ != nullptr) call_->facts.credential.awaited = true;
  }
  Awaiting(Awaiting const&) = delete;
  Awaiting& operator=(Awaiting const&) = delete;
  ~Awaiting() {
    if (call_ == nullptr) return;
    call_->facts.credential.awaited = false;
    call_->facts.credential.took += scheduler_.now() - begun_;
  }

 private:
  core::Call* call_;
  base::Scheduler& scheduler_;
  base::TimePoint begun_;
};

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

namespace {

base::Error unfit_token() {
  return base::Error(base::Fault::config, base::Blame::gateway,
                     "the token for the server has a byte that no header may have")
      .advise("What gives the tokens of this server has to be looked at by an operator.");
}

}  // namespace

base::Error credential_wanted(int status, bool shown) {
  return base::Error(base::Fault::unavailable, base::Blame::gateway,
                     "the server answered HTTP " + std::to_string(status), base::Retry::always)
      .advise(shown ? "The server refuses the credential that Weir sends; correct its headers or auth."
                    : "The server wants a credential that Weir has not; set headers or auth for it.");
}

ShownFor shown_for(core::Call& call, base::TimePoint now) noexcept {
  return {call.principal, token_until(now, call.deadline), &call};
}

ShownFor shown_for(core::Principal const* owner, base::TimePoint now, base::Duration most) noexcept {
  return {owner, token_until(now, now + most), nullptr};
}

base::Task<Result<core::CredentialSource::Value>> obtain_for(base::Scheduler& scheduler,
                                                             std::shared_ptr<core::CredentialSource> source,
                                                             ShownFor whom) {
  Awaiting const mark(whom.call, scheduler);
  co_return co_await source->obtain(whom.caller, whom.until);
}

base::Task<Result<net::HttpReply>> exchange_with_token(base::Scheduler& scheduler, net::HttpClient& client,
                                                       std::shared_ptr<core::CredentialSource> source,
                                                       ShownFor whom, std::string url, std::string_view fixed,
                                                       std::span<iovec const> parts) {
  auto const* const caller = whom.caller;
  auto const method = fixed.substr(0, fixed.find(' '));
  bool again = false;
  bool proved_again = false;
  for (;;) {
    auto value = source->ready(caller);
    if (!value) {
      auto got = co_await obtain_for(scheduler, source, whom);
      if (!got) co_return std::move(got).error();
      value = std::move(*got);
    }
    auto const proof = source->proof(caller, value, method, url);
    if (!proof) co_return proof.error();
    if (!net::is_field_value(value->reveal()) || !net::is_field_value(proof->reveal()))
      co_return unfit_token();
    std::string_view const own(static_cast<char const*>(parts.front().iov_base), parts.front().iov_len);
    ShownHead const shown(fixed, own, value->reveal(), proof->reveal());
    auto reply = co_await client.exchange(shown.text(), parts.subspan(1));
    bool const refused = reply && reply->head.status == 401;
    if (reply && source->wants_nonce(caller, url, reply->head.field("dpop-nonce"),
                                     refused ? reply->head.field("www-authenticate") : "")) {
      if (proved_again) co_return reply;  // no new token would change its mind
      proved_again = true;
      continue;
    }
    if (reply && reply->head.status == 403) {
      if (auto lacking = source->forbidden(caller, reply->head.field("www-authenticate")))
        co_return std::move(*lacking);
    }
    if (!refused) co_return reply;
    source->refused(caller, value, again);
    if (again) co_return reply;
    again = true;
  }
}

}  // namespace weir::upstream
