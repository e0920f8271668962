#include "edge/call_meter.hpp"

#include "base/append.hpp"
#include "edge/cache_fields.hpp"
#include "edge/degraded_field.hpp"

namespace weir::edge {
namespace {

double seconds(base::Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

CallMeter::Handles CallMeter::handles_of(core::Call const& call) {
  auto const& method = mcp::traits_of(call.method).name;
  key_.clear();
  base::append(key_, call.facts.server, '\n', method, '\n', call.facts.tool);
  auto const found = handles_.find(key_);
  if (found != handles_.end()) return found->second;
  std::string_view const shown = method.empty() ? std::string_view("_other") : method;
  Handles handles{&metrics_.operation(call.facts.server, shown, call.facts.tool),
                  call.facts.server.empty() ? nullptr : &metrics_.server(call.facts.server)};
  if (handles_.size() < kHandlesMax) handles_.emplace(key_, handles);
  return handles;
}

void CallMeter::record(core::Call const& call, CallRecord const& record) {
  auto const transport = call.http ? observe::Transport::tcp : observe::Transport::pipe;
  auto const version = mcp::text_of(call.revision);
  Handles const handles = handles_of(call);
  handles.operation->count(record.outcome);
  handles.operation->served(seconds(record.duration), version, transport, record.error_type);
  if (handles.server != nullptr) {
    handles.operation->called(seconds(call.facts.upstream), version, transport, record.error_type);
    handles.server->response_time.observe(seconds(record.duration));
    // Whatever the client got instead: its server had not answered by then.
    bool const late = record.error_type == "timed_out" || call.facts.degraded.reason == "timed_out";
    if (late) handles.server->timeouts.add();
  }
  if (!record.denied.empty()) metrics_.gateway().policy_denied.of(call.principal->kind).add(record.denied);
  if (!access_lines_ || !log_.wants(observe::Level::info)) return;
  observe::AccessLine line;
  line.at = clock_.wall();
  line.request_id = record.request_id;
  std::array<char, 8> tag{};
  if (call.session) {
    tag = observe::session_tag(call.session->id);
    line.session = {tag.data(), tag.size()};
  }
  line.era = version;
  line.principal = call.principal->id;
  line.server = call.facts.server;
  line.tool = call.facts.tool;
  line.method = mcp::traits_of(call.method).name;
  line.outcome = record.error_type.empty() ? std::string_view("ok") : record.error_type;
  line.cache = word_of(call.facts.cache.use);
  line.degraded = word_of(call.facts.degraded.by);
  line.duration = record.duration;
  line.upstream = call.facts.upstream;
  if (!call.traceparent.empty()) line.trace_id = std::string_view(call.traceparent).substr(3, 32);
  line.bytes_in = record.bytes_in;
  line.bytes_out = record.bytes_out;
  line.error_type = record.error_type;
  line.error_code = record.error_code;
  log_.access(line);
}

}  // namespace weir::edge
