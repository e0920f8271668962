#include "upstream/http_backend.hpp"

// Whether a modern server serves legacy clients as well, whether or not its list of versions says so (real
// servers name the modern ones only): their calls then need no bridge. It is asked when the first of them
// calls, because a server of modern clients only is to see nothing but modern requests (P012).
namespace weir::upstream {

using base::Fault;
using base::Result;
using core::Outcome;
using mcp::Field;

namespace {
constexpr int kAttempts = 3;

// Says nothing of what the server speaks (P011).
bool no_evidence(int status) noexcept {
  return status >= 500 || status == 401 || status == 403 || status == 408 || status == 429;
}
}  // namespace

base::Task<Result<Outcome>> HttpBackend::handle_after_asking(core::Call& call) {
  InFlight const here(*this);
  auto whom = shown_for(call, scheduler_.now());
  whom.caller = nullptr;
  auto const token = co_await await_token(whom);
  if (!token && token.error().fault == Fault::timed_out) co_return token.error();
  if (!asking_legacy_) background_.spawn(ask_legacy_side());  // goes on when this call is cancelled
  co_await legacy_asked_.wait();
  co_return co_await handle_as_known(call);
}

base::Task<void> HttpBackend::ask_legacy_side() {
  struct Over {  // also when it is cancelled
    HttpBackend& backend;
    bool known = false;
    explicit Over(HttpBackend& b) noexcept : backend(b) { backend.asking_legacy_ = true; }
    Over(Over const&) = delete;
    Over& operator=(Over const&) = delete;
    ~Over() {
      backend.asking_legacy_ = false;
      backend.legacy_asked_.set();
      if (!known) backend.legacy_asked_.reset();  // the next call asks again
    }
  } over(*this);
  auto side = co_await legacy_side();
  over.known = side.known;
  // It was found to be another one since, or is not needed any more.
  bool const late = !modern_ || own_session_->over;
  if (late && side.session) co_await end_session(std::move(*side.session), side.dialect->revision());
  if (late || !side.known) co_return;
  legacy_ = std::move(side.dialect);
  if (side.session) co_await adopt_own_session(std::move(*side.session));
}

// A refusal is an answer too; an outage is none and changes nothing.
base::Task<HttpBackend::LegacySide> HttpBackend::legacy_side() {
  NextStep step;
  step.kind = NextStep::Kind::initialize;
  step.revision = legacy_offer_;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto seen = co_await probe(step, own_session_->capabilities);
    if (!seen && seen.error().fault == Fault::timed_out) break;
    if (!seen || no_evidence(seen->status) || (seen->status == 200 && !seen->message)) continue;
    if (!seen->message || seen->message->kind() != mcp::MessageKind::result) co_return LegacySide{};
    std::string scratch;
    auto const settled = mcp::parse_revision(seen->message->text(Field::protocol_version, scratch));
    if (!settled || mcp::is_modern(*settled)) {
      co_await end_session(std::move(seen->session), step.revision);
      co_return LegacySide{};
    }
    co_return LegacySide{std::make_shared<Dialect const>(options_.name, *settled, options_.gateway_info),
                         std::move(seen->session), true};
  }
  co_return LegacySide{nullptr, std::nullopt, false};
}

}  // namespace weir::upstream
