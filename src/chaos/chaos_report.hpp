// ChaosReport: what a run under faults found: what was done to the servers, what callers got, and the
// verdict.
//
// Filled by whoever runs the calls; text for people and JSON (version 1; members are only added) for
// programs. Plain values and pure functions. The words are those of docs/chaos.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "chaos/answer_class.hpp"
#include "chaos/fault_deck.hpp"
#include "chaos/ledger.hpp"
#include "chaos/time_tally.hpp"

namespace weir::chaos {

struct ChaosReport {
  std::uint64_t seed = 0;
  std::vector<std::string> servers;                           // that took part
  std::vector<std::pair<std::string, std::string>> left_out;  // and why
  base::Duration took{};
  FaultCounts faults;
  std::uint64_t requests = 0;  // that reached the servers' side of Weir; calls of children are not counted
  Ledger::Totals calls;
  std::uint64_t late = 0;  // answered more than kGrace after the deadline
  std::array<std::uint64_t, kAnswerClasses> classes{};
  std::map<std::string, std::uint64_t> errors;  // by reason
  std::string example;                          // of what was lost, crossed or answered twice
  TimeTally times;
  base::Duration deadline{};              // the longest of the calls that were made
  std::map<std::string, double> metrics;  // of the gateway, summed over labels
  unsigned useful_min = 0;                // of a thousand answers

  static constexpr base::Duration kGrace = std::chrono::milliseconds{100};

  void count(AnswerClass of) noexcept { ++classes[static_cast<std::size_t>(of)]; }
  std::uint64_t of(AnswerClass which) const noexcept { return classes[static_cast<std::size_t>(which)]; }
  std::uint64_t useful() const noexcept;
  double useful_percent() const noexcept;  // of the calls; 0 without any
};

// What is wrong, one sentence each; empty: the gateway kept its promise.
std::vector<std::string> complaints(ChaosReport const& report);

std::string report_text(ChaosReport const& report);
std::string report_json(ChaosReport const& report);

// The names of Weir's metrics that the report wants.
std::map<std::string, double> read_metrics(std::string_view exposition);

}  // namespace weir::chaos
