#include "resilience/concurrency_limit.hpp"

#include <algorithm>
#include <utility>

namespace weir::resilience {
namespace {

constexpr unsigned kPlainMean = 10;      // the first averages are taken as they are
constexpr double kMuchQuicker = 2;       // than usual: what was learned under load is given up
constexpr double kGiveUp = 0.95;         // … by this much each time
constexpr double kCutMost = 0.1;         // to this share
constexpr double kCutLittle = 0.9;       // … and no less than to this
constexpr double kForgetAnswers = 0.99;  // with each: the last hundred count
constexpr double kDropsMost = 0.5;       // of them and the answers
constexpr double kSilence = 1;           // seconds: earlier answers no longer count
constexpr double kTryFewer = 0.7;
constexpr double kTryMore = 1.5, kTryMost = 2;
constexpr double kInTime = 0.8;  // of what is answered in a tolerable time: more are not tried
constexpr double kCutForDrops = 0.5;
constexpr double kForgetCut = 0.5;  // of where it was made, when the next one is made before that is reached
constexpr double kReached = 0.9;    // of it
constexpr double kGrowth = 0.25;    // while one answer takes

double seconds_of(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void ConcurrencyLimit::set_options(ConcurrencyOptions const& options) {
  options_ = options;
  if (limit_ == 0) limit_ = options.first;
  limit_ = std::clamp<double>(limit_, options.least, options.most);
}

unsigned ConcurrencyLimit::limit() const noexcept {
  return options_.fixed ? *options_.fixed : static_cast<unsigned>(limit_);
}

void ConcurrencyLimit::answered(base::Duration took, unsigned in_flight, base::TimePoint now) {
  if (options_.fixed) return;
  sum_ += seconds_of(took);
  ++samples_;
  rates_.answered(took);
  answers_ = kForgetAnswers * answers_ + 1;
  answered_at_ = now;
  drops_ *= kForgetAnswers;
  in_flight_most_ = std::max(in_flight_most_, in_flight);
  if (now >= window_end_) close_window(now);
}

void ConcurrencyLimit::dropped(base::Duration waited, unsigned in_flight, base::TimePoint now) {
  if (options_.fixed) return;
  if (now - waited >= cut_at_) drops_ += 1;
  in_flight_most_ = std::max(in_flight_most_, in_flight);
  if (now >= window_end_) close_window(now);
}

void ConcurrencyLimit::close_window(base::TimePoint now) {
  double const mean = samples_ == 0 ? 0 : sum_ / static_cast<double>(samples_);
  if (samples_ > 0) learn(mean, now);
  if (in_flight_most_ < limit_ / 2) {
    late_ = false;
    settles_ = drained_at_ = {};
    rates_.restart(now);
    drops_ = 0;
    auto const trial = std::exchange(trial_, std::nullopt);
    if (trial && trial->kind == LimitTrial::Kind::more) give_up_more(*trial, now);
  } else if (!cut(now) && samples_ > 0 && mean <= options_.tolerance * usual_) {
    grow(mean, now);
  }
  window_begun_ = now;
  window_end_ = now + options_.window;
  sum_ = 0;
  samples_ = 0;
  in_flight_most_ = 0;
}

void ConcurrencyLimit::learn(double mean, base::TimePoint now) {
  if (now < learn_at_ && usual_ > 0) return;
  learn_at_ = now + options_.learn_every;
  if (learned_ < options_.long_window) ++learned_;
  double const weight = learned_ <= kPlainMean ? 1.0 / learned_ : 2.0 / (options_.long_window + 1.0);
  usual_ += (mean - usual_) * weight;
  if (usual_ > kMuchQuicker * mean) usual_ *= kGiveUp;
}

// False: nothing speaks against more.
bool ConcurrencyLimit::cut(base::TimePoint now) {
  if (cut_for_drops(now)) return true;
  if (in_flight_most_ > limit_ / kReached) drained_at_ = now;
  if (now < settles_) {
    rates_.restart(now);
    return late_ || on_trial();
  }
  auto const rates = rates_.of_two(now);
  if (!rates) return late_ || on_trial();
  last_ = *rates;
  if (trial_ && rates->since >= drained_at_) judge(*std::exchange(trial_, std::nullopt), *rates, now);
  auto const less = less_for(*rates, now);
  late_ = less.has_value();
  if (less && std::max<double>(less->limit, options_.least) <= kCutLittle * limit_) {
    begin_trial(less->kind, *rates);
    if (less->kind == LimitTrial::Kind::fewer) settle(now);
    cut_to(less->limit, now);
  } else {
    try_more(*rates, now);
  }
  return late_ || on_trial();
}

// Those that take nobody's place come and go: one more or less says nothing.
bool ConcurrencyLimit::reached() const noexcept { return in_flight_most_ >= kReached * limit_; }

// The limit stays as it is until that is over. Where it had to be cut, it may grow again before.
bool ConcurrencyLimit::on_trial() const noexcept { return trial_ && trial_->kind != LimitTrial::Kind::must; }

bool ConcurrencyLimit::cut_for_drops(base::TimePoint now) {
  if (seconds_of(now - answered_at_) > kSilence + 2 * usual_) answers_ = 0;
  if (drops_ == 0 || drops_ < kDropsMost * (drops_ + answers_)) return false;
  bool const silent = answers_ == 0;
  drops_ = answers_ = 0;
  if (trial_ && trial_->kind == LimitTrial::Kind::more) {
    give_up_more(*std::exchange(trial_, std::nullopt), now);
    return true;
  }
  if (last_ && !silent) begin_trial(LimitTrial::Kind::must, *last_);
  cut_to(kCutForDrops * limit_, now);
  return true;
}

void ConcurrencyLimit::cut_to(double limit, base::TimePoint now) {
  cut_from_ = std::max(limit_, cut_from_ * kForgetCut);
  cut_at_ = drained_at_ = now;
  rates_.restart(now);
  limit_ = std::max<double>(limit, options_.least);
}

// Nothing: answers are as quick as usual. The limit as it is: they are not, but it is left alone.
std::optional<ConcurrencyLimit::Less> ConcurrencyLimit::less_for(CallRates::OfTwo const& rates,
                                                                 base::TimePoint now) {
  double const rate = rates.ended_high;
  double const usual = options_.tolerance * usual_;
  double const in_time = rate * std::max(usual, seconds_of(options_.tolerable));
  if (in_time < in_flight_most_) return Less{LimitTrial::Kind::must, std::max(in_time, kCutMost * limit_)};
  double const unnoticed = rate * std::max(usual, seconds_of(options_.unnoticed));
  if (unnoticed >= in_flight_most_) return std::nullopt;
  bool const can_be_less = reached() && limit_ > options_.least;
  bool const leave = trial_ || rates.refused_low == 0 || !can_be_less || now < fewer_at_;
  return Less{LimitTrial::Kind::fewer, leave ? limit_ : std::max(unnoticed, kTryFewer * limit_)};
}

// Fewer and fewer is one trial.
void ConcurrencyLimit::begin_trial(LimitTrial::Kind kind, CallRates::OfTwo const& rates) {
  if (trial_ && trial_->kind == LimitTrial::Kind::more) limit_ = std::exchange(trial_, std::nullopt)->limit;
  if (!trial_) trial_ = LimitTrial{kind, limit_, rates, in_flight_most_ / rates.ended_high};
  trial_->kind = kind;
}

// What was let in before the trial drains first.
void ConcurrencyLimit::settle(base::TimePoint now) {
  std::chrono::duration<double> const drains(trial_->seconds);
  settles_ = now + std::chrono::duration_cast<base::Duration>(drains);
}

void ConcurrencyLimit::try_more(CallRates::OfTwo const& rates, base::TimePoint now) {
  bool const slow = in_flight_most_ > rates.ended_high * options_.tolerance * usual_;
  bool const held_down = rates.refused_low > 0 && reached() && limit_ < options_.most;
  if (trial_ || !slow || !held_down || now < more_at_ || rates.since < drained_at_) return;
  begin_trial(LimitTrial::Kind::more, rates);
  settle(now);
  double const in_time = kInTime * rates.ended_high * seconds_of(options_.tolerable);
  double const more = std::clamp(in_time, kTryMore * limit_, kTryMost * limit_);
  limit_ = std::min<double>(more, options_.most);
}

void ConcurrencyLimit::judge(LimitTrial const& trial, CallRates::OfTwo const& rates, base::TimePoint now) {
  bool const worth_it = trial.worth_it(rates, limit_);
  if (trial.kind == LimitTrial::Kind::more) {
    if (!worth_it) return give_up_more(trial, now);
    usual_ = std::max(usual_, in_flight_most_ / rates.ended_high);
    cut_from_ = std::max<double>(cut_from_, options_.first);
    more_again_ = kTryFirst;
  } else if (worth_it || !reached() || limit_ >= trial.limit) {
    fewer_again_ = kTryFirst;
  } else {
    limit_ = trial.limit;
    usual_ = std::max(usual_, trial.seconds);
    fewer_at_ = now + fewer_again_;
    fewer_again_ = std::min(2 * fewer_again_, kTryLast);
  }
}

void ConcurrencyLimit::give_up_more(LimitTrial const& trial, base::TimePoint now) {
  limit_ = trial.limit;
  more_at_ = now + more_again_;
  more_again_ = std::min(2 * more_again_, kTryLast);
}

void ConcurrencyLimit::grow(double mean, base::TimePoint now) {
  double const answers_long = mean > 0 ? seconds_of(now - window_begun_) / mean : 1;
  double const most = kGrowth * limit_ * answers_long;
  limit_ += limit_ < cut_from_ ? most : std::min(options_.allowance, most);
  limit_ = std::min<double>(limit_, options_.most);
}

}  // namespace weir::resilience
