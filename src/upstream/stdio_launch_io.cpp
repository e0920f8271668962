#include "upstream/stdio_launch_io.hpp"

#include <algorithm>

#include "base/run_until.hpp"
#include "core/client_capabilities.hpp"
#include "upstream/own_request.hpp"

namespace weir::upstream {

using base::Blame;
using base::Error;
using base::Fault;
using base::Task;
using Kind = NextStep::Kind;

namespace {
constexpr auto kSiblingEnd = std::chrono::seconds(2);  // it has done nothing that would take time to finish
}

StdioLauncher::StdioLauncher(base::Scheduler& scheduler, ChildSpawner& spawner, ChildCommand const& command,
                             StdioChild::Options const& options, base::Duration probe_max, StderrRing& log,
                             StdioChild::Told const& announced)
    : scheduler_(scheduler),
      spawner_(spawner),
      command_(command),
      options_(options),
      probe_max_(probe_max),
      log_(log),
      announced_(announced) {}

base::Result<std::shared_ptr<StdioChild>> StdioLauncher::spawn() {
  auto process = spawner_.spawn(command_);
  if (!process) return process.error();
  return std::make_shared<StdioChild>(scheduler_, std::move(*process), command_, log_, options_, announced_);
}

Error StdioLauncher::ended(StdioChild const& child) {
  if (auto why = child.failure()) {
    withheld_ = true;
    return std::move(*why).about(options_.server);
  }
  return Error(Fault::unavailable, Blame::upstream, child.cause())
      .about(options_.server)
      .advise(what_to_do(child));
}

std::string StdioLauncher::what_to_do(StdioChild const& child) const {
  if (!options_.program)
    return "Check the server's url and that it is running; usual paths are /sse, and /mcp of newer servers.";
  if (child.has_no_folder()) return "Make the folder, or correct the server's `cwd`.";
  if (child.never_started()) return "Check the command and the PATH that the server gets.";
  if (!child.chatter().empty()) return "Have it write nothing but MCP messages to stdout.";
  return "Run the command by hand and see what it says.";
}

Task<base::Result<mcp::Message>> StdioLauncher::ask_until(StdioChild& child, mcp::Method method,
                                                          std::string params, mcp::Revision revision,
                                                          base::TimePoint deadline) {
  auto asking = child.ask(method, std::move(params), revision);
  auto const how = co_await base::run_until(scheduler_, asking, deadline);
  if (how != base::Ended::done) {
    auto const chatter = child.chatter();
    co_return Error(Fault::timed_out, Blame::upstream, "the server does not answer" + chatter)
        .about(options_.server)
        .advise(chatter.empty() ? std::string() : what_to_do(child));
  }
  auto answer = asking.take();
  if (!answer && answer.error().fault == Fault::connection_lost) co_return ended(child);
  if (!answer && answer.error().blame != Blame::upstream) withheld_ = true;
  co_return answer;
}

Task<base::Result<StdioLauncher::Probed>> StdioLauncher::probe(base::TimePoint deadline) {
  auto child = spawn();
  if (!child) co_return child.error();
  Probed probed;
  probed.child = std::move(*child);
  StdioDiscovery discovery;
  probed.verdict = discovery.start();
  while (probed.verdict.kind == Kind::discover) {
    auto const revision = probed.verdict.revision;
    auto const patience = std::min(deadline, scheduler_.now() + probe_max_);
    auto answer = co_await ask_until(*probed.child, mcp::Method::server_discover, "{}", revision, patience);
    if (answer) {
      probed.verdict = discovery.answered(*answer);
      if (probed.verdict.kind == Kind::modern) {
        probed.child->speak(probed.verdict.revision);
        probed.identity =
            Dialect(options_.server, probed.verdict.revision, options_.gateway_info).identity(*answer);
      }
    } else if (probed.child->never_started() || withheld_) {
      co_return answer.error();
    } else {
      probed.verdict = answer.error().fault == Fault::timed_out ? discovery.silent() : discovery.exited();
    }
  }
  co_return probed;
}

Task<base::Result<StdioLauncher::Started>> StdioLauncher::initialize(mcp::Revision offer,
                                                                     base::TimePoint deadline) {
  auto spawned = spawn();
  if (!spawned) co_return spawned.error();
  Started started;
  started.child = std::move(*spawned);
  bool corrected = false;
  NextStep next{Kind::initialize, offer, {}};
  while (next.kind == Kind::initialize) {
    auto params = initialize_params(next.revision, options_.gateway_info,
                                    core::ClientCapabilities::everything().write());
    auto const answer = co_await ask_until(*started.child, mcp::Method::initialize, std::move(params),
                                           next.revision, deadline);
    if (!answer) co_return answer.error();
    next = after_initialize(*answer, corrected);
    if (next.kind == Kind::legacy) {
      started.identity = Dialect(options_.server, next.revision, options_.gateway_info).identity(*answer);
    }
  }
  if (next.kind == Kind::failed) co_return std::move(next.error).about(options_.server);
  bool const logs = started.identity.capabilities.find("\"logging\"") != std::string::npos;
  started.child->speak(next.revision, logs);
  started.child->tell(mcp::Method::notifications_initialized, "{}");
  co_return started;
}

Task<base::Result<StdioLauncher::Started>> StdioLauncher::launch(base::TimePoint deadline) {
  withheld_ = false;
  if (spawner_.legacy_only()) legacy_ = mcp::kNewestLegacy;
  if (!legacy_) {
    auto probed = co_await probe(deadline);
    if (!probed) co_return probed.error();
    if (probed->verdict.kind == Kind::failed)
      co_return std::move(probed->verdict.error).about(options_.server);
    if (probed->verdict.kind == Kind::modern) {
      Started started;
      started.child = std::move(probed->child);
      started.identity = std::move(probed->identity);
      co_return started;
    }
    legacy_ = probed->verdict.revision;
    co_await probed->child->shut_down(scheduler_.now() + kSiblingEnd, false);
    probed->child.reset();
    log_.clear();  // the sibling's words; the real child will say its own
  }
  auto started = co_await initialize(*legacy_, deadline);
  if (!started && started.error().fault == Fault::protocol)
    legacy_.reset();  // the program has changed: probe again
  co_return started;
}

Task<std::optional<StdioLauncher::Started>> StdioLauncher::probe_again(base::TimePoint deadline) {
  if (spawner_.legacy_only()) co_return std::nullopt;
  auto probed = co_await probe(deadline);
  if (!probed) co_return std::nullopt;
  if (probed->verdict.kind != Kind::modern) {
    co_await probed->child->shut_down(scheduler_.now() + kSiblingEnd, false);
    co_return std::nullopt;
  }
  legacy_.reset();
  Started started;
  started.child = std::move(probed->child);
  started.identity = std::move(probed->identity);
  co_return started;
}

}  // namespace weir::upstream
