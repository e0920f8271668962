#include <fmt/format.h>

#include "sim/degraded_witness.hpp"
#include "support/fake_server.hpp"

// What DegradedWitness makes of the answers that clients get.
namespace weir::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kMark = R"("dev.weir/degraded":{"source":")";
constexpr base::Duration kStartWait = 30s;  // for the catalogue to learn what a server has

bool is_error(std::string const& text) {
  return text.find(R"("isError":true)") != std::string::npos ||
         text.find(R"("error":{)") != std::string::npos;
}

std::string source_of(std::string const& text) {  // "" without a mark
  auto const at = text.find(kMark);
  if (at == std::string::npos) return {};
  auto const from = at + kMark.size();
  return text.substr(from, text.find('"', from) - from);
}

std::string of(Issued const& call) { return fmt::format("{}.{} {}", call.server, call.tool, call.key); }

}  // namespace

void DegradedWitness::issued(Issued& call) {
  auto const& book = servers_[call.server];
  call.within = terms_.at(call.server).call;
  call.prompt = book.known && !terms_.at(call.server).starts;
  call.least_new = book.newest_write;
}

void DegradedWitness::look(Issued& call) {
  if (call.cancel && !call.silenced && call.cancel->done && !call.cancel->broken &&
      call.reply->finals.empty())
    call.silenced = true;
  if (call.judged || !call.reply->done) return;
  call.judged = true;
  judge(call);
}

void DegradedWitness::judge(Issued& call) {
  auto const& reply = *call.reply;
  auto const lasted = reply.ended - reply.sent;
  if (reply.finals.size() > 1) breach(1, fmt::format("{} answers to {}", reply.finals.size(), of(call)));
  if (call.silenced && !reply.finals.empty())
    breach(1, "an answer to a call that was cancelled: " + of(call));
  if (call.left && reply.finals.empty()) return;
  if (!reply.answered()) return breach(1, "no answer to " + of(call) + ", but " + reply.head.start);
  auto const text = reply.final();
  note(text);
  ++sum_.answers;
  if (member_of(text, "id") != call.id) breach(1, "an answer to another call than " + of(call));
  auto const source = source_of(text);
  bool const from_disk = source == "backup" || source == "default";
  auto const more = (from_disk ? kFileGrace : base::Duration::zero()) + (call.prompt ? 0s : kStartWait);
  if (!call.left && lasted >= call.within + more + kTick)
    breach(1, fmt::format("{} was answered after {} ms of {}: {}", of(call), lasted / 1ms, call.within / 1ms,
                          text));
  auto* const execution = execution_in(text);
  if (!is_error(text)) {
    ++sum_.results;
    return judge_result(call, text, execution);
  }
  if (!source.empty() || execution != nullptr) breach(9, "an error of " + of(call) + " with data: " + text);
}

void DegradedWitness::judge_result(Issued const& call, std::string const& text, Execution const* execution) {
  auto const source = source_of(text);
  bool const read = call.tool == "read";
  if (execution != nullptr && !read) {
    if (execution->key != call.key || execution->tool != call.tool)
      breach(3, "the answer to another question than " + of(call) + ": " + text);
    if (execution->owner != call.principal)
      breach(3, fmt::format("{} was fetched for another caller", of(call)));
  }
  if (!source.empty()) {
    ++sum_.stand_ins;
    return judge_stand_in(call, source, text, execution);
  }
  if (read) {
    // Where nobody lists a URI, because its server is not known yet, the only server with resources is asked.
    std::string const said = call.prompt ? "hello from " + call.server : "hello from ";
    if (text.find(said) == std::string::npos) breach(9, fmt::format("made up for {}: {}", of(call), text));
    return;
  }
  judge_plain(call, text, execution);
}

void DegradedWitness::judge_plain(Issued const& call, std::string const& text, Execution const* execution) {
  auto const& reply = *call.reply;
  if (execution == nullptr || execution->server != call.server || !execution->fetched)
    return breach(9, "nobody said this in answer to " + of(call) + ": " + text);
  if (call.tool == "write") {
    auto& newest = servers_[call.server].newest_write;
    newest = std::max(newest, execution->at);
  }
  if (call.tool != "page") {
    if (execution->at < reply.sent) breach(3, "a copy of what is not to be kept: " + of(call));
    return;
  }
  if (reply.ended - *execution->fetched > terms_.at(call.server).fresh)
    breach(3, fmt::format("a copy {} ms old as if it were new: {}", (reply.ended - *execution->fetched) / 1ms,
                          of(call)));
  if (execution->at < call.least_new) breach(3, "a copy from before an update that had ended: " + of(call));
}

void DegradedWitness::judge_stand_in(Issued const& call, std::string const& source, std::string const& text,
                                     Execution const* execution) {
  auto const& terms = terms_.at(call.server);
  if (call.tool == "write") breach(9, "something stands in for a write");
  if (source == "stale") {
    if (execution == nullptr || execution->server != call.server || call.tool != "page" ||
        !execution->fetched)
      return breach(9, "a copy of nothing: " + text);
    if (call.reply->ended - *execution->fetched > terms.kept)
      breach(3, "a copy older than allowed: " + of(call));
    return;
  }
  if (source == "server") {
    bool const by_other = call.tool == "read" ? text.find("hello from " + terms.other) != std::string::npos
                                              : execution != nullptr && execution->server == terms.other;
    if (!by_other) breach(9, "not what another server said: " + text);
    return;
  }
  auto const mark = text.find(kMark);
  if (text.substr(0, mark).find(kQuestion) != std::string::npos)
    breach(9, "the question stands in what a model reads: " + text);
  bool const known = text.find(kBackupText) != std::string::npos ||
                     text.find(kStandardText) != std::string::npos ||
                     text.find(kMessageText) != std::string::npos ||
                     text.find("This is a default answer") != std::string::npos;
  if (!known || execution != nullptr) breach(9, "neither a file nor a default: " + text);
}

}  // namespace weir::test
