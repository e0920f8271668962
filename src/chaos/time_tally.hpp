// TimeTally: how long answers took, exact to two percent, in a fixed amount of memory.
//
// A histogram whose classes grow by 2 % from one microsecond to an hour; the maximum is exact. Brain; one
// thread.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "base/clock.hpp"

namespace weir::chaos {

class TimeTally {
 public:
  void add(base::Duration took) noexcept {
    ++count_;
    most_ = std::max(most_, took);
    ++classes_[class_of(took)];
  }
  std::uint64_t count() const noexcept { return count_; }
  base::Duration most() const noexcept { return most_; }

  // So many answers of a thousand took at most this. Zero without any.
  base::Duration of_thousand(unsigned share) const noexcept {
    auto const wanted = (count_ * share + 999) / 1000;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < classes_.size() && count_ > 0; ++i) {
      seen += classes_[i];
      if (seen < wanted || seen == 0) continue;
      return i + 1 == classes_.size() ? most_ : std::min(most_, upper_end(i));
    }
    return most_;
  }

 private:
  static constexpr double kGrowth = 1.02;
  static std::size_t class_of(base::Duration took) noexcept {
    double const us = std::chrono::duration<double, std::micro>(took).count();
    if (us <= 1) return 0;
    return std::min(kClasses - 1, static_cast<std::size_t>(std::ceil(std::log(us) / std::log(kGrowth))));
  }
  static base::Duration upper_end(std::size_t index) noexcept {
    std::chrono::duration<double, std::micro> const us(std::pow(kGrowth, static_cast<double>(index)));
    return std::chrono::duration_cast<base::Duration>(us);
  }

  static constexpr std::size_t kClasses = 1120;  // 1.02^1112 µs is an hour
  std::array<std::uint64_t, kClasses> classes_{};
  std::uint64_t count_ = 0;
  base::Duration most_{};
};

}  // namespace weir::chaos
