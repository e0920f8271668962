#include "upstream/own_request.hpp"

#include <fmt/format.h>

namespace weir::upstream {
namespace {

std::string with_envelope(std::string_view params, mcp::Revision revision, std::string_view gateway_info) {
  auto const inside = params.substr(params.find('{') + 1);
  bool const empty = inside[inside.find_first_not_of(" \t")] == '}';
  return fmt::format(R"({{"_meta":{{"{}":"{}","{}":{{}},"{}":{}}}{}{})", kMetaProtocolVersion,
                     mcp::text_of(revision), kMetaClientCapabilities, kMetaClientInfo, gateway_info,
                     empty ? "" : ",", inside);
}

}  // namespace

std::string own_request(mcp::Method method, std::string_view params, std::uint64_t id, mcp::Revision revision,
                        std::string_view gateway_info) {
  std::string envelope;
  if (mcp::is_modern(revision)) {
    envelope = with_envelope(params, revision, gateway_info);
    params = envelope;
  }
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"{}","params":{}}})", id,
                     mcp::traits_of(method).name, params);
}

std::string initialize_params(mcp::Revision offered, std::string_view gateway_info,
                              std::string_view capabilities) {
  return fmt::format(R"({{"protocolVersion":"{}","capabilities":{},"clientInfo":{}}})", mcp::text_of(offered),
                     capabilities, gateway_info);
}

std::string own_notification(mcp::Method method, std::string_view params) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":"{}","params":{}}})", mcp::traits_of(method).name, params);
}

std::string cancel_notification(std::uint64_t id) {
  return own_notification(mcp::Method::notifications_cancelled, fmt::format(R"({{"requestId":{}}})", id));
}

bool answers(mcp::Message const& message, std::uint64_t id) {
  bool const error = message.kind() == mcp::MessageKind::error;
  if (error && !message.has(mcp::Field::id)) return true;
  if (!error && message.kind() != mcp::MessageKind::result) return false;
  fmt::format_int const text(id);
  return message.raw(mcp::Field::id) == std::string_view(text.data(), text.size());
}

std::string reply_to_server(mcp::Message const& request) {
  auto const id = request.raw(mcp::Field::id);
  if (request.method() == mcp::Method::ping) {
    return fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{{}}}})", id);
  }
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{{"code":-32601,"message":"Method not found"}}}})",
                     id);
}

}  // namespace weir::upstream
