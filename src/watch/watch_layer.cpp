#include "watch/watch_layer.hpp"

#include <map>
#include <utility>

#include "core/outcome.hpp"
#include "core/resource_notes.hpp"

namespace weir::watch {

using base::Blame;
using base::Error;
using base::Fault;
using base::Task;

namespace {

constexpr int kInvalidParams = -32602;
constexpr int kInternalError = -32603;
constexpr std::string_view kAcknowledged =
    R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{}}})";

class SessionWatcher final : public Watcher {
 public:
  explicit SessionWatcher(std::weak_ptr<core::ClientInbox> inbox) : inbox_(std::move(inbox)) {}
  bool updated(std::string const& uri, std::string const& more, base::TimePoint now) override {
    auto const inbox = inbox_.lock();
    return inbox && inbox->post(core::resource_updated(uri, more), now);
  }

 private:
  std::weak_ptr<core::ClientInbox> inbox_;
};

struct Places {  // of one watch; the session's gate lives as long
  std::shared_ptr<base::Gate> gate;
  base::Gate::Pass in_session, in_process;
};

WatchBook::Ticket take_places(core::ClientSession const& session, std::string_view who, base::Gate& process) {
  auto in_session = session.watches->enter();
  if (!in_session) return nullptr;
  auto in_process = process.enter(who);
  if (!in_process) return nullptr;
  return std::make_shared<Places const>(
      Places{session.watches, std::move(*in_session), std::move(*in_process)});
}

}  // namespace

// What a subscription has not been told yet: at most each of its URIs once.
struct WatchLayer::Pending final : Watcher {
  explicit Pending(base::Scheduler& scheduler) : news(scheduler) {}
  bool updated(std::string const& uri, std::string const& more, base::TimePoint) override {
    uris.insert_or_assign(uri, more);
    news.set();
    return true;
  }
  bool settled = false;
  std::map<std::string, std::string> uris;  // and what was said of each besides
  base::Event news;
};

// Takes back what was written into the book, unless it is kept.
class WatchLayer::Claim {
 public:
  Claim(WatchLayer& layer, std::string reader, std::string uri)
      : layer_(layer), reader_(std::move(reader)), uri_(std::move(uri)) {}
  Claim(Claim const&) = delete;
  Claim& operator=(Claim const&) = delete;
  ~Claim() {
    if (kept_) return;
    if (uri_.empty()) {
      layer_.book_.remove(reader_);
    } else {
      layer_.book_.remove(reader_, uri_);
    }
    layer_.upkeep_.book_changed();
  }
  void keep() noexcept { kept_ = true; }

 private:
  WatchLayer& layer_;
  std::string reader_, uri_;  // no URI: all of the reader's
  bool kept_ = false;
};

WatchLayer::WatchLayer(std::shared_ptr<core::Handler> inner, std::shared_ptr<core::Backend> backend,
                       base::Scheduler& scheduler, base::Random& random, base::Gate& places,
                       WatchOptions const& options, std::shared_ptr<core::ResourceObserver> also)
    : inner_(std::move(inner)),
      scheduler_(scheduler),
      places_(places),
      upkeep_(scheduler, random, std::move(backend), book_, options, std::move(also)) {}

// No coroutine itself: other calls should pay for no frame.
Task<WatchLayer::Answer> WatchLayer::handle(core::Call& call) {
  switch (call.method) {
    case mcp::Method::resources_subscribe: return subscribe(call);
    case mcp::Method::resources_unsubscribe: return unsubscribe(call);
    case mcp::Method::subscriptions_listen: return follow(call);
    default: return inner_->handle(call);
  }
}

Task<WatchLayer::Answer> WatchLayer::subscribe(core::Call& call) {
  if (!call.session) co_return Error(Fault::unsupported, Blame::client, "only a session can subscribe");
  auto const session = call.session;
  std::string const uri = call.target;
  bool const known = book_.has(session->id, uri);
  auto ticket = known ? nullptr : take_places(*session, call.principal->id, places_);
  if (!known && !ticket) co_return core::from_error(kInternalError, "Too many resources are watched");
  std::string scratch;
  std::string shown(call.request.text(mcp::Field::uri, scratch));
  book_.add(session->id, std::make_shared<SessionWatcher>(session->inbox), uri, std::move(shown),
            std::move(ticket));
  Claim claim(*this, session->id, uri);
  {  // whoever ends a session says so first, then tells us: one of the two is seen
    auto const inbox = session->inbox.lock();
    if (!inbox || inbox->over()) co_return Error(Fault::not_found, Blame::client, "session not found");
  }
  upkeep_.ask_anew(uri);
  auto answer = co_await upkeep_.settled(uri);
  if (known || (answer && answer->message.kind() == mcp::MessageKind::result)) claim.keep();
  co_return answer;
}

// Answered at once: what the server makes of it changes nothing for the client.
Task<WatchLayer::Answer> WatchLayer::unsubscribe(core::Call& call) {
  if (call.session) {
    book_.remove(call.session->id, call.target);
    upkeep_.book_changed();
  }
  co_return core::from_result("{}");
}

Task<void> WatchLayer::settle(std::vector<std::string> uris, std::shared_ptr<Pending> pending) {
  for (auto const& uri : uris) co_await upkeep_.settled(uri);
  pending->settled = true;
  pending->news.set();
}

Task<WatchLayer::Answer> WatchLayer::follow(core::Call& call) {
  auto const uris = core::read_watched(call.request.raw(mcp::Field::notifications));
  if (!uris) co_return core::from_error(kInvalidParams, "params.notifications is missing or malformed");
  std::string const reader = "#" + std::to_string(++next_reader_);
  auto const pending = std::make_shared<Pending>(scheduler_);
  for (auto const& uri : *uris) book_.add(reader, pending, uri, uri, nullptr);
  Claim const claim(*this, reader, {});
  for (auto const& uri : *uris) upkeep_.ask_anew(uri);
  base::TaskGroup settling(scheduler_);
  settling.spawn(settle(*uris, pending));
  for (;;) {
    co_await pending->news.wait();
    pending->news.reset();
    if (std::exchange(pending->settled, false)) {
      bool const listening = co_await call.client->notify(std::string(kAcknowledged));
      if (!listening) co_return core::from_result("{}");
    }
    while (!pending->uris.empty()) {
      auto const update = pending->uris.extract(pending->uris.begin());
      bool const listening =
          co_await call.client->notify(core::resource_updated(update.key(), update.mapped()));
      if (!listening) co_return core::from_result("{}");
    }
  }
}

void WatchLayer::session_ended(std::string_view session_id) {
  book_.remove(session_id);
  upkeep_.book_changed();
}

}  // namespace weir::watch
