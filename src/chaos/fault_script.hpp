// FaultScript: what goes wrong, how often and for how long: a small YAML file, or the default.
//
//   seed: 7                      # without it the command's
//   steps:                       # in turn; the last one lasts until the end
//     - calls: 500               # or `for: 10s`; neither: until the end
//       share: 20%               # of the answers
//       mix: {reset: 1, black_hole: 2, 5xx: 1}   # how the harmed ones are divided; without it all alike
//       latency: 5ms             # before every answer, and
//       jitter: 20ms             # up to this more
//       down: 200ms              # after `kill` nobody listens for so long
//       stopped: 1s              # `stop` lasts so long
//       drip: 50                 # bytes a second
//
// A plain value; any one thread. Bounds: kStepsMax steps, kWeightMax per kind, times up to kTimeMax. Errors:
// invalid_input, whose detail says where and what.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace weir::chaos {

enum class FaultKind : std::uint8_t {
  none,
  kill,        // the process dies: every connection is reset and nobody listens for a while
  stop,        // the process stands still for a while: connections are taken, nothing moves
  reset,       // a TCP reset instead of the answer
  half_close,  // the server's side ends before the answer
  black_hole,  // the answer never comes
  drip,        // it comes a few bytes at a time
  truncate,    // half of it comes, then the end
  malformed,   // no JSON any more
  wrong_id,    // it carries another request's id
  http_5xx,    // 500, 502 or 503 in its place
  http_429,    // 429 with Retry-After in its place
};
inline constexpr std::size_t kFaultKinds = 12;

std::string_view name_of(FaultKind kind) noexcept;  // as scripts and reports write it
std::optional<FaultKind> fault_kind_of(std::string_view name) noexcept;

struct FaultMix {
  std::array<unsigned, kFaultKinds> weights{};  // [none] is 0

  unsigned& operator[](FaultKind kind) noexcept { return weights[static_cast<std::size_t>(kind)]; }
  unsigned operator[](FaultKind kind) const noexcept { return weights[static_cast<std::size_t>(kind)]; }
  unsigned total() const noexcept;
  static FaultMix
  equal();  // of all kinds but half_close, which is much like reset, and 429, which is no fault
  bool operator==(FaultMix const&) const = default;
};

struct FaultStep {
  std::optional<base::Duration> lasts;
  std::optional<std::uint64_t> calls;
  unsigned per_thousand = 0;  // of the answers are harmed
  FaultMix mix = FaultMix::equal();
  base::Duration latency{};
  base::Duration jitter{};
  base::Duration down = std::chrono::milliseconds{200};
  base::Duration stopped = std::chrono::seconds{1};
  unsigned drip_bytes_per_second = 50;
  bool operator==(FaultStep const&) const = default;
};

struct FaultScript {
  static constexpr std::size_t kStepsMax = 100;
  static constexpr unsigned kWeightMax = 100;
  static constexpr base::Duration kTimeMax = std::chrono::hours{1};

  std::optional<std::uint64_t> seed;
  std::vector<FaultStep> steps;  // never empty after read()

  static FaultScript of_share(unsigned per_thousand);  // one step, equal mix
  static base::Result<FaultScript> read(std::string_view text, std::string_view name);
};

// Which step of a script is on. Time and calls may only grow.
class FaultSchedule {
 public:
  explicit FaultSchedule(FaultScript script) : script_(std::move(script)) {}
  FaultStep const& at(base::Duration since_start, std::uint64_t calls) noexcept;

 private:
  FaultScript script_;
  std::size_t step_ = 0;
  base::Duration began_{};  // the step, since the start
  std::uint64_t calls_before_ = 0;
};

// "20%", "0.5%": in thousandths. Nothing for what is no share.
std::optional<unsigned> parse_share(std::string_view text);

}  // namespace weir::chaos
