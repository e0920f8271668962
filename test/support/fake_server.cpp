#include "support/fake_server.hpp"

#include <algorithm>

#include "support/fake_wire.hpp"

namespace weir::test {

using mcp::Field;
using mcp::Method;

namespace {

std::string text_result(std::string_view text) {
  return std::string(R"({"resultType":"complete","content":[{"type":"text","text":")")
      .append(text)
      .append("\"}]}");
}

struct Working {
  FakeServer& server;
  explicit Working(FakeServer& s) : server(s) {
    server.working_most = std::max(server.working_most, ++server.working);
  }
  Working(Working const&) = delete;
  Working& operator=(Working const&) = delete;
  ~Working() { --server.working; }
};

}  // namespace

std::string member_of(std::string_view json, std::string_view key) {
  std::string const quoted = "\"" + std::string(key) + "\":";
  auto const at = json.find(quoted);
  if (at == std::string_view::npos) return {};
  auto rest = json.substr(at + quoted.size());
  if (!rest.empty() && rest.front() == '"') return std::string(rest.substr(1, rest.find('"', 1) - 1));
  return std::string(rest.substr(0, rest.find_first_of(",}] ")));
}

bool FakeServer::modern(Request const& request) const {
  return request.message.has(Field::meta_protocol_version);
}

std::string FakeServer::tools_json() const {
  std::string json = R"({"resultType":"complete","ttlMs":0,"cacheScope":"public","tools":[)";
  auto const add = [&json](std::string_view name) {
    json.append(json.back() == '[' ? "" : ",").append(R"({"name":")").append(name);
    json.append(R"(","inputSchema":{"type":"object"}})");
  };
  if (!canned_tool.empty()) return json + canned_tool + "]}";
  for (auto const name : kHonestTools) add(name);
  for (auto const name : kBadTools) add(name);
  if (!canned.empty()) add("canned");
  for (auto const& name : extra_tools) add(name);
  return json + "]}";
}

std::string FakeServer::discover_json() const {
  return std::string(R"({"resultType":"complete","supportedVersions":)") +
         (speaks_ == Speaks::both ? R"(["2026-07-28","2025-06-18"])" : R"(["2026-07-28"])") +
         R"(,"capabilities":)" + capabilities() + "}";
}

void FakeServer::serve(std::unique_ptr<net::Stream> connection) {
  if (alive) connections_.spawn(converse(std::move(connection)));
}

base::Task<void> FakeServer::converse(std::unique_ptr<net::Stream> connection) {
  Wire wire(std::move(connection));
  for (;;) {
    auto head = co_await wire.head();
    if (!head) co_return;
    auto body = co_await wire.body(*head);
    if (!body) co_return;
    auto const key = head->field("authorization");
    ++used[key];
    if (!keys.empty() && !keys.contains(key)) {
      bool const told = co_await wire.write(http(401, ""));
      if (!told) co_return;
      continue;
    }
    if (mute) {
      co_await wire.until_gone();
      co_return;
    }
    if (head->start.starts_with("DELETE ") && reset_delete_next > 0) {
      --reset_delete_next;
      co_return;
    }
    if (head->start.starts_with("DELETE ")) {
      bool const known = sessions_.erase(head->field("mcp-session-id")) > 0;
      bool const told = co_await wire.write(http(known ? 200 : 404, ""));
      if (!told) co_return;
      continue;
    }
    if (head->start.starts_with("GET ") && resumed.size() < canned_streams.size()) {
      resumed.push_back(head->field("last-event-id"));
      co_await wire.write(canned_text(canned_streams[resumed.size() - 1]));
      co_return;
    }
    if (head->start.starts_with("GET ") && !asks_on_get.empty()) {
      co_await ask_on_get(wire);
      co_return;
    }
    if (watchable && head->start.starts_with("GET ")) {
      if (!sessions_.contains(head->field("mcp-session-id"))) {
        co_await wire.write(http(404, ""));
        co_return;
      }
      co_await stream(wire, std::make_shared<Stream>(scheduler_));
      co_return;
    }
    auto message = mcp::decode(std::move(*body));
    if (!head->start.starts_with("POST ") || !message) {
      co_await wire.write(http(405, ""));
      co_return;
    }
    Request request{std::move(*head), std::move(*message), {}};
    request.id = request.message.raw(Field::id);
    bool const more = co_await answer(wire, std::move(request));
    if (!more) co_return;
  }
}

