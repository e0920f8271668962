#include "resilience/concurrency_limit.hpp"

#include <algorithm>
#include <utility>

namespace weir::resilience {
namespace {

constexpr unsigned kPlainMean = 10;  // the first averages are taken as they are
constexpr double kMuchQuicker = 2;   // than usual: what was learned under load is given up
constexpr double kGiveUp = 0.95;     // … by this much each time
constexpr double kCutMost = 0.1;     // to this share
constexpr double kCutLittle = 0.9;   // … and no less than to this
constexpr double kTrial = 0.7;
constexpr double kSameRate = 0.85;
constexpr double kCutForDrops = 0.5;
constexpr double kForgetCut = 0.5;  // of where it was made, when the next one is made before that is reached
constexpr double kGrowth = 0.25;    // while one answer takes
constexpr double kTryMore = 1.3;

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
  look_for_the_cause(took, in_flight, now);
  sum_ += seconds_of(took);
  ++samples_;
  batch_.sum += seconds_of(took);
  ++batch_.answered;
  ++batch_.ended;
  in_flight_most_ = std::max(in_flight_most_, in_flight);
  if (now >= window_end_) close_window(now);
}

void ConcurrencyLimit::dropped(base::Duration waited, unsigned in_flight, base::TimePoint now) {
  if (options_.fixed) return;
  if (now - waited >= cut_at_) ++drops_;
  look_for_the_cause(std::nullopt, in_flight, now);
  in_flight_most_ = std::max(in_flight_most_, in_flight);
  if (now >= window_end_) close_window(now);
}

void ConcurrencyLimit::ended(unsigned in_flight, base::TimePoint now) {
  if (options_.fixed) return;
  ++batch_.ended;
  look_for_the_cause(std::nullopt, in_flight, now);
}

void ConcurrencyLimit::look_for_the_cause(std::optional<base::Duration> took, unsigned in_flight,
                                          base::TimePoint now) {
  auto const finding = cause_.left(took, in_flight, now);
  bool const settled = finding != WaitCause::Finding::none;
  if (tried_from_ && finding == WaitCause::Finding::elsewhere) {
    usual_ = std::max(usual_, cause_.seconds());
    cut_from_ = std::max<double>(cut_from_, options_.first);
    try_again_ = kTryFirst;
    tried_from_.reset();
  } else if (tried_from_ && (settled || drops_ > 0 || now >= try_until_)) {
    limit_ = *std::exchange(tried_from_, std::nullopt);
    try_at_ = now + try_again_;
    try_again_ = std::min(2 * try_again_, kTryLast);
  } else if (settled && !tried_from_ && held_down_ && now >= try_at_) {
    tried_from_ = limit_;
    limit_ = std::min<double>(kTryMore * limit_, options_.most);
    try_until_ =
        now + std::chrono::seconds{1} +
        std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(4 * cause_.seconds()));
  }
}

void ConcurrencyLimit::close_window(base::TimePoint now) {
  double const mean = samples_ == 0 ? 0 : sum_ / static_cast<double>(samples_);
  if (samples_ > 0) learn(mean, now);
  if (in_flight_most_ < limit_ / 2) {
    held_down_ = late_ = false;
    batch_ = {.begun = now};
    rate_before_ = drops_ = 0;
    trial_.reset();
  } else if (!tried_from_ && !cut(now) && samples_ > 0 && mean <= options_.tolerance * usual_) {
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

// When a batch is complete and there was one before.
std::optional<ConcurrencyLimit::Rates> ConcurrencyLimit::rates_of_two(base::TimePoint now) noexcept {
  if (batch_.answered < kBatchLeast) return std::nullopt;
  double const long_for = seconds_of(now - batch_.begun);
  double const each = batch_.sum / batch_.answered;
  if (long_for < std::clamp(each, seconds_of(kBatchShortest), seconds_of(kBatchMost))) return std::nullopt;
  double const rate = batch_.ended / long_for;
  double const before = std::exchange(rate_before_, rate);
  batch_ = {.begun = now};
  if (before == 0) return std::nullopt;
  return Rates{std::min(rate, before), std::max(rate, before)};
}

// False: nothing speaks against more.
bool ConcurrencyLimit::cut(base::TimePoint now) {
  if (std::exchange(drops_, 0) > 0) {
    trial_.reset();
    cut_to(kCutForDrops * limit_, now);
    return true;
  }
  if (trial_ && now < trial_->settles) {
    batch_ = {.begun = now};
    rate_before_ = 0;
    return true;
  }
  auto const rates = rates_of_two(now);
  if (!rates) return late_ || trial_;
  if (trial_) judge(*std::exchange(trial_, std::nullopt), rates->high, now);
  auto const less = less_for(*rates, now);
  late_ = less.has_value();
  held_down_ = late_ && in_flight_most_ >= limit() && limit_ < options_.first;
  if (less && *less <= kCutLittle * limit_) cut_to(*less, now);
  return less.has_value();
}

void ConcurrencyLimit::cut_to(double limit, base::TimePoint now) {
  cut_from_ = std::max(limit_, cut_from_ * kForgetCut);
  cut_at_ = now;
  batch_ = {.begun = now};
  rate_before_ = 0;
  limit_ = std::max<double>(limit, options_.least);
}

// Nothing: answers are as quick as usual. The limit as it is: they are not, but it is left alone.
std::optional<double> ConcurrencyLimit::less_for(Rates const& rates, base::TimePoint now) {
  double const rate = rates.high;
  double const usual = options_.tolerance * usual_;
  double const in_time = rate * std::max(usual, seconds_of(options_.tolerable));
  if (in_time < in_flight_most_) return std::max(in_time, kCutMost * limit_);
  double const unnoticed = rate * std::max(usual, seconds_of(options_.unnoticed));
  if (unnoticed >= in_flight_most_) return std::nullopt;
  if (in_flight_most_ < limit() || limit_ <= options_.least || now < trial_at_) return limit_;
  double const seconds = in_flight_most_ / rate;
  auto const drains = std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(seconds));
  trial_ = Trial{limit_, rates.low, seconds, now + drains};
  return std::max(unnoticed, kTrial * limit_);
}

// Were there as many answers with fewer places?
void ConcurrencyLimit::judge(Trial const& trial, double rate, base::TimePoint now) {
  if (in_flight_most_ < limit()) return;
  if (rate >= kSameRate * trial.rate) {
    trial_again_ = kTryFirst;
    return;
  }
  limit_ = trial.limit;
  usual_ = std::max(usual_, trial.seconds);
  trial_at_ = now + trial_again_;
  trial_again_ = std::min(2 * trial_again_, kTryLast);
}

void ConcurrencyLimit::grow(double mean, base::TimePoint now) {
  double const answers_long = mean > 0 ? seconds_of(now - window_begun_) / mean : 1;
  double const most = kGrowth * limit_ * answers_long;
  limit_ += limit_ < cut_from_ ? most : std::min(options_.allowance, most);
  limit_ = std::min<double>(limit_, options_.most);
}

}  // namespace weir::resilience
