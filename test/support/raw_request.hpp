// Requests to Weir as text, for tests that choose every header and every byte of the body themselves.
//
// To be sent with FakeClient::post(). Ids are 1 unless the test writes its own body.
#pragma once

#include <string>

namespace weir::test {

inline constexpr char kMeta[] = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                                R"("io.modelcontextprotocol/clientCapabilities":{}})";
inline constexpr char kMedia[] =
    "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n";

inline std::string post(std::string const& fields, std::string const& body,
                        std::string const& start = "POST /mcp") {
  return start + " HTTP/1.1\r\nHost: localhost\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline std::string modern_fields(std::string const& method, std::string const& name = {}) {
  return std::string(kMedia) + "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n" +
         (name.empty() ? "" : "Mcp-Name: " + name + "\r\n");
}
inline std::string modern(std::string const& method, std::string const& inside = {}) {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + inside + kMeta + "}}";
}
inline std::string legacy(std::string const& method, std::string const& params = "{}") {
  return R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}";
}

}  // namespace weir::test
