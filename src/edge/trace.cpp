#include "edge/trace.hpp"

#include "observe/trace_context.hpp"

namespace weir::edge {

using mcp::Field;

void continue_trace(core::Call& call, std::string_view traceparent, std::string_view tracestate,
                    base::Random& random) {
  bool const in_meta = call.request.is(Field::meta_traceparent, mcp::JsonKind::string);
  if (!in_meta && traceparent.empty()) return;
  std::string scratch;
  auto theirs = in_meta ? observe::TraceContext::parse(call.request.text(Field::meta_traceparent, scratch))
                        : std::nullopt;
  bool const meta_wins = theirs.has_value();
  if (!meta_wins) theirs = observe::TraceContext::parse(traceparent);
  if (!theirs) return;
  call.traceparent = theirs->child(random).format();
  auto const state = meta_wins ? call.request.text(Field::meta_tracestate, scratch) : tracestate;
  if (state.size() <= kTraceStateBytesMax) call.tracestate = state;
}

}  // namespace weir::edge
