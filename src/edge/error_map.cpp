#include "edge/error_map.hpp"

#include <fmt/core.h>

#include "mcp/json_text.hpp"

namespace weir::edge {

using base::Blame;
using base::Error;
using base::Fault;

namespace {

struct Row {
  Fault fault;
  int http;
  int code;
  char const* said;  // {} is the server, or "Weir"
};

constexpr Row kRows[] = {
    {Fault::invalid_input, 400, -32602, "The request is not valid"},
    {Fault::too_large, 200, 5020, "The answer of {} is too large"},
    {Fault::not_found, 404, -32001, "Session not found"},
    {Fault::denied, 403, 4030, "Not allowed"},
    {Fault::unauthenticated, 401, 4010, "Authentication is required"},
    {Fault::busy, 503, 4290, "{} is busy"},
    {Fault::limited, 429, 4290, "Too many calls"},
    {Fault::starting, 200, 5030, "{} is still starting"},
    {Fault::unavailable, 200, 5030, "{} is not available"},
    {Fault::breaker_open, 200, 5030, "{} failed too often and is left alone for a while"},
    {Fault::throttled, 200, 5030, "{} has too much to do"},
    {Fault::connect_failed, 200, 5030, "{} cannot be reached"},
    {Fault::connection_lost, 200, 5020,
     "{} went away before it answered; the call may or may not have been executed"},
    {Fault::protocol, 200, 5020, "{} answered with something that is not MCP"},
    {Fault::refused, 200, 5020, "{} refused the request"},
    {Fault::timed_out, 200, 5040, "{} did not answer in time"},
    {Fault::unsupported, 200, -32601, "{} does not offer this"},
    {Fault::config, 200, -32603, "{} is not configured correctly"},
    {Fault::cancelled, 202, 4990, "Cancelled"},
    {Fault::internal, 200, -32603, "Weir failed"},
};

Row const& row_of(Fault fault) {
  for (auto const& row : kRows) {
    if (row.fault == fault) return row;
  }
  return kRows[std::size(kRows) - 1];
}

// What a server refuses to the gateway is nothing that a caller could sign in for.
Row const& row_of(Error const& error) {
  bool const of_caller = error.fault == Fault::unauthenticated || error.fault == Fault::denied;
  return row_of(of_caller && error.blame != Blame::client ? Fault::unavailable : error.fault);
}

// What ends before a server is asked is not told as if the server had done it.
char const* said(Row const& row, Error const& error) {
  if (error.blame == Blame::upstream || error.server.empty()) return row.said;
  if (row.fault == Fault::timed_out) return "{} could not be asked in time";
  return row.fault == Fault::throttled ? "{} cannot be asked yet" : row.said;
}

void member(std::string& json, std::string_view key, std::string_view text) {
  if (text.empty()) return;
  json += json.size() > 1 ? "," : "";
  mcp::append_json_string(json, key);
  json += ':';
  mcp::append_json_string(json, text);
}

}  // namespace

bool is_upstream_failure(Error const& error) noexcept {
  switch (error.fault) {
    case Fault::starting:
    case Fault::unavailable:
    case Fault::breaker_open:
    case Fault::throttled:
    case Fault::refused:
    case Fault::connect_failed:
    case Fault::connection_lost:
    case Fault::protocol:
    case Fault::timed_out:
    case Fault::config:
    case Fault::too_large: return true;
    case Fault::unauthenticated:
    case Fault::denied: return error.blame != Blame::client;
    default: return false;
  }
}

ErrorAnswer answer_for(Error const& error, bool modern, std::string_view tool, std::string_view request_id) {
  Row const& row = row_of(error);
  ErrorAnswer answer;
  answer.http = row.http;
  answer.code = modern && row.code == -32001 ? -32602 : row.code;
  bool const ours = error.server.empty() && error.blame != Blame::upstream;
  std::string const server = ours                   ? "Weir"
                             : error.server.empty() ? "The server"
                                                    : fmt::format("The server `{}`", error.server);
  answer.message = fmt::format(fmt::runtime(said(row, error)), server);
  std::string data = "{";
  member(data, "source", error.blame == Blame::upstream ? "upstream" : "gateway");
  member(data, "reason", base::name_of(error.fault));
  member(data, "server", error.server);
  member(data, "tool", tool);
  member(data, "requestId", request_id);
  member(data, "hint", error.hint);
  bool const passing = error.fault == Fault::busy || error.fault == Fault::starting;
  auto const wait =
      error.retry_after <= base::Duration::zero() && passing ? std::chrono::seconds{1} : error.retry_after;
  if (wait > base::Duration::zero()) {
    data += fmt::format(R"(,"retryAfterMs":{})", std::chrono::ceil<std::chrono::milliseconds>(wait).count());
    answer.fields = fmt::format("Retry-After: {}\r\n", std::chrono::ceil<std::chrono::seconds>(wait).count());
  }
  data += '}';
  answer.data = std::move(data);
  return answer;
}

std::string tool_result_for(ErrorAnswer const& answer, Error const& error, bool modern) {
  std::string text = answer.message + ".";
  if (!error.hint.empty()) text += " " + error.hint;
  std::string json = R"({"content":[{"type":"text","text":)";
  mcp::append_json_string(json, text);
  json += R"(}],"isError":true)";
  if (modern) json += R"(,"resultType":"complete")";
  json += R"(,"_meta":{"io.weir/error":)" + answer.data + "}}";
  return json;
}

}  // namespace weir::edge
