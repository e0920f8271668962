#include "net/http_client.hpp"

#include <array>
#include <charconv>

#include "base/ready_until.hpp"
#include "net/client_connection.hpp"
#include "net/internal/scratch.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;
using internal::scratch;

namespace {

Error lost(char const* how) {
  return Error(Fault::connection_lost, Blame::upstream, how, Retry::if_idempotent);
}

// Node and others announce how long they keep an idle connection: "timeout=5". Leave well before that.
base::Duration idle_allowed(std::string_view keep_alive, base::Duration most) {
  auto const at = keep_alive.find("timeout=");
  if (at == std::string_view::npos) return most;
  unsigned seconds = 0;
  auto const* const first = keep_alive.data() + at + 8;
  if (std::from_chars(first, keep_alive.data() + keep_alive.size(), seconds).ec != std::errc{}) return most;
  base::Duration const theirs = std::chrono::seconds{seconds} - std::chrono::seconds{1};
  return theirs < most ? theirs : most;
}

std::string media_type(std::string_view value) {
  auto const end = value.find(';');
  std::string type(value.substr(0, end));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  for (char& c : type) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return type;
}

}  // namespace

std::string_view ReplyHead::field(std::string_view name) const noexcept {
  for (auto const& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

void ClientConnection::begin() noexcept {
  keep_alive = complete = sent_all = false;
  framing_ = {};
  chunks_.reset();
  received_ = 0;
  interim_ = 0;
  sse = SseParser(options.event_bytes_max);
  ++served;
}

base::Task<Result<void>> ClientConnection::send(std::string_view head, std::span<iovec const> body) {
  std::array<iovec, 40> parts;
  std::size_t count = 0;
  parts[count++] = {const_cast<char*>(head.data()), head.size()};
  WEIR_ASSERT(body.size() < parts.size());
  for (auto const& part : body) parts[count++] = part;
  std::size_t first = 0;
  while (first < count) {
    IoResult const put = stream->write(std::span(parts.data() + first, count - first));
    if (put.state == IoState::blocked) {
      base::TimePoint const deadline = scheduler.now() + options.write_stall_max;
      if (!co_await base::ready_until(scheduler, stream->arm_write(), deadline)) {
        co_return Error(Fault::timed_out, Blame::upstream, "the server takes no bytes", Retry::if_idempotent);
      }
      continue;
    }
    if (put.state != IoState::moved) co_return lost("the connection broke while sending");
    std::size_t moved = put.bytes;
    while (first < count && moved >= parts[first].iov_len) moved -= parts[first++].iov_len;
    if (first == count) break;
    parts[first].iov_base = static_cast<char*>(parts[first].iov_base) + moved;
    parts[first].iov_len -= moved;
  }
  sent_all = true;
  co_return Result<void>{};
}

ReplyHead ClientConnection::copy_head() {
  ResponseHead const& parsed = scratch().response;
  ReplyHead head;
  head.status = parsed.status;
  head.content_type = media_type(parsed.fields.value("content-type"));
  for (auto const name : options.fields_kept) {
    if (auto const* const field = parsed.fields.find(name)) head.fields.emplace_back(name, field->value);
  }
  framing_ = parsed.framing;
  keep_alive = parsed.keep_alive;
  idle_for = idle_allowed(parsed.fields.value("keep-alive"), options.idle_for_max);
  complete = framing_.empty();
  // An event stream has no total bound; each of its events has one.
  static constexpr HttpLimits kStreamLimits{.body_bytes_max = ~std::uint64_t{0}};
  bool const events = head.content_type == "text/event-stream";
  if (framing_.kind == Framing::Kind::chunked) chunks_.emplace(events ? kStreamLimits : options.limits);
  return head;
}

// True when `head` holds the outcome; `used` are then the head's bytes.
bool ClientConnection::take_head(std::string_view bytes, HeadSearch& search, Result<ReplyHead>& head,
                                 std::size_t& used) {
  used = 0;
  for (;;) {
    HeadVerdict const verdict =
        parse_response_head(bytes.substr(used), options.limits, search, scratch().response);
    if (verdict.state == HeadVerdict::State::need_more) return false;
    if (verdict.state == HeadVerdict::State::bad) {
      bool const large = verdict.refusal.status == 413;
      head = Error(large ? Fault::too_large : Fault::protocol, Blame::upstream, verdict.refusal.reason);
      return true;
    }
    search = {};
    used += verdict.head_bytes;
    if (scratch().response.interim()) {
      if (++interim_ <= options.interim_max) continue;
      head = Error(Fault::protocol, Blame::upstream, "too many interim answers");
      return true;
    }
    head = copy_head();
    return true;
  }
}

base::Task<Result<ReplyHead>> ClientConnection::read_head() {
  HeadSearch search;
  Result<ReplyHead> head = ReplyHead{};
  for (;;) {
    if (!stream->arm_read().is_set()) co_await stream->readable();
    IoResult const got = stream->read(scratch().bytes);
    if (got.state == IoState::blocked) continue;
    if (got.state != IoState::moved) co_return lost("the server closed the connection without an answer");
    std::string_view bytes(scratch().bytes.data(), got.bytes);
    if (!in.empty()) bytes = in.append(bytes);
    std::size_t used = 0;
    if (!take_head(bytes, search, head, used)) {
      if (in.empty()) in.assign(bytes);
      if (used > 0) in.erase(0, used);
      continue;
    }
    if (!head) co_return head;
    std::string rest(bytes.substr(used));
    in = std::string();
    bool const events = head->content_type == "text/event-stream";  // these may have a length too
    if (framing_.kind != Framing::Kind::length || events) {
      in = std::move(rest);
    } else if (rest.size() > framing_.length) {
      co_return Error(Fault::protocol, Blame::upstream, "bytes follow the answer");
    } else {
      body_ = std::move(rest);
    }
    co_return head;
  }
}

ConnectionLease::ConnectionLease() noexcept = default;
ConnectionLease::ConnectionLease(HttpClient& client, std::unique_ptr<ClientConnection> connection) noexcept
    : client_(&client), connection_(std::move(connection)) {}
ConnectionLease::ConnectionLease(ConnectionLease&& other) noexcept = default;
ConnectionLease& ConnectionLease::operator=(ConnectionLease&& other) noexcept {
  std::swap(client_, other.client_);
  std::swap(connection_, other.connection_);
  return *this;
}
ConnectionLease::~ConnectionLease() {
  if (connection_) client_->give_back(std::move(connection_));
}

HttpClient::HttpClient(base::Scheduler& scheduler, Dialer& dialer, Endpoint to, ClientOptions options)
    : scheduler_(scheduler),
      dialer_(dialer),
      to_(std::move(to)),
      options_(std::move(options)),
      places_(scheduler, options_.in_use_max),
      sweeper_(scheduler) {}

HttpClient::~HttpClient() = default;

void HttpClient::close_idle() noexcept { idle_.clear(); }

std::unique_ptr<ClientConnection> HttpClient::take_idle() {
  while (!idle_.empty()) {
    auto connection = std::move(idle_.back());
    idle_.pop_back();
    bool const silent = !connection->stream->arm_read().is_set();
    if (silent && scheduler_.now() < connection->idle_until) return connection;
  }
  return nullptr;
}

base::Task<Result<ConnectionLease>> HttpClient::acquire() {
  auto place = co_await places_.acquire();
  if (auto idle = take_idle()) {
    idle->place = std::move(place);
    co_return ConnectionLease(*this, std::move(idle));
  }
  auto stream = co_await dialer_.dial(to_, scheduler_.now() + options_.connect_max);
  if (!stream) co_return stream.error();
  co_return ConnectionLease(
      *this, std::make_unique<ClientConnection>(scheduler_, std::move(*stream), options_, std::move(place)));
}

void HttpClient::give_back(std::unique_ptr<ClientConnection> connection) noexcept {
  if (!connection->reusable() || idle_.size() >= options_.idle_max) return;
  // From now on anything it says, or its end, makes it stale.
  if (connection->stream->arm_read().is_set()) {
    if (connection->stream->read(scratch().bytes).state != IoState::blocked) return;
    connection->stream->arm_read();
  }
  connection->place = base::Semaphore::Permit();
  connection->idle_until = scheduler_.now() + connection->idle_for;
  idle_.push_back(std::move(connection));
  if (sweeper_.size() == 0) sweeper_.spawn(sweep_idle());
}

void HttpClient::drop_stale() noexcept {
  base::TimePoint const now = scheduler_.now();
  std::erase_if(idle_,
                [now](auto const& c) { return now >= c->idle_until || c->stream->arm_read().is_set(); });
}

base::Task<void> HttpClient::sweep_idle() {
  while (!idle_.empty()) {
    co_await scheduler_.sleep_for(std::chrono::seconds{1});
    drop_stale();
  }
}

base::Task<Result<HttpReply>> HttpClient::converse(ConnectionLease lease, std::string_view head,
                                                   std::span<iovec const> body) {
  lease->begin();
  auto const sent = co_await lease->send(head, body);
  // A server may refuse early and stop reading: its answer, if there is one, says more than our failed write.
  auto answer = co_await lease->read_head();
  if (!answer) co_return sent ? answer.error() : sent.error();
  HttpReply reply;
  reply.head = std::move(*answer);
  reply.connection_ = std::move(lease);
  co_return reply;
}

base::Task<Result<HttpReply>> HttpClient::exchange(std::string_view head, std::span<iovec const> body) {
  auto lease = co_await acquire();
  if (!lease) co_return lease.error();
  co_return co_await converse(std::move(*lease), head, body);
}

}  // namespace weir::net
