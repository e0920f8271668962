// weir_load: proves on real sockets that weir loses, crosses and repeats nothing while its servers break.
//
//   weir_load --weir build/dev/bin/weir --calls 10000
//   weir_load --weir build/dev/bin/weir --churn 10000 --cycles 10000
//   weir_load --weir build/dev/bin/weir --degraded --calls 100000
//
// The second form is about what clients leave behind: see churn_run.hpp; the third about what they get while
// servers fail: degraded_run.hpp.
// Prints one JSON object and a line `N passed, N failed, N skipped`. Exit code 0 if nothing failed.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "churn_run.hpp"
#include "degraded_run.hpp"
#include "load_run.hpp"
#include "mcp/message.hpp"

namespace weir::load {
namespace {

// The child program: a modern stdio server with one tool, echo, that notes each key in a file before it
// answers.
int serve_stdio(std::string const& keys_file) {
  std::FILE* const keys = std::fopen(keys_file.c_str(), "a");
  if (keys == nullptr) return 1;
  for (std::string line; std::getline(std::cin, line);) {
    auto const message = mcp::decode(line);
    if (!message || message->kind() != mcp::MessageKind::request) continue;
    std::string result;
    if (message->method() == mcp::Method::server_discover) {
      result = R"({"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}})";
    } else if (message->method() == mcp::Method::tools_list) {
      result = R"({"resultType":"complete","ttlMs":0,"cacheScope":"public","tools":)"
               R"([{"name":"echo","inputSchema":{"type":"object"}}]})";
    } else if (message->method() == mcp::Method::tools_call) {
      std::string const key = test::member_of(message->raw(mcp::Field::arguments), "key");
      std::fputs((key + "\n").c_str(), keys);
      std::fflush(keys);
      result = fmt::format(
          R"({{"resultType":"complete","content":[{{"type":"text","text":"{{{}}} from child"}}]}})", key);
    } else {
      continue;
    }
    std::cout << R"({"jsonrpc":"2.0","id":)" << message->raw(mcp::Field::id) << R"(,"result":)" << result
              << "}\n"
              << std::flush;
  }
  return 0;
}

void print(Report const& report) {
  std::string json = "{";
  for (auto const& [name, value] : report.figures) json += fmt::format("\"{}\":{:.6g},", name, value);
  fmt::print("{}\"checks_failed\":{}}}\n", json, report.failed.size());
  for (auto const& failure : report.failed) fmt::print("failed: {}\n", failure);
  for (auto const& skip : report.skipped) fmt::print("skipped: {}\n", skip);
  fmt::print("{} passed, {} failed, {} skipped\n", report.passed.size(), report.failed.size(),
             report.skipped.size());
}

}  // namespace
}  // namespace weir::load

int main(int argc, char** argv) {
  weir::load::LoadOptions options;
  weir::load::ChurnOptions churn;
  options.self = "/proc/self/exe";
  char path[4096];
  if (auto const length = ::readlink("/proc/self/exe", path, sizeof path); length > 0) {
    options.self.assign(path, static_cast<std::size_t>(length));
  }
  std::string keys_file, only;
  CLI::App app{"Thousands of clients against weir, over sockets, with servers that break."};
  app.add_option("--weir", options.weir, "the program to start");
  app.add_option("--calls", options.calls);
  app.add_option("--clients", options.clients)
      ->check(CLI::Range(std::size_t{1}, weir::load::LoadOptions::clients_max));
  app.add_option("--seed", options.seed);
  app.add_option("--seconds-max", options.seconds_max);
  app.add_option("--workers", options.workers, "threads of the program")->check(CLI::Range(1, 64));
  auto* const churns = app.add_option("--churn", churn.sessions, "sessions that come and go");
  app.add_option("--cycles", churn.cycles, "connections that come and go, with --churn")->needs(churns);
  auto* const degraded = app.add_option("--degraded", only, "clients of servers that fail; one phase, or all")
                             ->expected(0, 1)
                             ->excludes(churns);
  app.add_flag("--calm", options.calm, "no faults");
  app.add_option("--serve-stdio", keys_file, "be the child program; used by weir");
  CLI11_PARSE(app, argc, argv);
  if (!keys_file.empty()) return weir::load::serve_stdio(keys_file);
  std::signal(SIGPIPE, SIG_IGN);
  weir::load::Report report;
  if (degraded->count() > 0) {
    weir::load::DegradedOptions run;
    run.weir = options.weir;
    run.calls = options.calls;
    run.seed = options.seed;
    run.seconds_max = options.seconds_max;
    run.workers = options.workers;
    run.only = only;
    report = weir::load::DegradedRun(std::move(run)).run();
  } else if (churns->count() > 0) {
    churn.weir = options.weir;
    churn.seed = options.seed;
    churn.seconds_max = options.seconds_max;
    churn.workers = options.workers;
    report = weir::load::ChurnRun(std::move(churn)).run();
  } else {
    report = weir::load::LoadRun(std::move(options)).run();
  }
  weir::load::print(report);
  return report.failed.empty() ? 0 : 1;
}
