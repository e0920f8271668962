#include "chaos/chaos_report.hpp"

#include <fmt/core.h>

#include <cstdlib>

#include "mcp/json_text.hpp"

namespace weir::chaos {

namespace {

struct WantedMetric {
  std::string_view name;
  std::string_view said;
};
constexpr WantedMetric kMetrics[] = {{"mcp_circuit_breaker_opens_total", "breaker openings"},
                                     {"weir_retries_total", "retries"},
                                     {"weir_hedges_total", "hedges"},
                                     {"mcp_fallbacks_total", "fallbacks"},
                                     {"mcp_timeouts_total", "timeouts"},
                                     {"weir_calls_shed_total", "calls shed"}};

double ms(base::Duration of) { return std::chrono::duration<double, std::milli>(of).count(); }

double percent(std::uint64_t part, std::uint64_t of) {
  return of == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(of);
}

std::string quoted(std::string_view text) {
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

std::string faults_text(FaultCounts const& faults) {
  auto const all = faults.harmed_in_all();
  std::string text = fmt::format("faults   {} of {} answers ({:.1f} %)\n", all, faults.answers,
                                 percent(all, faults.answers));
  for (std::size_t i = 1; i < kFaultKinds; ++i) {
    if (faults.harmed[i] == 0) continue;
    text += fmt::format("         {:<11}{:>8}  {:>5.1f} %", name_of(static_cast<FaultKind>(i)),
                        faults.harmed[i], percent(faults.harmed[i], all));
    if (i == static_cast<std::size_t>(FaultKind::kill)) text += fmt::format("  in {} kills", faults.kills);
    if (i == static_cast<std::size_t>(FaultKind::stop)) text += fmt::format("  in {} stops", faults.stops);
    text += '\n';
  }
  return text;
}

std::string names_of(std::vector<std::string> const& names) {
  std::string text;
  for (auto const& name : names) text += (text.empty() ? "" : ", ") + name;
  return text.empty() ? "none" : text;
}

}  // namespace

std::uint64_t ChaosReport::useful() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kAnswerClasses; ++i) {
    if (is_useful(static_cast<AnswerClass>(i))) sum += classes[i];
  }
  return sum;
}

double ChaosReport::useful_percent() const noexcept { return percent(useful(), calls.issued); }

std::vector<std::string> complaints(ChaosReport const& report) {
  std::vector<std::string> found;
  auto const& calls = report.calls;
  auto const say = [&found](std::uint64_t count, std::string_view what) {
    if (count > 0) found.push_back(fmt::format("{} {}", count, what));
  };
  if (calls.issued == 0) found.emplace_back("no call was made");
  say(calls.lost, "calls were not answered");
  say(calls.duplicated, "calls were answered more than once");
  say(calls.crossed, "answers belonged to another call");
  say(report.late, "answers came after their deadline");
  bool const useful_enough = report.useful() * 1000 >= calls.issued * report.useful_min;
  if (!useful_enough) {
    found.push_back(fmt::format("{:.2f} % of the answers were useful, {:.1f} % are wanted",
                                report.useful_percent(), report.useful_min / 10.0));
  }
  return found;
}

std::string report_text(ChaosReport const& report) {
  std::string text = fmt::format("servers  {}\n", names_of(report.servers));
  for (auto const& [name, why] : report.left_out) text += fmt::format("         not {}: {}\n", name, why);
  text += faults_text(report.faults);
  text += fmt::format("calls    {} in {:.1f} s; {} requests reached the servers\n", report.calls.issued,
                      ms(report.took) / 1000, report.requests);
  text += fmt::format("useful   {:.2f} %\n", report.useful_percent());
  for (std::size_t i = 0; i < kAnswerClasses; ++i) {
    if (report.classes[i] == 0) continue;
    text += fmt::format("         {:<13}{:>6}  {:>5.1f} %\n", name_of(static_cast<AnswerClass>(i)),
                        report.classes[i], percent(report.classes[i], report.calls.issued));
  }
  for (auto const& [reason, count] : report.errors) {
    text += fmt::format("           {:<17}{:>6}\n", reason, count);
  }
  text += fmt::format("ledger   {} lost, {} duplicated, {} crossed, {} late\n", report.calls.lost,
                      report.calls.duplicated, report.calls.crossed, report.late);
  if (!report.example.empty()) text += fmt::format("         {}\n", report.example);
  text += fmt::format(
      "time     p50 {:.1f} ms, p99 {:.1f} ms, p99.9 {:.1f} ms, most {:.1f} ms; deadline {:.0f} ms\n",
      ms(report.times.of_thousand(500)), ms(report.times.of_thousand(990)), ms(report.times.of_thousand(999)),
      ms(report.times.most()), ms(report.deadline));
  std::string gateway;
  for (auto const& [name, said] : kMetrics) {
    auto const found = report.metrics.find(std::string(name));
    if (found == report.metrics.end()) continue;
    gateway += fmt::format("{}{:.0f} {}", gateway.empty() ? "" : ", ", found->second, said);
  }
  if (!gateway.empty()) text += "gateway  " + gateway + '\n';
  auto const wrong = complaints(report);
  for (auto const& complaint : wrong) text += "wrong    " + complaint + '\n';
  text += fmt::format("{}   seed {}\n", wrong.empty() ? "passed" : "failed", report.seed);
  return text;
}

