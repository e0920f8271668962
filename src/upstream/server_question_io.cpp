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

namespace {

// The params of the request without what concerns the server's hop: nobody hears of progress there, and only
// a legacy client knows tasks by the server's ids (P118).
std::string shown_params(core::Call const& call, mcp::Message const& request) {
  auto const params = request.span(Field::params);
  auto const gone = core::hop_members(request, {.related_task = call.modern()});
  if (gone.empty()) return std::string(params.of(request.bytes()));
  mcp::Splice edits(request.bytes());
  edits.erase_members(gone);
  edits.erase({0, params.begin});
  edits.erase({params.end, static_cast<std::uint32_t>(request.bytes().size())});
  std::string out;
  edits.append_to(out);
  return out;
}

}  // namespace

base::Task<std::string> answer_of_client(core::Call& call, mcp::Message request) {
  if (!may_ask(call, request)) co_return reply_to_server(request);
  std::string reply = R"({"jsonrpc":"2.0","id":)" + std::string(request.raw(Field::id));
  auto const answer = co_await call.client->ask(std::string(mcp::traits_of(request.method()).name),
                                                shown_params(call, request));
  if (!answer) {
    bool const unsupported = answer.error().fault == base::Fault::unsupported;
    reply += unsupported ? R"(,"error":{"code":-32601,"message":"The client does not offer this"}})"
                         : R"(,"error":{"code":-32603,"message":"The client did not answer"}})";
  } else if (answer->kind() == mcp::MessageKind::result) {
    reply.append(R"(,"result":)").append(answer->raw(Field::result)).append("}");
  } else {
    reply.append(R"(,"error":)").append(answer->raw(Field::error)).append("}");
  }
  co_return reply;
}

}  // namespace weir::upstream
