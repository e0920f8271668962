#include "store/redis_home.hpp"

#include "store/redis_cures.hpp"

namespace weir::store {
namespace {

RedisClient::Options client_options(RedisOptions const& options, bool subscriber) {
  RedisClient::Options out;
  out.to.tls = options.tls;
  out.to.host = options.host;
  out.to.port = options.port;
  out.connect = options.times.connect;
  out.stall = options.times.stall;
  out.subscriber = subscriber;
  return out;
}

}  // namespace

RedisHome::RedisHome(RedisOptions options, base::Scheduler& loop, net::Dialer& dialer, base::Random& random,
                     RedisLog log)
    : options_(std::move(options)),
      loop_(loop),
      random_(random),
      log_(std::move(log)),
      place_(std::make_shared<base::Workplace>(loop)),
      sealer_(options_.secret),
      keys_(options_.prefix, options_.secret),
      marks_(sealer_, base::SystemRandom().token(12)),
      limits_(std::make_shared<StoreLimits>(options_.limits)),
      breaker_(random),
      commands_(loop, dialer, random, client_options(options_, false), *this),
      news_(loop, dialer, random, client_options(options_, true), *this),
      writes_due_(loop),
      marks_due_(loop),
      tend_due_(loop),
      commands_up_(loop) {}

void RedisHome::start() {
  if (!place_->open()) return;
  next_ping_ = loop_.now() + options_.times.ping;
  place_->take_in(commands_.run());
  place_->take_in(news_.run());
  place_->take_in(write_loop());
  place_->take_in(mark_loop());
  place_->take_in(tend_loop());
}

void RedisHome::close() {
  place_->close();
  marks_.lose();
  serving_ = false;
}

void RedisHome::work_came() {
  writes_due_.set();
  marks_due_.set();
}

void RedisHome::limits_changed() {
  sweep_due_ = true;
  tend_due_.set();
}

StoreStatus RedisHome::status() const {
  StoreStatus status;
  status.kind = "redis";
  status.ready = serving();
  status.entries = counted_.entries;
  status.bytes = counted_.bytes;
  status.hits = counted_.hits;
  status.misses = counted_.misses;
  status.writes = counted_.writes;
  status.writes_dropped = counted_.refused + queue_.dropped();
  status.failures = counted_.failures;
  status.rejected = counted_.rejected + marks_.unreadable();
  status.evictions = counted_.evictions;
  status.rebuilt = counted_.rebuilt;
  std::lock_guard const guard(words_lock_);
  status.cause = cause_;
  status.warning = warning_;
  return status;
}

void RedisHome::set_limits(StoreLimits limits) {
  auto made = std::make_shared<StoreLimits const>(std::move(limits));
  std::lock_guard const guard(words_lock_);
  limits_ = std::move(made);
}

std::shared_ptr<StoreLimits const> RedisHome::limits() const {
  std::lock_guard const guard(words_lock_);
  return limits_;
}

void RedisHome::hear(StoreObserver* observer) {
  std::lock_guard const guard(observer_lock_);
  observer_ = observer;
}

template <class Call>
void RedisHome::tell(Call call) {
  std::lock_guard const guard(observer_lock_);
  if (observer_ != nullptr) call(*observer_);
}

void RedisHome::fail(std::string cause) {
  ++counted_.failures;
  std::lock_guard const guard(words_lock_);
  cause_ = std::move(cause);
}

void RedisHome::update() {
  bool const serves = commands_.ready() && marks_.hearing() && breaker_.closed();
  bool const served = serving_.exchange(serves, std::memory_order_acq_rel);
  std::string line = "ready";
  {
    std::lock_guard const guard(words_lock_);
    if (serves && !served) cause_.clear();
    if (!serves) line = "not in use: " + cause_;
    if (serves && !warning_.empty()) line += "; " + warning_;
  }
  if (line == logged_ || !log_) return;
  logged_ = line;
  log_("redis " + options_.host + ":" + std::to_string(options_.port) + ": " + line);
}

void RedisHome::connected(RedisClient& client) {
  if (&client == &commands_) {
    breaker_.hurry(loop_.now());
    tend_due_.set();
    commands_up_.set();
    work_came();
  } else {
    tell([](StoreObserver& observer) { observer.invalidations_missed(); });
  }
  update();
}

void RedisHome::answered(RedisClient& client) {
  if (&client == &commands_ && breaker_.succeeded()) {
    work_came();
    update();
  }
}

void RedisHome::late(RedisClient& client) {
  fail("Redis is too slow: an answer took longer than allowed");
  if (&client != &commands_ || !breaker_.failed(loop_.now())) return;
  tend_due_.set();
  update();
}

void RedisHome::lost(RedisClient& client, std::string const& why) {
  fail(why);
  if (&client == &commands_) {
    commands_up_.reset();
    breaker_.failed(loop_.now());
    tend_due_.set();
  } else {
    marks_.lose();
  }
  update();
}

void RedisHome::heard(RedisClient&, std::string message) {
  auto const news = marks_.hear(message);
  using What = RedisMarks::News::What;
  if (news.what == What::mark) {
    tell([&news](StoreObserver& observer) { observer.invalidated(news.selection, news.gone); });
  }
  if (news.what == What::out_of_step) out_of_step();
}

// Something that was said was not heard, or Redis was emptied. Nothing is served until it is known again.
void RedisHome::out_of_step() {
  marks_.lose();
  news_.drop("invalidations were missed: Redis was emptied, or lost some");
  update();
}

bool RedisHome::count_sums(RespValue const& reply) {
  auto const& items = reply.items;
  if (items.size() != 5) return false;
  auto const of = [&items](std::size_t i) { return static_cast<std::uint64_t>(items[i].number); };
  counted_.bytes = of(1);
  counted_.entries = of(2);
  counted_.evictions += of(3);
  counted_.rebuilt += of(4);
  return true;
}

}  // namespace weir::store