std::string report_json(ChaosReport const& report) {
  auto const& calls = report.calls;
  std::string json = fmt::format(R"({{"version":1,"seed":{},"servers":[)", report.seed);
  for (auto const& name : report.servers) json += (json.back() == '[' ? "" : ",") + quoted(name);
  json += R"(],"left_out":{)";
  for (auto const& [name, why] : report.left_out)
    json += (json.back() == '{' ? "" : ",") + quoted(name) + ":" + quoted(why);
  json += fmt::format(
      R"(}},"seconds":{:.3f},"faults":{{"answers":{},"harmed":{},"kills":{},"stops":{},"kinds":{{)",
      ms(report.took) / 1000, report.faults.answers, report.faults.harmed_in_all(), report.faults.kills,
      report.faults.stops);
  for (std::size_t i = 1; i < kFaultKinds; ++i) {
    json += fmt::format(R"({}"{}":{})", json.back() == '{' ? "" : ",", name_of(static_cast<FaultKind>(i)),
                        report.faults.harmed[i]);
  }
  json +=
      fmt::format(R"(}}}},"calls":{},"requests":{},"answered":{},"lost":{},"duplicated":{},"crossed":{})",
                  calls.issued, report.requests, calls.answered, calls.lost, calls.duplicated, calls.crossed);
  json +=
      fmt::format(R"(,"late":{},"useful_percent":{:.3f},"answers":{{)", report.late, report.useful_percent());
  for (std::size_t i = 0; i < kAnswerClasses; ++i) {
    json += fmt::format(R"({}"{}":{})", json.back() == '{' ? "" : ",", name_of(static_cast<AnswerClass>(i)),
                        report.classes[i]);
  }
  json += R"(},"errors":{)";
  for (auto const& [reason, count] : report.errors)
    json += fmt::format(R"({}{}:{})", json.back() == '{' ? "" : ",", quoted(reason), count);
  json +=
      fmt::format(R"(}},"ms":{{"p50":{:.3f},"p99":{:.3f},"p999":{:.3f},"most":{:.3f},"deadline":{:.0f}}})",
                  ms(report.times.of_thousand(500)), ms(report.times.of_thousand(990)),
                  ms(report.times.of_thousand(999)), ms(report.times.most()), ms(report.deadline));
  json += R"(,"metrics":{)";
  for (auto const& [name, value] : report.metrics)
    json += fmt::format(R"({}{}:{:.0f})", json.back() == '{' ? "" : ",", quoted(name), value);
  json += R"(},"wrong":[)";
  for (auto const& complaint : complaints(report))
    json += (json.back() == '[' ? "" : ",") + quoted(complaint);
  return json + fmt::format(R"(],"passed":{}}})", complaints(report).empty());
}

std::map<std::string, double> read_metrics(std::string_view exposition) {
  std::map<std::string, double> sums;
  while (!exposition.empty()) {
    auto const end = exposition.find('\n');
    std::string const line(exposition.substr(0, end));
    exposition.remove_prefix(end == std::string_view::npos ? exposition.size() : end + 1);
    auto const name_end = line.find_first_of("{ ");
    if (name_end == std::string::npos || line.starts_with('#')) continue;
    std::string_view const name = std::string_view(line).substr(0, name_end);
    for (auto const& wanted : kMetrics) {
      if (wanted.name != name) continue;
      auto const value_at = line[name_end] == '{' ? line.rfind("} ") + 2 : name_end + 1;
      sums[std::string(name)] += std::strtod(line.c_str() + value_at, nullptr);
    }
  }
  return sums;
}

}  // namespace weir::chaos
