#include <algorithm>
#include <optional>

#include "base/run_until.hpp"
#include "core/resource_notes.hpp"
#include "support/fake_server.hpp"
#include "support/fake_wire.hpp"

// The part of FakeServer that lets its resources be watched.
namespace weir::test {

using mcp::Field;

class FakeServer::Open {
 public:
  Open(FakeServer& server, std::shared_ptr<Stream> stream) : server_(server), stream_(std::move(stream)) {
    server_.streams_.push_back(stream_);
    auto const listens = std::count_if(server_.streams_.begin(), server_.streams_.end(),
                                       [](auto const& one) { return !one->uris.empty(); });
    server_.listens_most = std::max(server_.listens_most, static_cast<int>(listens));
  }
  Open(Open const&) = delete;
  Open& operator=(Open const&) = delete;
  ~Open() { std::erase(server_.streams_, stream_); }

 private:
  FakeServer& server_;
  std::shared_ptr<Stream> stream_;
};

std::string FakeServer::capabilities() const {
  return std::string(R"({"tools":{},"resources":{)") + (watchable ? R"("subscribe":true)" : "") + "}" +
         (logs ? R"(,"logging":{})" : "") + "}";
}

void FakeServer::update(std::string const& uri) {
  for (auto const& stream : streams_) {
    bool const session = stream->id.empty();
    if (session ? !watched.contains(uri) : !stream->uris.contains(uri)) continue;
    stream->out.push_back(core::resource_updated(
        uri, session ? "" : R"("_meta":{"io.modelcontextprotocol/subscriptionId":)" + stream->id + '}'));
    stream->news.set();
  }
}

std::set<std::string> FakeServer::resources_listened_to() const {
  std::set<std::string> all;
  for (auto const& stream : streams_) all.insert(stream->uris.begin(), stream->uris.end());
  return all;
}

void FakeServer::end_streams() {
  for (auto const& stream : streams_) {
    stream->broken = true;
    stream->news.set();
  }
}

base::Task<bool> FakeServer::stream(Wire& wire, std::shared_ptr<Stream> stream) {
  std::optional<Open> open;
  if (counts_at_once || stream->id.empty()) open.emplace(*this, stream);
  if (!stream->id.empty()) co_await scheduler_.sleep_for(ack_after);
  if (!open) open.emplace(*this, stream);
  bool going = co_await wire.write(std::string(kEventHead));
  auto gone = wire.until_gone();
  while (going && !stream->broken) {
    for (auto const& json : std::exchange(stream->out, {})) going = co_await wire.write(event_of(json));
    auto const ended = co_await base::run_until(scheduler_, gone, base::TimePoint::max(), &stream->news);
    stream->news.reset();
    if (ended == base::Ended::done) break;
  }
  co_return false;
}

base::Task<bool> FakeServer::listen(Wire& wire, Request const& request) {
  auto uris =
      core::read_watched(request.message.raw(Field::notifications)).value_or(std::vector<std::string>());
  std::erase_if(uris, [this](std::string const& uri) { return unwatched.contains(uri); });
  auto const made = std::make_shared<Stream>(scheduler_);
  made->id = request.id;
  if (watchable) made->uris.insert(uris.begin(), uris.end());
  made->out.push_back(R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":)"
                      R"({"notifications":{"resourceSubscriptions":)" +
                      core::write_uris({made->uris.begin(), made->uris.end()}) +
                      R"(},"_meta":{"io.modelcontextprotocol/subscriptionId":)" + made->id + "}}}");
  return stream(wire, made);
}

// subscriptions/listen, resources/subscribe and /unsubscribe; other methods do not exist.
base::Task<bool> FakeServer::answer_watcher(Wire& wire, Request const& request) {
  auto const method = request.message.method();
  if (method == mcp::Method::subscriptions_listen) co_return co_await listen(wire, request);
  std::string scratch;
  std::string const uri(request.message.text(Field::uri, scratch));
  bool const on = method == mcp::Method::resources_subscribe;
  bool const off = method == mcp::Method::resources_unsubscribe;
  if (!watchable || !(on || off) || unwatched.contains(uri)) {
    std::string const code = on && watchable ? "-32002" : "-32601";
    co_return co_await wire.write(http(200, R"({"jsonrpc":"2.0","id":)" + request.id +
                                                R"(,"error":{"code":)" + code +
                                                R"(,"message":"no such method"}})"));
  }
  if (on) watched.insert(uri);
  if (off) watched.erase(uri);
  co_return co_await result(wire, request.id, "{}");
}

}  // namespace weir::test
