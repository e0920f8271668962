#include "core/client_capabilities.hpp"
#include "core/hop_meta.hpp"
#include "upstream/own_request.hpp"
#include "upstream/server_question.hpp"

namespace weir::upstream {

using mcp::Field;

bool may_ask(core::Call const& call, mcp::Message const& request) {
  auto const method = request.method();
  if (!mcp::traits_of(method).to_client || method == mcp::Method::ping) return false;
  return core::ClientCapabilities::of(call).missing(method, request.raw(Field::params)).empty();
}

base::Task<std::string> answer_of_client(core::Call& call, mcp::Message request) {
  if (!may_ask(call, request)) co_return reply_to_server(request);
  // Nobody hears of the server's progress there, nor it of the client's, and only a legacy client knows tasks
  // by the server's ids (P118).
  core::HopKeys const keys{.related_task = call.modern()};
  std::string reply = R"({"jsonrpc":"2.0","id":)" + std::string(request.raw(Field::id));
  auto const answer = co_await call.client->ask(std::string(mcp::traits_of(request.method()).name),
                                                core::without_hop_meta(request.raw(Field::params), keys));
  if (!answer) {
    bool const unsupported = answer.error().fault == base::Fault::unsupported;
    reply += unsupported ? R"(,"error":{"code":-32601,"message":"The client does not offer this"}})"
                         : R"(,"error":{"code":-32603,"message":"The client did not answer"}})";
  } else if (answer->kind() == mcp::MessageKind::result) {
    auto const said = core::without_hop_meta(answer->raw(Field::result), keys);
    reply.append(R"(,"result":)").append(said).append("}");
  } else {
    reply.append(R"(,"error":)").append(answer->raw(Field::error)).append("}");
  }
  co_return reply;
}

}  // namespace weir::upstream
