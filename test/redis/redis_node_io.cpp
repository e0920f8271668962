#include "redis/redis_node.hpp"

namespace weir::test {

using base::Task;
using store::Found;

namespace {

Task<void> fetch(store::Store& store, net::IoLoop& here, store::StoreKey key, std::optional<Found>& into) {
  into = co_await store.get(here, std::move(key));
  here.stop();
}

Task<void> count_all(store::Store& store, net::IoLoop& here, store::Selection what,
                     std::optional<std::uint64_t>& into) {
  into = co_await store.count(here, std::move(what));
  here.stop();
}

}  // namespace

store::RedisOptions RedisNode::options(RedisProcess const& redis) {
  store::RedisOptions options(store::StoreSecret::from_text(base::Secret("a secret of all nodes")));
  options.host = "127.0.0.1";
  options.port = redis.port();
  options.times.get = std::chrono::milliseconds{500};  // a loaded machine must not make tests fail
  options.times.write = std::chrono::seconds{20};
  options.times.connect = std::chrono::seconds{20};
  options.times.stall = std::chrono::seconds{20};
  options.times.count = std::chrono::seconds{20};
  return options;
}

RedisNode::RedisNode(store::RedisOptions options, std::shared_ptr<net::TlsContext const> tls)
    : tls_(std::move(tls)), dialer_(home_, tls_.get()) {
  store_ = store::open_redis(std::move(options), home_, dialer_, random_, [this](std::string_view line) {
    std::lock_guard const guard(lock_);
    log_.append(line).append("\n");
  });
  store_->hear(this);
  thread_ = std::thread([this] { home_.run(); });
}

RedisNode::~RedisNode() {
  store_->stop(std::chrono::seconds{5});
  home_.stop();
  thread_.join();
}

std::optional<Found> RedisNode::get(store::StoreKey const& key) {
  std::optional<Found> found;
  auto const began = std::chrono::steady_clock::now();
  base::TaskGroup tasks(here_);
  tasks.spawn(fetch(*store_, here_, key, found));
  here_.run();
  took_ = std::chrono::steady_clock::now() - began;
  return found;
}

std::optional<std::uint64_t> RedisNode::count(store::Selection const& what) {
  std::optional<std::uint64_t> counted;
  base::TaskGroup tasks(here_);
  tasks.spawn(count_all(*store_, here_, what, counted));
  here_.run();
  return counted;
}

std::vector<std::string> RedisNode::heard() const {
  std::lock_guard const guard(lock_);
  return heard_;
}

std::string RedisNode::log() const {
  std::lock_guard const guard(lock_);
  return log_;
}

void RedisNode::invalidated(store::Selection const& what, bool gone) {
  std::lock_guard const guard(lock_);
  heard_.push_back(what.text() + (gone ? " gone" : ""));
}

void RedisNode::invalidations_missed() {
  std::lock_guard const guard(lock_);
  heard_.emplace_back("missed");
}

store::StoreKey key_of(std::string server, std::string operation, std::uint64_t number, std::string target,
                       std::string who) {
  store::StoreKey key;
  key.labels = {std::move(server), std::move(operation), std::move(target), std::move(who)};
  key.digest = {number * 0x9E3779B97F4A7C15U, number};
  return key;
}

store::StoredAnswer answer_of(std::string bytes, std::uint64_t born) {
  store::StoredAnswer answer;
  answer.bytes = std::move(bytes);
  answer.fetched = base::SystemClock().wall();
  answer.fresh_for = std::chrono::minutes{1};
  answer.kept_for = std::chrono::hours{1};
  answer.born = born;
  return answer;
}

}  // namespace weir::test
