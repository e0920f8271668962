#include "upstream/http_backend.hpp"

// How HttpBackend changes its credential while it is in use, and what it does when a server refuses one.
namespace weir::upstream {

namespace {

// Editions that a request is sent with besides the first: one that is at hand, and one that comes.
constexpr unsigned kOthersMax = 2;
constexpr base::Duration kLookEvery = std::chrono::milliseconds{50};

}  // namespace

HttpBackend::Heads const& HttpBackend::heads() {
  if (options_.credential && options_.credential->edition() != edition_) {
    auto const use = options_.credential->use();
    heads_ = std::make_shared<HttpHeads const>(options_.url, *use.fields);
    edition_ = use.edition;
  }
  return heads_;
}

HttpBackend::Heads HttpBackend::heads_for(Sent& sent) {
  if (sent.heads) return sent.heads;
  auto const& now = heads();
  sent.edition = edition_;
  return now;
}

// Tells the slot what came back. True: the credential was refused, which proves that nothing was executed.
bool HttpBackend::credential_refused(Sent const& sent, int status) {
  if (!options_.credential) return false;
  options_.credential->answered(sent.edition, status, scheduler_.now());
  return status == 401;
}

// True: the request may be sent again, with what `sent` says by then.
base::Task<bool> HttpBackend::other_credential(Sent& sent) {
  if (++sent.others > kOthersMax) co_return false;
  auto& slot = *options_.credential;
  if (sent.others == 1) {
    sent.first = sent.edition;
    if (auto const other = slot.instead_of(sent.edition, scheduler_.now())) {
      sent.edition = other->edition;
      sent.heads = std::make_shared<HttpHeads const>(options_.url, *other->fields);
      co_return true;
    }
  }
  auto const until = slot.patience(scheduler_.now());
  while (scheduler_.now() < until) {
    co_await scheduler_.sleep_for(kLookEvery);
    auto const now = slot.edition();
    if (now == sent.edition || now == sent.first) continue;
    sent.heads = nullptr;
    co_return true;
  }
  co_return false;
}

}  // namespace weir::upstream
