#include "resilience/concurrency_limit.hpp"

#include <algorithm>

namespace weir::resilience {
namespace {

constexpr unsigned kPlainMean = 10;  // the first averages are taken as they are
constexpr double kMuchQuicker = 2;   // than usual: what was learned under load is given up
constexpr double kGiveUp = 0.95;     // … by this much each time
constexpr double kGradientLeast = 0.5;

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
  in_flight_most_ = std::max(in_flight_most_, in_flight);
  if (now >= window_end_) close_window(now);
}

void ConcurrencyLimit::dropped(unsigned in_flight, base::TimePoint now) {
  if (options_.fixed) return;
  drop_ = true;
  in_flight_most_ = std::max(in_flight_most_, in_flight);
  if (now >= window_end_) close_window(now);
}

void ConcurrencyLimit::close_window(base::TimePoint now) {
  double const mean = samples_ == 0 ? 0 : sum_ / static_cast<double>(samples_);
  if (samples_ > 0) learn(mean, now);
  if (in_flight_most_ >= limit_ / 2) {
    double const usual = options_.tolerance * usual_;
    step(drop_ || usual < kGradientLeast * mean ? kGradientLeast : mean > usual ? usual / mean : 1.0);
  }
  window_end_ = now + options_.window;
  sum_ = 0;
  samples_ = 0;
  drop_ = false;
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

void ConcurrencyLimit::step(double gradient) {
  double const wanted = limit_ * gradient + options_.allowance;
  limit_ += (wanted - limit_) * options_.smoothing;
  limit_ = std::clamp<double>(limit_, options_.least, options_.most);
}

}  // namespace weir::resilience
