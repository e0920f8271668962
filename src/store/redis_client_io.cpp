#include <algorithm>
#include <array>

#include "base/ready_any.hpp"
#include "base/ready_until.hpp"
#include "base/task_group.hpp"
#include "store/redis_client.hpp"

namespace weir::store {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::size_t kPartsMax = 16;
constexpr unsigned kJitterPercent = 25;

Error failure(Fault fault, std::string detail) { return Error(fault, Blame::gateway, std::move(detail)); }

}  // namespace

RedisClient::RedisClient(base::Scheduler& loop, net::Dialer& dialer, base::Random& random, Options options,
                         RedisParty& party)
    : loop_(loop),
      dialer_(dialer),
      random_(random),
      options_(std::move(options)),
      party_(party),
      wake_(loop) {}

// The time of one connection. When it ends, however it ends, nobody waits for it any more.
struct RedisClient::Connected {
  explicit Connected(RedisClient& owner) : client(owner) {
    client.broken_.clear();
    client.connected_ = true;
  }
  Connected(Connected const&) = delete;
  Connected& operator=(Connected const&) = delete;
  ~Connected() {
    client.connected_ = false;
    client.ready_ = false;
    client.out_.clear();
    client.out_at_ = 0;
    client.out_bytes_ = 0;
    for (auto const& asked : std::exchange(client.line_, {})) {
      asked->reply = failure(Fault::connection_lost, "the connection to Redis was lost");
      asked->done.set();
    }
  }
  RedisClient& client;
};

Task<void> RedisClient::run() {
  auto pause = kPauseFirst;
  for (;;) {
    auto stream = co_await dialer_.dial(options_.to, loop_.now() + options_.connect);
    std::string why;
    auto const since = loop_.now();
    if (stream) {
      why = co_await live(std::move(*stream));
    } else {
      why = stream.error().detail + "; start Redis there, or set caching.l2.host and caching.l2.port";
    }
    party_.lost(*this, why);
    if (loop_.now() - since > kPauseLast) pause = kPauseFirst;  // it was good
    co_await loop_.sleep_for(base::jittered(pause, kJitterPercent, random_));
    pause = std::min(pause * 2, kPauseLast);
  }
}

Task<std::string> RedisClient::live(std::unique_ptr<net::Stream> stream) {
  Connected const connected(*this);
  base::TaskGroup greeting(loop_);
  greeting.spawn(greet());
  auto why = co_await serve(*stream);
  co_return why;
}

Task<void> RedisClient::greet() {
  auto const greeted = co_await party_.greet(*this);
  if (!greeted) {
    drop(greeted.error().detail);
    co_return;
  }
  ready_ = true;
  party_.connected(*this);
}

void RedisClient::drop(std::string why) {
  if (!connected_ || !broken_.empty()) return;
  broken_ = std::move(why);
  wake_.set();
}

Task<std::string> RedisClient::serve(net::Stream& stream) {
  RespReader reader;
  std::string buffer(kReadBytes, '\0');
  for (;;) {
    wake_.reset();
    if (read_some(stream, reader, buffer) && broken_.empty()) write_some(stream);
    if (broken_.empty() && stalled_at() <= loop_.now()) broken_ = "Redis does not answer";
    if (!broken_.empty()) co_return broken_;
    std::array<base::Event*, 3> const events{&stream.arm_read(), out_.empty() ? nullptr : &stream.arm_write(),
                                             &wake_};
    co_await base::ready_any(loop_, stalled_at(), events);
  }
}

base::TimePoint RedisClient::stalled_at() const noexcept {
  return line_.empty() ? base::TimePoint::max() : line_.front()->asked + options_.stall;
}

// False: the connection is at its end, and `broken_` says why.
bool RedisClient::read_some(net::Stream& stream, RespReader& reader, std::string& buffer) {
  for (;;) {
    auto const got = stream.read(buffer);
    if (got.state == net::IoState::blocked) return true;
    if (got.state != net::IoState::moved) {
      if (broken_.empty()) broken_ = "Redis closed the connection";
      return false;
    }
    reader.feed(std::string_view(buffer).substr(0, got.bytes));
    RespValue value;
    for (;;) {
      auto const step = reader.next(value);
      if (step == RespReader::Step::need_more) break;
      if (step == RespReader::Step::broken) {
        broken_ = "what answers does not speak the protocol of Redis: " + reader.problem();
        return false;
      }
      if (!take(std::move(value))) return false;
    }
  }
}

bool RedisClient::take(RespValue reply) {
  auto const& items = reply.items;
  bool const message = options_.subscriber && items.size() == 3 && items[0].text == "message";
  if (message && items[2].is(RespValue::Kind::text)) {
    party_.heard(*this, std::move(reply.items[2].text));
    return true;
  }
  if (line_.empty()) {
    broken_ = "Redis sent a reply that nobody asked for";
    return false;
  }
  auto const asked = std::move(line_.front());
  line_.pop_front();
  if (asked.use_count() > 1) asked->reply = std::move(reply);
  asked->done.set();
  party_.answered(*this);
  return true;
}

bool RedisClient::write_some(net::Stream& stream) {
  while (!out_.empty()) {
    std::array<iovec, kPartsMax> parts{};
    std::size_t count = 0;
    std::size_t at = out_at_;
    for (auto part = out_.begin(); part != out_.end() && count < kPartsMax; ++part, at = 0) {
      parts[count++] = {part->data() + at, part->size() - at};
    }
    auto const sent = stream.write({parts.data(), count});
    if (sent.state == net::IoState::blocked) return true;
    if (sent.state != net::IoState::moved) {
      broken_ = "Redis closed the connection";
      return false;
    }
    out_bytes_ -= sent.bytes;
    out_at_ += sent.bytes;
    while (!out_.empty() && out_at_ >= out_.front().size()) {
      out_at_ -= out_.front().size();
      out_.pop_front();
    }
  }
  return true;
}

RedisClient::Asked RedisClient::send(std::string command) {
  auto asked = std::make_shared<Question>(loop_);
  asked->asked = loop_.now();
  if (!connected_ || !broken_.empty()) {
    asked->reply = failure(Fault::unavailable, "there is no connection to Redis");
  } else if (line_.size() >= kPendingMax || out_bytes_ + command.size() > kBytesMax) {
    asked->reply = failure(Fault::busy, "too much waits for Redis already");
  } else {
    out_bytes_ += command.size();
    out_.push_back(std::move(command));
    line_.push_back(asked);
    wake_.set();
  }
  return asked;
}

Task<Result<RespValue>> RedisClient::wait(Asked asked, base::TimePoint deadline) {
  struct Watch {  // also where the caller went away at the same time
    RedisClient& client;
    Question& question;
    base::TimePoint deadline;
    ~Watch() {
      if (!question.reply && client.loop_.now() >= deadline) client.party_.late(client);
    }
  } const watch{*this, *asked, deadline};
  if (!asked->reply) co_await base::ready_until(loop_, asked->done, deadline);
  if (!asked->reply) co_return failure(Fault::timed_out, "Redis did not answer in time");
  co_return std::move(*asked->reply);
}

}  // namespace weir::store
