#include "support/fake_client.hpp"

#include <algorithm>

#include "base/run_until.hpp"
#include "mcp/message.hpp"
#include "support/fake_server.hpp"

namespace weir::test {

namespace {

constexpr std::string_view kEnvelope =
    R"("io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
    R"("io.modelcontextprotocol/clientInfo":{"name":"fake","version":"1"},)"
    R"("io.modelcontextprotocol/clientCapabilities":)";

}  // namespace

std::string FakeClient::message(std::string const& method, std::string const& inside,
                                std::string const& id) const {
  bool const note = method.starts_with("notifications/");
  std::string meta = era_ == Era::modern ? std::string(kEnvelope) + capabilities : std::string();
  if (era_ == Era::modern && !log_level.empty())
    meta += R"(,"io.modelcontextprotocol/logLevel":")" + log_level + '"';
  if (ask_progress && method == "tools/call") {
    meta.append(meta.empty() ? "" : ",").append(R"("progressToken":)").append(id);
  }
  std::string params = meta.empty() ? std::string() : R"("_meta":{)" + meta + "}";
  if (!inside.empty()) params.append(params.empty() ? "" : ",").append(inside);
  std::string text = R"({"jsonrpc":"2.0",)";
  if (!note) text += R"("id":)" + id + ",";
  return text + R"("method":")" + method + R"(","params":{)" + params + "}}";
}

std::string FakeClient::post_text(std::string const& fields, std::string const& body) const {
  return "POST " + path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
         "Accept: application/json, text/event-stream\r\n" +
         own_fields + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string FakeClient::modern_fields(std::string const& method, std::string const& inside) const {
  std::string fields = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n";
  if (method == "tools/call" || method == "prompts/get")
    fields += "Mcp-Name: " + member_of(inside, "name") + "\r\n";
  if (method == "resources/read") fields += "Mcp-Name: " + member_of(inside, "uri") + "\r\n";
  return fields;
}

FakeClient::Replied FakeClient::request(std::string method, std::string params_inside, std::string id) {
  std::string const body = message(method, params_inside, id);
  if (era_ == Era::modern) return start(post_text(modern_fields(method, params_inside), body));
  return start(post_text("Mcp-Session-Id: " + session_ + "\r\nMCP-Protocol-Version: 2025-06-18\r\n", body));
}

FakeClient::Replied FakeClient::call(std::string tool, std::string arguments, std::string id) {
  return request("tools/call", R"("name":")" + tool + R"(","arguments":)" + arguments, std::move(id));
}

FakeClient::Replied FakeClient::initialize() {
  return start(post_text("", message("initialize",
                                     R"("protocolVersion":"2025-06-18","capabilities":)" + capabilities +
                                         R"(,"clientInfo":{"name":"fake","version":"1"})",
                                     "0")));
}

FakeClient::Replied FakeClient::end_session() {
  return start("DELETE " + path + " HTTP/1.1\r\nHost: localhost\r\n" + own_fields +
               "Mcp-Session-Id: " + session_ + "\r\n\r\n");
}

FakeClient::Replied FakeClient::cancel(std::string id) {
  return request("notifications/cancelled", R"("requestId":)" + id, "");
}

FakeClient::Replied FakeClient::post(std::string head_and_body) { return start(std::move(head_and_body)); }

FakeClient::Replied FakeClient::start(std::string text) {
  auto reply = std::make_shared<Reply>();
  reply->sent = scheduler_.now();
  auto cut = std::make_shared<base::Event>(scheduler_);
  std::erase_if(cuts_, [](auto const& one) { return one.first.expired() || one.second.expired(); });
  cuts_.emplace_back(reply, cut);
  tasks_.spawn(run(std::move(text), reply, std::move(cut)));
  return reply;
}

void FakeClient::hang_up(Replied const& of) {
  for (auto const& [reply, cut] : cuts_) {
    if (auto const event = cut.lock(); event && reply.lock() == of) event->set();
  }
}

base::Task<void> FakeClient::run(std::string text, Replied reply, std::shared_ptr<base::Event> cut) {
  auto work = converse(std::move(text), reply);
  auto const ended = co_await base::run_until(scheduler_, work, base::TimePoint::max(), cut.get());
  work = {};  // a cut exchange closes its connection here
  if (ended != base::Ended::done) reply->broken = true;
  reply->done = true;
  reply->ended = scheduler_.now();
  if (on_done) on_done(reply);
}

base::Task<void> FakeClient::converse(std::string text, Replied reply) {
  std::unique_ptr<Wire> wire;
  while (!idle_.empty() && !wire) {
    wire = std::move(idle_.back());
    idle_.pop_back();
    if (wire->stream().arm_read().is_set()) wire.reset();  // closed meanwhile
  }
  if (!wire) {
    auto stream = co_await connect_();
    if (!stream) {
      reply->broken = true;
      co_return;
    }
    wire = std::make_unique<Wire>(std::move(stream));
  }
  co_await wire->write(std::move(text));
  co_await read_answer(*wire, reply);
  if (!reply->broken && reply->head.field("connection") != "close") idle_.push_back(std::move(wire));
}

base::Task<void> FakeClient::read_answer(Wire& wire, Replied reply) {
  auto head = co_await wire.head();
  if (!head) {
    reply->broken = true;
    co_return;
  }
  reply->head = std::move(*head);
  if (auto const given = reply->head.field("mcp-session-id"); !given.empty()) session_ = given;
  if (!reply->head.field("content-type").starts_with("text/event-stream")) {
    auto body = co_await wire.body(reply->head);
    if (!body) {
      reply->broken = true;
      co_return;
    }
    reply->body = *body;
    if (reply->head.field("content-type") == "application/json")
      take(*reply, std::move(*body), scheduler_.now());
    co_return;
  }
  for (;;) {
    co_await reading_.wait();
    auto event = co_await wire.event();
    if (!event) break;
    take(*reply, std::move(*event), scheduler_.now());
  }
  if (!wire.stream_ended()) reply->broken = true;
}

void FakeClient::take(Reply& reply, std::string text, base::TimePoint now) {
  auto const message = mcp::decode(text);
  bool const note = message && message->kind() == mcp::MessageKind::notification;
  if (!note) {
    reply.finals.push_back(message ? std::move(text) : "not JSON-RPC: " + text);
    return;
  }
  if (reply.notes.empty()) reply.first_note = now;
  reply.note_bytes += text.size();
  reply.notes.push_back(std::move(text));
}

}  // namespace weir::test
