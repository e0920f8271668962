// What FakeServer writes on the wire: HTTP answers, events, JSON-RPC responses.
//
// Test code; pure functions.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace weir::test {

inline constexpr std::string_view kEventHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

inline std::string http(int status, std::string_view body, std::string_view fields = {}) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
  if (!body.empty()) text += "Content-Type: application/json\r\n";
  text.append(fields)
      .append("Content-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n\r\n")
      .append(body);
  return text;
}

inline std::string chunk_of(std::string_view payload) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", payload.size());
  return std::string(size).append(payload).append("\r\n");
}

inline std::string event_of(std::string_view json) {
  return chunk_of(std::string("event: message\ndata: ").append(json).append("\n\n"));
}

inline std::string response(std::string_view id, std::string_view result) {
  return std::string(R"({"jsonrpc":"2.0","id":)")
      .append(id)
      .append(R"(,"result":)")
      .append(result)
      .append("}");
}

}  // namespace weir::test