base::Task<void> FakeServer::ask_on_get(Wire& wire) {
  ++seen["GET"];
  co_await wire.write(std::string(kEventHead));
  while (working == 0) co_await scheduler_.sleep_for(std::chrono::milliseconds{10});
  co_await wire.write(event_of(asks_on_get));
  co_await wire.until_gone();
}

base::Task<bool> FakeServer::result(Wire& wire, std::string id, std::string json) {
  co_return co_await wire.write(http(200, response(id, json)));
}

base::Task<bool> FakeServer::answer_legacy_handshake(Wire& wire, Request const& request) {
  std::string const id = "s" + std::to_string(++session_count_);
  if (!forgets_at_once) sessions_.insert(id);
  if (handshake_takes > base::Duration::zero()) co_await scheduler_.sleep_for(handshake_takes);
  std::string const body =
      response(request.id, R"({"protocolVersion":"2025-06-18","capabilities":)" + capabilities() +
                               R"(,"serverInfo":{"name":")" + name_ + R"("}})");
  co_return co_await wire.write(http(200, body, "Mcp-Session-Id: " + id + "\r\n"));
}

base::Task<bool> FakeServer::answer(Wire& wire, Request request) {
  std::string scratch;
  ++seen[std::string(request.message.text(Field::method, scratch))];
  if (request.message.kind() == mcp::MessageKind::notification) {
    if (request.message.method() == Method::notifications_cancelled)
      cancelled.emplace_back(request.message.bytes());
    if (mute_notifications) {
      co_await wire.until_gone();
      co_return false;
    }
    co_return co_await wire.write(http(202, ""));
  }
  if (request.message.kind() != mcp::MessageKind::request) {
    replies.emplace_back(request.message.bytes());
    co_return co_await wire.write(http(202, ""));
  }
  if (reset_next > 0 && reset_after > 0) {
    --reset_after;
  } else if (reset_next > 0) {
    --reset_next;
    co_return false;
  }
  if (unavailable_next > 0) {
    --unavailable_next;
    co_return co_await wire.write(http(503, ""));
  }
  if (nameless_errors_next > 0) {
    --nameless_errors_next;
    co_return co_await wire.write(
        http(200, R"({"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"Internal error"}})"));
  }
  bool const is_modern = modern(request);
  if (is_modern && speaks_ == Speaks::legacy) {
    co_return co_await wire.write(
        http(400, R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: no session"}})"));
  }
  auto const method = request.message.method();
  if (method == Method::initialize && speaks_ != Speaks::modern) {
    co_return co_await answer_legacy_handshake(wire, request);
  }
  if (!is_modern && !sessions_.contains(request.head.field("mcp-session-id"))) {
    co_return co_await wire.write(
        http(404, R"({"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}})"));
  }
  switch (method) {
    case Method::server_discover: co_return co_await result(wire, request.id, discover_json());
    case Method::tools_list: co_return co_await result(wire, request.id, tools_json());
    case Method::resources_list:
      co_return co_await result(
          wire, request.id,
          R"({"resultType":"complete","resources":[{"uri":"res://)" + name_ + R"(/a","name":"a"}]})");
    case Method::resources_templates_list:
      co_return co_await result(wire, request.id, R"({"resultType":"complete","resourceTemplates":[]})");
    case Method::resources_read:
      co_return co_await result(
          wire, request.id,
          R"({"resultType":"complete","ttlMs":0,"cacheScope":"private","contents":[{"uri":"res://)" + name_ +
              R"(/a","text":"hello from )" + name_ + R"("}]})");
    case Method::logging_set_level:
      levels.push_back(std::string(request.message.raw(Field::level)));
      co_return co_await result(wire, request.id, "{}");
    case Method::tools_call: co_return co_await call_tool(wire, std::move(request));
    default: co_return co_await answer_watcher(wire, request);
  }
}

