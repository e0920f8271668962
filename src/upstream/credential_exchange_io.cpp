#include "upstream/credential_exchange_io.hpp"

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

base::Error credential_wanted(int status) {
  return base::Error(base::Fault::unavailable, base::Blame::gateway,
                     "the server answered HTTP " + std::to_string(status), base::Retry::always)
      .advise("The server wants a credential that Weir has not; set headers or auth for it.");
}

base::Task<Result<net::HttpReply>> exchange_with_token(base::Scheduler& scheduler, net::HttpClient& client,
                                                       std::shared_ptr<core::CredentialSource> source,
                                                       core::Principal const* caller, std::string url,
                                                       std::string_view fixed, std::span<iovec const> parts) {
  auto const method = fixed.substr(0, fixed.find(' '));
  bool again = false;
  bool proved_again = false;
  for (;;) {
    auto value = source->ready(caller);
    if (!value) {
      auto got = co_await source->obtain(caller, scheduler.now() + kTokenMax);
      if (!got) co_return std::move(got).error();
      value = std::move(*got);
    }
    auto const proof = source->proof(caller, value, method, url);
    if (!proof) co_return proof.error();
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
