#include "upstream/sse_posts_io.hpp"

#include "base/run_until.hpp"
#include "net/http_text.hpp"
#include "upstream/sse_verdict.hpp"

namespace weir::upstream {

using base::Ended;
using base::Task;
using mcp::Field;
using mcp::MessageKind;
using mcp::Method;

namespace {

Task<base::Semaphore::Permit> turn_at(base::Semaphore& places) { co_return co_await places.acquire(); }

Task<void> rest_of(base::Scheduler& scheduler, Task<void> begun) {
  co_await base::run_until(scheduler, begun, base::TimePoint::max());
}

// Read to its end, so that its connection can be used again; or never to be read.
bool is_over(net::HttpReply& reply) { return reply.event_stream() || reply.body_now(); }

}  // namespace

// A request in the table, until its POST is answered or of no use any more.
class SsePosts::Request {
 public:
  Request(SsePosts& posts, std::uint64_t id) : settled(posts.scheduler_), posts_(posts), id_(id) {
    posts_.requests_[id] = this;
  }
  Request(Request const&) = delete;
  Request& operator=(Request const&) = delete;
  ~Request() {
    posts_.waiting_ -= waiting_;
    auto const found = posts_.requests_.find(id_);
    if (found != posts_.requests_.end() && found->second == this) posts_.requests_.erase(found);
  }

  bool wait(std::size_t bytes) noexcept {
    if (posts_.waiting_ > 0 && posts_.waiting_ + bytes > kWaitingMax) return false;
    waiting_ = bytes;
    posts_.waiting_ += bytes;
    return true;
  }
  void begin() noexcept {
    begun = true;
    posts_.waiting_ -= std::exchange(waiting_, 0);
  }

  base::Event settled;  // its answer has come, or its call has ended
  bool begun = false;
  bool ended = false;  // the call

 private:
  SsePosts& posts_;
  std::uint64_t id_;
  std::size_t waiting_ = 0;
};

// A POST that nobody waits for.
class SsePosts::Other : public base::ListHook {
 public:
  explicit Other(SsePosts& posts) : given_up(posts.scheduler_), posts_(posts) {
    posts_.others_.push_back(*this);
    if (++posts_.others_count_ <= kOthersMost) return;
    --posts_.others_count_;
    posts_.others_.pop_front()->given_up.set();
  }
  Other(Other const&) = delete;
  Other& operator=(Other const&) = delete;
  ~Other() {
    if (linked()) --posts_.others_count_;
  }

  base::Event given_up;

 private:
  SsePosts& posts_;
};

SsePosts::SsePosts(base::Scheduler& scheduler, mcp::Limits const& limits, Ways ways)
    : scheduler_(scheduler),
      limits_(limits),
      ways_(std::move(ways)),
      places_(scheduler, kPlaces),
      tasks_(scheduler) {}

SsePosts::~SsePosts() = default;

SsePosts::Exchange SsePosts::post(std::string_view line) {
  std::string fields = "Content-Type: application/json\r\n";
  net::append_content_length(fields, line.size());
  net::append_head_end(fields);
  return ways_.post(std::move(fields), line);
}

Task<void> SsePosts::send(std::string line) {
  if (closed_) co_return;
  auto message = mcp::decode(std::move(line), limits_);
  if (!message) co_return tasks_.spawn(post_other(std::string(message.error().bytes), kOtherMax));
  auto const method = message->method();
  bool const request = message->kind() == MessageKind::request;
  auto const id = message->integer(request ? Field::id : Field::request_id);
  auto text = std::move(*message).take_bytes();
  if (request && id) {
    tasks_.spawn(post_request(std::move(text), static_cast<std::uint64_t>(*id)));
  } else if (method == Method::notifications_cancelled && id && end(static_cast<std::uint64_t>(*id))) {
    co_return;
  } else if (method == Method::notifications_initialized) {
    auto posting = post_other(std::move(text), kPostMax);  // without it the server may serve nothing
    auto const waited = co_await base::run_until(scheduler_, posting, scheduler_.now() + kOtherMax);
    if (waited != Ended::done) tasks_.spawn(rest_of(scheduler_, std::move(posting)));
  } else {
    tasks_.spawn(post_other(std::move(text), kOtherMax));
  }
}

// The call of that request has ended. True if the server has seen nothing of it.
bool SsePosts::end(std::uint64_t id) {
  auto const found = requests_.find(id);
  if (found == requests_.end()) return false;
  Request& request = *found->second;
  request.ended = true;
  request.settled.set();
  return !request.begun;
}

void SsePosts::heard(std::string_view line) {
  if (requests_.empty()) return;
  auto const message = mcp::decode(std::string(line), limits_);
  if (!message || (message->kind() != MessageKind::result && message->kind() != MessageKind::error)) return;
  if (auto const id = message->integer(Field::id)) answered(static_cast<std::uint64_t>(*id));
}

void SsePosts::answered(std::uint64_t id) {
  auto const found = requests_.find(id);
  if (found != requests_.end() && found->second->begun) found->second->settled.set();
}

Task<void> SsePosts::post_request(std::string line, std::uint64_t id) {
  Request request(*this, id);
  auto place = places_.try_acquire();
  if (!place) {
    if (!request.wait(line.size())) {
      co_return ways_.refused(
          id, base::Error(base::Fault::busy, base::Blame::gateway,
                          "too many requests wait for the server to take others", base::Retry::always));
    }
    auto turn = turn_at(places_);
    auto const how = co_await base::run_until(scheduler_, turn, base::TimePoint::max(), &request.settled);
    if (how != Ended::done || request.ended || closed_) co_return;
    place = turn.take();
  }
  request.begin();
  auto posting = post(line);
  auto const until = scheduler_.now() + kPostMax;
  auto const how = co_await base::run_until(scheduler_, posting, until, &request.settled);
  if (how == Ended::stopped && !request.ended) {
    place.reset();
    co_return co_await finish(std::move(posting), kOtherMax);
  }
  if (how != Ended::done) co_return;  // of no use any more, or nobody knows
  auto reply = posting.take();
  auto const refusal = reply ? refusal_in(reply->head, ways_.shown()) : refusal_in(reply.error());
  if (reply && reply->head.status == 404) co_return ways_.forgotten();
  if (refusal) ways_.refused(id, *refusal);
  if (!reply || is_over(*reply)) co_return;
  place.reset();
  Other here(*this);
  auto rest = reply->body();
  co_await base::run_until(scheduler_, rest, scheduler_.now() + kOtherMax, &here.given_up);
}

Task<void> SsePosts::post_other(std::string line, base::Duration most) { co_await finish(post(line), most); }

// Nothing depends on how it ends, but on the session.
Task<void> SsePosts::finish(Exchange posting, base::Duration most) {
  Other here(*this);
  auto const until = scheduler_.now() + most;
  if (co_await base::run_until(scheduler_, posting, until, &here.given_up) != Ended::done) co_return;
  auto reply = posting.take();
  if (!reply) co_return;
  if (reply->head.status == 404) co_return ways_.forgotten();
  if (is_over(*reply)) co_return;
  auto rest = reply->body();
  co_await base::run_until(scheduler_, rest, until, &here.given_up);
}

}  // namespace weir::upstream
