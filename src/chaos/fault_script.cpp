#include "chaos/fault_script.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/reader.hpp"
#include "config/values.hpp"

namespace weir::chaos {

using base::Error;
using base::Result;
using config::Node;

namespace {

constexpr std::string_view kNames[kFaultKinds] = {"none",       "kill",       "stop", "reset",
                                                  "half_close", "black_hole", "drip", "truncate",
                                                  "malformed",  "wrong_id",   "5xx",  "429"};

// Remembers the first thing that is wrong.
class Reading {
 public:
  explicit Reading(std::string_view name) : name_(name) {}
  std::optional<Error> error;

  void wrong(config::Mark const& mark, std::string const& what) {
    if (error) return;
    error = Error(base::Fault::invalid_input, base::Blame::client,
                  fmt::format("{}:{}:{}: {}", name_, mark.line, mark.column, what));
  }
  template <class Parse>
  auto value(config::Member const& member, Parse parse, std::string_view wanted)
      -> decltype(parse(std::string_view())) {
    auto const read = member.value.is_scalar() ? parse(member.value.value()) : decltype(parse({})){};
    if (!read) wrong(member.value.mark, fmt::format("`{}` must be {}", member.key, wanted));
    return read;
  }
  base::Duration time(config::Member const& member) {
    auto const read = value(member, config::parse_duration, "a time like 200ms or 10s");
    if (read && *read > FaultScript::kTimeMax) wrong(member.value.mark, "more than an hour");
    return read.value_or(std::chrono::milliseconds{0});
  }
  std::uint64_t count(config::Member const& member, std::uint64_t least, std::uint64_t most) {
    auto const read = value(member, config::parse_integer, "a number");
    bool const fits = read && *read >= 0 && static_cast<std::uint64_t>(*read) >= least &&
                      static_cast<std::uint64_t>(*read) <= most;
    if (!fits) wrong(member.value.mark, fmt::format("`{}` must be from {} to {}", member.key, least, most));
    return fits ? static_cast<std::uint64_t>(*read) : least;
  }
  FaultMix mix(Node const& node) {
    FaultMix mix;
    if (!node.is_map()) wrong(node.mark, "`mix` must be a map of faults and their weights");
    for (auto const& member : node.members) {
      auto const kind = fault_kind_of(member.key);
      if (!kind) wrong(member.mark, fmt::format("there is no fault `{}`", member.key));
      auto const weight = static_cast<unsigned>(count(member, 0, FaultScript::kWeightMax));
      if (kind) mix[*kind] = weight;
    }
    if (mix.total() == 0) wrong(node.mark, "`mix` has no fault in it");
    return mix;
  }
  FaultStep step(Node const& node) {
    FaultStep step;
    if (!node.is_map()) wrong(node.mark, "a step must be a map");
    for (auto const& member : node.members) {
      if (member.key == "for")
        step.lasts = time(member);
      else if (member.key == "calls")
        step.calls = count(member, 1, 1'000'000'000);
      else if (member.key == "share")
        step.per_thousand = value(member, parse_share, "a share like 20%").value_or(0);
      else if (member.key == "mix")
        step.mix = mix(member.value);
      else if (member.key == "latency")
        step.latency = time(member);
      else if (member.key == "jitter")
        step.jitter = time(member);
      else if (member.key == "down")
        step.down = time(member);
      else if (member.key == "stopped")
        step.stopped = time(member);
      else if (member.key == "drip")
        step.drip_bytes_per_second = static_cast<unsigned>(count(member, 1, 1'000'000));
      else
        wrong(member.mark, fmt::format("a step has no `{}`", member.key));
    }
    if (step.lasts && step.calls) wrong(node.mark, "a step has either `for` or `calls`");
    return step;
  }

 private:
  std::string_view name_;
};

}  // namespace

std::string_view name_of(FaultKind kind) noexcept { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<FaultKind> fault_kind_of(std::string_view name) noexcept {
  auto const* const found = std::find(std::begin(kNames) + 1, std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<FaultKind>(found - std::begin(kNames));
}

unsigned FaultMix::total() const noexcept { return std::accumulate(weights.begin(), weights.end(), 0U); }

FaultMix FaultMix::equal() {
  FaultMix mix;
  mix.weights.fill(1);
  mix[FaultKind::none] = mix[FaultKind::half_close] = mix[FaultKind::http_429] = 0;
  return mix;
}

FaultScript FaultScript::of_share(unsigned per_thousand) {
  FaultScript script;
  script.steps.emplace_back();
  script.steps.back().per_thousand = per_thousand;
  return script;
}

Result<FaultScript> FaultScript::read(std::string_view text, std::string_view name) {
  config::Problems problems;
  auto const tree = config::read_yaml(config::make_source(std::string(name), std::string(text), 0), problems);
  Reading reading(name);
  for (auto const& problem : problems.sorted()) reading.wrong(problem.mark, problem.message);
  FaultScript script;
  if (!tree.is_map()) reading.wrong(tree.mark, "a script is a map with `steps`");
  for (auto const& member : tree.members) {
    if (member.key == "seed") {
      script.seed = reading.count(member, 0, std::uint64_t{1} << 62);
    } else if (member.key != "steps") {
      reading.wrong(member.mark, fmt::format("a script has no `{}`", member.key));
    } else if (!member.value.is_sequence() || member.value.items.size() > kStepsMax) {
      reading.wrong(member.value.mark, fmt::format("`steps` must be a list of up to {}", kStepsMax));
    } else {
      for (auto const& item : member.value.items) script.steps.push_back(reading.step(item));
    }
  }
  if (script.steps.empty()) reading.wrong(tree.mark, "there are no `steps`");
  if (reading.error) return *reading.error;
  return script;
}

FaultStep const& FaultSchedule::at(base::Duration since_start, std::uint64_t calls) noexcept {
  for (; step_ + 1 < script_.steps.size(); ++step_) {
    auto const& step = script_.steps[step_];
    bool const timed_out = step.lasts && since_start - began_ >= *step.lasts;
    bool const used_up = step.calls && calls - calls_before_ >= *step.calls;
    if (!timed_out && !used_up) break;
    began_ = step.lasts ? began_ + *step.lasts : since_start;
    calls_before_ = step.calls ? calls_before_ + *step.calls : calls;
  }
  return script_.steps[step_];
}

std::optional<unsigned> parse_share(std::string_view text) {
  auto const percent = config::parse_percent(text);
  if (!percent || *percent < 0 || *percent > 100) return std::nullopt;
  return static_cast<unsigned>(std::lround(*percent * 10));
}

}  // namespace weir::chaos
