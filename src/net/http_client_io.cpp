#include "net/http_client.hpp"

#include <array>
#include <charconv>

#include "base/ready_until.hpp"
#include "net/client_connection.hpp"
#include "net/internal/scratch.hpp"
#include "net/retry_after.hpp"

namespace weir::net {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;
using internal::give_back;
using internal::scratch;

namespace {

constexpr base::Duration kSweep = std::chrono::seconds{1};

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

// The first one's; challenges make one list, in whatever lines they come (RFC 9110 11.6.1).
std::string kept_value(Fields const& fields, std::string_view name) {
  std::string value(fields.value(name));
  if (name != "www-authenticate") return value;
  auto const* const first = fields.find(name);
  for (auto const* field = first + 1; field != fields.end(); ++field) {
    if (same_name(field->name, name)) value.append(", ").append(field->value);
  }
  return value;
}

}  // namespace

std::string_view ReplyHead::field(std::string_view name) const noexcept {
  for (auto const& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

void ClientConnection::begin() noexcept {
  kept = complete;
  keep_alive = complete = sent_all = false;
  search_ = {};
  ended_ = false;
  framing_ = {};
  chunks_.reset();
  received_ = 0;
  interim_ = 0;
  reads_ = 0;
  sse = SseParser(options.event_bytes_max);
}

namespace {

using Parts = std::array<iovec, 40>;

// Head and body without their first `skip` bytes.
std::span<iovec const> parts_after(std::size_t skip, std::string_view head, std::span<iovec const> body,
                                   Parts& into) {
  WEIR_ASSERT(body.size() < into.size());
  std::size_t count = 0;
  auto const take = [&](iovec part) {
    std::size_t const gone = std::min(skip, part.iov_len);
    skip -= gone;
    if (gone < part.iov_len) into[count++] = {static_cast<char*>(part.iov_base) + gone, part.iov_len - gone};
  };
  take({const_cast<char*>(head.data()), head.size()});
  for (auto const& part : body) take(part);
  return {into.data(), count};
}

std::size_t size_of(std::string_view head, std::span<iovec const> body) noexcept {
  std::size_t total = head.size();
  for (auto const& part : body) total += part.iov_len;
  return total;
}

}  // namespace

ClientConnection::~ClientConnection() {
  internal::wipe(in);
  internal::wipe(body_);
  explicit_bzero(scratch().bytes.data(), scratch_used_);
}

IoResult ClientConnection::send_now(std::string_view head, std::span<iovec const> body) noexcept {
  Parts parts;
  std::size_t const total = size_of(head, body);
  if (total > internal::kJoinedBytesMax) return stream->write(parts_after(0, head, body, parts));
  std::string& text = scratch().text;
  text.clear();  // wiped, and so is what growing frees
  text.reserve(total);
  text.assign(head);
  for (auto const& part : body) text.append(static_cast<char const*>(part.iov_base), part.iov_len);
  iovec const whole{text.data(), text.size()};
  auto const put = stream->write({&whole, 1});
  explicit_bzero(text.data(), text.size());  // heads carry credentials
  return put;
}

base::Task<Result<void>> ClientConnection::send_rest(std::string_view head, std::span<iovec const> body,
                                                     std::size_t sent) {
  std::size_t const total = size_of(head, body);
  while (sent < total) {
    base::TimePoint const deadline = scheduler.now() + options.write_stall_max;
    if (!co_await base::ready_until(scheduler, stream->arm_write(), deadline)) {
      co_return Error(Fault::timed_out, Blame::upstream, "the server takes no bytes", Retry::if_idempotent);
    }
    // Nothing taken: the same pieces again. OpenSSL refuses a retry that is shorter than what it stopped at.
    Parts parts;
    IoResult const put =
        sent == 0 ? send_now(head, body) : stream->write(parts_after(sent, head, body, parts));
    if (put.state == IoState::blocked) continue;
    if (put.state != IoState::moved) co_return lost("the connection broke while sending");
    sent += put.bytes;
  }
  co_return Result<void>{};
}

ReplyHead ClientConnection::copy_head() {
  ResponseHead const& parsed = scratch().response;
  ReplyHead head;
  head.status = parsed.status;
  head.content_type = media_type(parsed.fields.value("content-type"));
  for (auto const name : options.fields_kept) {
    if (parsed.fields.has(name)) head.fields.emplace_back(name, kept_value(parsed.fields, name));
  }
  if (parsed.fields.has("retry-after"))
    head.retry_after = retry_after(parsed.fields.value("retry-after"), parsed.fields.value("date"));
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
bool ClientConnection::take_head(std::string_view bytes, Result<ReplyHead>& head, std::size_t& used) {
  used = 0;
  for (;;) {
    HeadVerdict const verdict =
        parse_response_head(bytes.substr(used), options.limits, search_, scratch().response);
    if (verdict.state == HeadVerdict::State::need_more) return false;
    if (verdict.state == HeadVerdict::State::bad) {
      bool const large = verdict.refusal.status == 413;
      head = Error(large ? Fault::too_large : Fault::protocol, Blame::upstream, verdict.refusal.reason);
      return true;
    }
    search_ = {};
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

bool ClientConnection::head_now(Result<ReplyHead>& head) {
  IoResult const got = stream->read(scratch().bytes);
  note_scratch(got);
  if (got.state == IoState::blocked) return false;
  if (got.state != IoState::moved) {
    head = lost("the server closed the connection without an answer");
    return true;
  }
  std::string_view bytes(scratch().bytes.data(), got.bytes);
  if (!in.empty()) {
    internal::append_wiping(in, bytes);
    bytes = in;
  }
  std::size_t used = 0;
  if (!take_head(bytes, head, used)) {
    if (in.empty()) in.assign(bytes);
    if (used > 0) in.erase(0, used);
    return false;
  }
  if (!head) return true;
  auto const rest = bytes.substr(used);
  bool const events = head->content_type == "text/event-stream";  // these may have a length too
  if (framing_.kind != Framing::Kind::length || events) {
    std::string own(rest);  // of what stands in `in` it may be a part
    give_back(in);
    in = std::move(own);
  } else if (rest.size() > framing_.length) {
    head = Error(Fault::protocol, Blame::upstream, "bytes follow the answer");
  } else {
    // So that it is not moved when the rest of a small one comes.
    body_.reserve(internal::body_room(rest.size(), static_cast<std::size_t>(framing_.length + 1)));
    body_.assign(rest);
    give_back(in);
  }
  return true;
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
  base::TimePoint const now = scheduler_.now();
  while (!idle_.empty()) {
    auto& last = idle_.back();
    bool const silent = !last->stream->arm_read().is_set();
    base::Duration const age = now - last->idle_since;
    if (silent && !idle_limit_.allows(age)) return nullptr;  // nor are those below it, which are older
    auto connection = std::move(last);
    idle_.pop_back();
    if (!silent) {
      idle_limit_.seen_closed(age, kSweep);
    } else if (age < connection->idle_for) {
      return connection;
    }
  }
  return nullptr;
}

std::optional<ConnectionLease> HttpClient::lease_now() {
  if (idle_.empty()) return std::nullopt;
  auto place = places_.try_acquire();
  if (!place) return std::nullopt;
  auto idle = take_idle();
  if (!idle) return std::nullopt;
  idle->place = std::move(*place);
  return ConnectionLease(*this, std::move(idle));
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
    auto const got = connection->stream->read(scratch().some());
    connection->note_scratch(got);
    if (got.state != IoState::blocked) return;
    connection->stream->arm_read();
  }
  connection->place = base::Semaphore::Permit();
  connection->idle_since = scheduler_.now();
  idle_.push_back(std::move(connection));
  if (sweeper_.size() == 0) sweeper_.spawn(sweep_idle());
}

void HttpClient::drop_stale() noexcept {
  base::TimePoint const now = scheduler_.now();
  std::erase_if(idle_, [&](auto const& connection) {
    base::Duration const age = now - connection->idle_since;
    if (connection->stream->arm_read().is_set()) {
      idle_limit_.seen_closed(age, kSweep);
      return true;
    }
    if (age >= connection->idle_for) return true;
    idle_limit_.seen_open(age);
    return false;
  });
}

base::Task<void> HttpClient::sweep_idle() {
  while (!idle_.empty()) {
    co_await scheduler_.sleep_for(kSweep);
    drop_stale();
  }
}

base::Task<Result<HttpReply>> HttpClient::converse(ConnectionLease lease, std::string_view head,
                                                   std::span<iovec const> body) {
  std::size_t const total = size_of(head, body);
  co_await lease->scheduler.before_sending(total);
  lease->begin();
  IoResult const put = lease->send_now(head, body);
  Result<void> sent{};
  if (put.state == IoState::ended || put.state == IoState::failed) {
    sent = lost("the connection broke while sending");
  } else if (put.bytes < total) {
    sent = co_await lease->send_rest(head, body, put.bytes);
  }
  lease->sent_all = sent.has_value();
  // A server may refuse early and stop reading: its answer, if there is one, says more than our failed write.
  Result<ReplyHead> answer = ReplyHead{};
  do {
    if (!lease->stream->arm_read().is_set()) co_await lease->stream->readable();
  } while (!lease->head_now(answer));
  if (!answer) {
    if (auto refused = lease->stream->refusal()) co_return std::move(*refused);
    Error error = sent ? answer.error() : sent.error();
    if (error.fault == Fault::connection_lost && lease->stale()) error.retry = Retry::stale_connection;
    co_return error;
  }
  HttpReply reply;
  reply.head = std::move(*answer);
  reply.connection_ = std::move(lease);
  co_return reply;
}

base::Task<Result<HttpReply>> HttpClient::dial_and_converse(std::string_view head,
                                                            std::span<iovec const> body) {
  auto lease = co_await acquire();
  if (!lease) co_return lease.error();
  co_return co_await converse(std::move(*lease), head, body);
}

// No coroutine itself: with a connection at hand a request should pay for one frame.
base::Task<Result<HttpReply>> HttpClient::exchange(std::string_view head, std::span<iovec const> body) {
  if (auto lease = lease_now()) return converse(std::move(*lease), head, body);
  return dial_and_converse(head, body);
}

}  // namespace weir::net
