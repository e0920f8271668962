#include "auth/keys_loop.hpp"

#include <fmt/format.h>

#include "auth/issuer_metadata.hpp"
#include "base/ready_until.hpp"

namespace weir::auth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;

namespace {

constexpr std::size_t kMetadataBytesMax = 64 * 1024;
constexpr int kOk = 200;

// What whoever runs the gateway can do about it. `metadata`: that is where the keys should have been found.
std::string_view cure_of(Error const& why, config::TokenAuth const& settings, bool metadata) {
  if (why.fault != Fault::protocol) return "check the address, and that it can be reached from here";
  if (!settings.jwks_url.empty()) return "`jwks_url` must lead to the issuer's key set";
  if (metadata) return "check `issuer`, or set `jwks_url` to where its keys are";
  return "the issuer's metadata leads there; set `jwks_url` if its keys are elsewhere";
}

KeyKeeper::Times times_of(config::TokenAuth const& settings) {
  KeyKeeper::Times times;
  times.lifetime = settings.keys_lifetime;
  return times;
}

}  // namespace

KeysLoop::KeysLoop(base::Scheduler& home, net::Fetcher& fetcher, observe::Log& log,
                   std::shared_ptr<TokenIssuer> issuer)
    : home_(home),
      fetcher_(fetcher),
      log_(log),
      issuer_(std::move(issuer)),
      keeper_(times_of(issuer_->settings())),
      fetched_(home),
      tasks_(home) {}

void KeysLoop::start() {
  if (!stopped_ && tasks_.size() == 0) tasks_.spawn(keep_fresh());
}

void KeysLoop::stop() noexcept {
  stopped_ = true;
  tasks_.cancel();
  fetched_.set();  // who waits goes on, and finds what is there
}

Task<void> KeysLoop::keep_fresh() {
  for (;;) {
    begin(KeyKeeper::Why::due);
    issuer_->known().sweep(home_.clock().wall(), home_.now());
    co_await home_.sleep_for(kSweepEvery);
  }
}

void KeysLoop::begin(KeyKeeper::Why why) {
  if (stopped_ || !keeper_.begin(why, home_.now())) return;
  issuer_->set_unknown_from(keeper_.unknown_from());  // whoever comes now waits for it
  tasks_.spawn(fetch());
}

Task<bool> KeysLoop::freshen(KeyKeeper::Why why, base::TimePoint deadline) {
  begin(why);
  if (stopped_ || !keeper_.fetching()) co_return false;
  bool const ended = co_await base::ready_until(home_, fetched_, deadline);
  co_return ended && !stopped_;
}

Task<Result<net::FetchedReply>> KeysLoop::get(std::string url, std::size_t bytes_max) {
  auto parsed = net::parse_url(url);
  if (!parsed) co_return parsed.error();
  net::FetchRequest request;
  request.url = *std::move(parsed);
  request.fields.emplace_back("Accept", base::Secret("application/json"));
  request.answer_bytes_max = bytes_max;
  auto reply = co_await fetcher_.fetch(request, home_.now() + kAnswerMax);
  if (!reply) co_return Error(reply.error().fault, Blame::upstream, url + ": " + reply.error().detail);
  if (reply->status != kOk) {
    co_return Error(Fault::protocol, Blame::upstream, fmt::format("{}: answered {}", url, reply->status));
  }
  co_return reply;
}

// The first well-known address that answers for this issuer.
Task<Result<std::string>> KeysLoop::keys_url() {
  auto const& settings = issuer_->settings();
  if (!settings.jwks_url.empty()) co_return settings.jwks_url;
  if (home_.now() < found_until_) co_return found_url_;
  Error last(Fault::config, Blame::gateway, "no address");
  for (auto const& url : metadata_urls(settings.issuer)) {
    auto const reply = co_await get(url, kMetadataBytesMax);
    if (!reply) {
      last = reply.error();
      continue;
    }
    auto found = jwks_url_of(reply->body, settings.issuer);
    if (!found) {
      last = Error(found.error().fault, Blame::upstream, url + ": " + found.error().detail);
      continue;
    }
    found_url_ = *found;
    found_until_ = home_.now() + kMetadataFor;
    co_return found;
  }
  co_return last;
}

Task<void> KeysLoop::fetch() {
  auto const url = co_await keys_url();
  Result<net::FetchedReply> reply = Error();
  if (url) {
    reply = co_await get(*url, jose::KeySet::kTextBytesMax);
  } else {
    reply = url.error();
  }
  auto keys = reply ? jose::KeySet::parse(reply->body) : Result<jose::KeySet>(reply.error());
  auto const now = home_.now();
  if (keys) {
    keeper_.took(max_age_of(reply->field("cache-control")), now);
    issuer_->set_keys(std::make_shared<jose::KeySet const>(*std::move(keys)), reply->body,
                      keeper_.usable_until());
    if (!std::exchange(trouble_, {}).empty())
      log_.event(observe::Level::info, "auth.keys",
                 fmt::format("the keys of issuer {} have come", issuer_->settings().issuer));
  } else {
    keeper_.failed(now);
    found_until_ = base::TimePoint::min();  // it may have moved
    auto why = keys.error();
    if (reply) why.detail = *url + ": " + why.detail;
    failed(why, !url);
  }
  issuer_->set_unknown_from(keeper_.unknown_from());  // after the keys: what they lack does not exist
  fetched_.set();
  fetched_.reset();
}

void KeysLoop::failed(Error const& why, bool metadata) {
  auto const now = home_.now();
  if (trouble_.empty()) since_ = now;
  trouble_ = fmt::format("{}; {}", why.detail, cure_of(why, issuer_->settings(), metadata));
  bool const have = issuer_->has_keys(now);
  log_.event(have ? observe::Level::warn : observe::Level::error, "auth.keys",
             fmt::format("{}{}no keys of issuer {}: {}; {}", place_, place_.empty() ? "" : ": ",
                         issuer_->settings().issuer, trouble_,
                         have ? "the last good ones stay in use" : "its tokens are refused until there are"));
}

KeysLoop::Standing KeysLoop::standing() const { return {issuer_->has_keys(home_.now()), trouble_, since_}; }

}  // namespace weir::auth