base::Task<bool> FakeServer::call_tool(Wire& wire, Request request) {
  client_capabilities.emplace_back(request.message.raw(mcp::Field::meta_client_capabilities));
  std::string scratch;
  std::string const tool(request.message.text(Field::name, scratch));
  std::string const arguments(request.message.raw(Field::arguments));
  std::string const key = member_of(arguments, "key");
  if (!wanted_header.empty() && request.head.field(wanted_header).empty()) {
    co_return co_await wire.write(
        http(400, R"({"jsonrpc":"2.0","id":)" + request.id + R"(,"error":{"code":-32020,"message":"x"}})"));
  }
  if (weather == "429" || weather == "401" || weather == "403") {
    co_return co_await wire.write(http(std::stoi(weather), "", weather == "429" ? "Retry-After: 1\r\n" : ""));
  }
  Working const mark(*this);
  if (ledger_ != nullptr && !key.empty()) ledger_->executed(key);
  std::string const text = text_result(words ? words(tool, key) : "{" + key + "} from " + name_);
  if (lag > base::Duration::zero()) co_await scheduler_.sleep_for(lag);
  if (!weather.empty()) co_return co_await misbehave(wire, request, weather, text);
  if (tool == "slow") {
    co_await scheduler_.sleep_for(std::chrono::milliseconds{std::atoi(member_of(arguments, "ms").c_str())});
    co_return co_await result(wire, request.id, text);
  }
  if (tool == "canned") {
    canned_id_ = request.id;
    std::string sent = canned_text(canned);
    bool const last = sent.find("Connection: close") != std::string::npos;
    bool const told = co_await wire.write(std::move(sent));
    co_return told && !last;
  }
  if (tool == "progress") co_return co_await progress(wire, request, text);
  bool const bad = std::find(std::begin(kBadTools), std::end(kBadTools), tool) != std::end(kBadTools);
  if (!bad) co_return co_await result(wire, request.id, text);
  co_return co_await misbehave(wire, request, tool, text);
}

std::string FakeServer::canned_text(std::string text) const {
  for (auto at = text.find("%ID%"); at != std::string::npos; at = text.find("%ID%"))
    text.replace(at, 4, canned_id_);
  return text;
}

base::Task<bool> FakeServer::progress(Wire& wire, Request const& request, std::string text) {
  std::string const arguments(request.message.raw(Field::arguments));
  std::string const token(request.message.raw(Field::meta_progress_token));
  int const count = std::atoi(member_of(arguments, "n").c_str());
  std::chrono::milliseconds const pause{std::atoi(member_of(arguments, "ms").c_str())};
  auto const padding = static_cast<std::size_t>(std::atoi(member_of(arguments, "bytes").c_str()));
  bool told = co_await wire.write(std::string(kEventHead));
  for (int i = 1; told && i <= count; ++i) {
    co_await scheduler_.sleep_for(pause);
    std::string note = R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
                       token + R"(,"progress":)" + std::to_string(i) + R"(,"message":")" +
                       std::string(padding, 'p') + R"("}})";
    if (!token.empty()) told = co_await wire.write(event_of(note));
  }
  if (!told) {
    hung_up.push_back(scheduler_.now());
    co_return false;
  }
  co_await scheduler_.sleep_for(pause);
  co_return co_await wire.write(event_of(response(request.id, text)) + "0\r\n\r\n");
}

base::Task<bool> FakeServer::drip(Wire& wire, std::string text) {
  constexpr std::size_t kPieces = 8;
  std::size_t const piece = text.size() / kPieces + 1;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    bool const told = co_await wire.write(text.substr(at, piece));
    if (!told) co_return false;
    co_await scheduler_.sleep_for(drip_pause);
  }
  co_return true;
}

base::Task<bool> FakeServer::misbehave(Wire& wire, Request const& request, std::string tool,
                                       std::string text) {
  std::string const body = response(request.id, text);
  if (tool == "hang") {
    co_await wire.until_gone();
    hung_up.push_back(scheduler_.now());
  } else if (tool == "half") {
    std::string const whole = http(200, body);
    co_await wire.write(whole.substr(0, whole.size() - body.size() / 2));
  } else if (tool == "half_sse") {
    std::string const whole = event_of(body);
    co_await wire.write(std::string(kEventHead) + whole.substr(0, whole.size() / 2));
  } else if (tool == "wrong_id") {
    co_return co_await wire.write(
        http(200, response(request.id + "7", text_result("{k-of-another} from " + name_))));
  } else if (tool == "503") {
    co_return co_await wire.write(http(503, ""));
  } else if (tool == "drip") {
    co_return co_await drip(wire, http(200, body));
  } else if (tool == "malformed") {
    co_return co_await wire.write(http(200, body.substr(0, body.size() - 1)));
  }
  co_return false;
}

}  // namespace weir::test
