#include "app/call_command.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "app/call_arguments.hpp"
#include "app/call_text.hpp"
#include "app/command_failure.hpp"
#include "app/exit_codes.hpp"
#include "app/server_talk.hpp"
#include "app/shown_text.hpp"
#include "app/status_view.hpp"
#include "base/say.hpp"
#include "mcp/json_text.hpp"
#include "router/hidden_text.hpp"

namespace weir::app {

using base::Fault;
using base::Result;
using mcp::Field;
using mcp::Method;

namespace {

constexpr int kPagesMax = 1000;
constexpr base::Duration kStatusWithin = std::chrono::seconds{5};

int failed(int code, std::string const& what, std::string const& fix = {}) {
  base::say("error: {}\n", what);
  if (!fix.empty()) base::say("  = {}\n", fix);
  return code;
}

int failed(base::Error const& error) {
  int code = kExitUnavailable;
  if (error.fault == Fault::busy || error.fault == Fault::timed_out) code = kExitTryLater;
  if (error.fault == Fault::denied) code = kExitDenied;
  return failed(code, shown(error.detail), error.hint.empty() ? "" : "fix: " + error.hint);
}

std::string quoted(std::string_view text) {
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

void print_text(std::string const& text) {
  fmt::print("{}", ::isatty(STDOUT_FILENO) != 0 ? shown_lines(text) : text);
}

int print_answer(Result<mcp::Message> const& answer, bool json, std::string (*render)(std::string_view)) {
  if (!answer) return failed(answer.error());
  bool const error = answer->kind() == mcp::MessageKind::error;
  if (json) fmt::print("{}\n", answer->raw(error ? Field::error : Field::result));
  if (error) base::say("{}", error_text(*answer));
  if (!json && !error) print_text(render(answer->raw(Field::result)));
  return exit_code_of(*answer);
}

// What the gateway says of itself, as far as it can be asked: for the way to MCP and for better error
// messages.
StatusView status_of(CallRequest const& request, GatewayAddress const& address, std::string const& key) {
  if (!request.gateway.url.empty()) return {};
  auto const answer = get_from(address.admin, "/api/v1/status", key, kStatusWithin);
  auto status = answer ? read_status(answer->body) : Result<StatusView>(answer.error());
  return status ? std::move(*status) : StatusView{};
}

// 0, or the exit code of what has been said: only a gateway that --admin names says itself where its MCP is.
// Calls of any other must go on without its status, which may want another key.
int ask_status(CallRequest const& request, GatewayAddress const& address, std::string const& key,
               StatusView& status) {
  bool const needed = !request.gateway.admin.empty() && request.gateway.url.empty();
  if (!needed) {
    status = status_of(request, address, key);
    return kExitOk;
  }
  auto const answer = get_from(address.admin, "/api/v1/status", key, kStatusWithin);
  if (int const code = unheard(address.admin, answer)) return code;
  auto read = read_status(answer->body);
  if (answer->status != 200 || !read) return foreign(address.admin);
  status = std::move(*read);
  if (!status.mcp_urls.empty()) return kExitOk;
  return failed(kExitUnavailable, fmt::format("the gateway at {} serves no URL, only a client of its own",
                                              address.admin.authority));
}

int unknown_server(std::string_view name, StatusView const& status) {
  std::vector<std::string_view> known;
  for (auto const& server : status.servers) known.push_back(server.name);
  auto const meant = meant_by(name, known);
  return failed(kExitUsage, fmt::format("there is no server `{}`", shown(name)),
                meant.empty() ? "`weir status` lists them" : fmt::format("did you mean `{}`?", shown(meant)));
}

class Caller {
 public:
  // `suspects`: of the server's tools, as far as that is known.
  Caller(CallRequest const& request, CallTarget const& target, std::string const& arguments,
         std::uint64_t suspects, ServerTalk& talk)
      : request_(request),
        server_(target.server),
        tool_(target.tool),
        arguments_(arguments),
        suspects_(suspects),
        talk_(talk) {}

  int run() {
    if (!request_.read.empty()) return read_resource();
    if (!request_.prompt.empty()) return get_prompt();
    auto const listed = list_tools();
    if (!listed) return failed(listed.error());
    if (tool_.empty()) return print_tools();
    auto const* const tool = named_tool();
    if (!request_.schema) return call_tool(tool);
    if (tool == nullptr) return unknown_tool();
    fmt::print("{}\n", tool->input_schema);
    return kExitOk;
  }

 private:
  Result<void> list_tools() {
    std::string cursor;
    for (int page = 0; page < kPagesMax; ++page) {
      auto const answer =
          talk_.request(Method::tools_list, cursor.empty() ? "{}" : R"({"cursor":)" + cursor + "}");
      if (!answer) return answer.error();
      if (answer->kind() != mcp::MessageKind::result) {
        std::string scratch;
        return base::Error(Fault::unavailable, base::Blame::upstream,
                           std::string(answer->text(Field::error_message, scratch)));
      }
      if (!answer->is(Field::tools, mcp::JsonKind::array)) {
        return base::Error(Fault::protocol, base::Blame::upstream, "there is no list of tools in its answer");
      }
      auto more = read_tools(answer->raw(Field::result));
      std::move(more.begin(), more.end(), std::back_inserter(tools_));
      auto const listed = inside(answer->raw(Field::tools));
      bool const any = listed.find_first_not_of(" \t\r\n") != std::string_view::npos;
      if (any) raw_.append(raw_.empty() ? "" : ",").append(listed);
      cursor = answer->is(Field::next_cursor, mcp::JsonKind::string) ? answer->raw(Field::next_cursor) : "";
      if (cursor.empty()) break;
    }
    return {};
  }
  static std::string_view inside(std::string_view array) { return array.substr(1, array.size() - 2); }

  int print_tools() const {
    if (request_.json) fmt::print("{{\"tools\":[{}]}}\n", raw_);
    if (!request_.json && tools_.empty()) base::say("{}", no_tools_text(server_, suspects_));
    if (!request_.json) fmt::print("{}", render_tools(tools_));
    return kExitOk;
  }

  int unknown_tool() const {
    std::vector<std::string_view> known;
    for (auto const& tool : tools_) known.push_back(tool.name);
    auto const meant = meant_by(tool_, known);
    bool const withheld = request_.schema && meant.empty() && suspects_ > 0;
    auto const where = withheld
                           ? fmt::format("`weir tools {}` shows those that may be withheld", shown(server_))
                           : fmt::format("`weir call {}` lists them", shown(server_));
    return failed(kExitUsage,
                  fmt::format("the server `{}` {} no tool `{}`", shown(server_), withheld ? "lists" : "has",
                              shown(tool_)),
                  meant.empty() ? where : fmt::format("did you mean `{}`?", router::shown_name(meant)));
  }

  // By its name, else by what that is shown as, if it is the only one. Null: it is not listed.
  ToolLine const* named_tool() const {
    auto const named = std::find_if(tools_.begin(), tools_.end(), [&](auto& t) { return t.name == tool_; });
    if (named != tools_.end()) return &*named;
    auto const shown_so = [&](ToolLine const& t) { return router::shown_name(t.name) == tool_; };
    auto const seen = std::find_if(tools_.begin(), tools_.end(), shown_so);
    bool const one = std::count_if(tools_.begin(), tools_.end(), shown_so) == 1;
    return one ? &*seen : nullptr;
  }

  // One that is not listed (`tool` null) may be withheld or not for this caller, which the gateway tells.
  int call_tool(ToolLine const* tool) {
    std::string const name(tool == nullptr ? tool_ : tool->name);
    std::string const schema = tool == nullptr ? "{}" : tool->input_schema;
    auto const mirrored = mcp::read_param_headers(schema);
    auto const params = R"({"name":)" + quoted(name) + R"(,"arguments":)" + arguments_ + "}";
    auto const answer = talk_.request(Method::tools_call, params, name, mirrored ? &*mirrored : nullptr);
    if (tool == nullptr && answer && says_unknown_tool(*answer)) return unknown_tool();
    return print_answer(answer, request_.json, content_text);
  }

  int read_resource() {
    auto const params = R"({"uri":)" + quoted(request_.read) + "}";
    return print_answer(talk_.request(Method::resources_read, params, request_.read), request_.json,
                        resource_text);
  }

  int get_prompt() {
    auto const params = R"({"name":)" + quoted(request_.prompt) + R"(,"arguments":)" + arguments_ + "}";
    return print_answer(talk_.request(Method::prompts_get, params, request_.prompt), request_.json,
                        prompt_text);
  }

  CallRequest const& request_;
  std::string_view server_;
  std::string_view tool_;         // "" for none
  std::string const& arguments_;  // a JSON object
  std::uint64_t suspects_;
  ServerTalk& talk_;
  std::vector<ToolLine> tools_;
  std::string raw_;  // of all pages, for --json
};

// What goes into the call or the prompt; nothing else takes any.
Result<std::string> arguments_for(CallRequest const& request, CallTarget const& target) {
  bool const prompting = request.read.empty() && !request.prompt.empty();
  bool const calling = request.read.empty() && !target.tool.empty() && !request.schema;
  if (!prompting && !calling) return std::string("{}");
  return given_arguments(request.args, request.words, prompting ? Typing::text : Typing::json, std::cin);
}

}  // namespace

Result<void> arguments_have_a_use(CallRequest const& request) {
  auto const target = target_of(request.target);
  bool const given = !request.words.empty() || !request.args.empty();
  bool const prompting = request.read.empty() && !request.prompt.empty();
  if (!given || prompting) return {};
  if (!request.read.empty())
    return base::Error(Fault::invalid_input, base::Blame::client, "--read takes no arguments");
  if (!target.tool.empty()) return {};
  auto const server = shown(target.server);
  bool const named = !request.words.empty() && request.words.front() != "-" &&
                     request.words.front().find('=') == std::string::npos;
  if (named) {
    return base::Error(
               Fault::invalid_input, base::Blame::client,
               fmt::format("`{}` is no argument: a tool is named behind a dot", shown(request.words.front())))
        .advise(fmt::format("did you mean `weir call {}.{}`?", server, shown(request.words.front())));
  }
  return base::Error(Fault::invalid_input, base::Blame::client,
                     fmt::format("there are arguments and no tool of `{}` to take them", server))
      .advise(fmt::format("name it: `weir call {0}.TOOL …`; `weir call {0}` lists them", server));
}

std::string no_tools_text(std::string_view server, std::uint64_t suspects) {
  auto const name = shown(server);
  if (suspects == 0) return fmt::format("the server `{}` has no tools\n", name);
  return fmt::format("the server `{0}` offers no tools now; suspect: {1}, which `weir tools {0}` shows\n",
                     name, suspects);
}

base::Error not_reached(std::string const& where, base::Error const& why) {
  base::Error error(Fault::connect_failed, base::Blame::gateway, "no gateway answers at " + where);
  if (!why.detail.starts_with("TLS ")) {
    return std::move(error).advise(
        "start one with `weir run`, or say where it is: --admin HOST:PORT, --config FILE or --url URL");
  }
  if (why.retry != base::Retry::never) {  // no certificate was refused: there may be no TLS at all
    error.detail = fmt::format("what answers at {} cannot be asked: {}", where, why.detail);
    return std::move(error).advise(why.hint);
  }
  if (why.blame == base::Blame::gateway) {  // what Weir listens at insists on none
    error.detail = fmt::format("what answers at {} wants a client certificate", where);
    return std::move(error).advise("Weir's commands show none: ask the gateway itself, by --url URL");
  }
  error.detail = fmt::format("what answers at {} cannot be trusted: {}", where, why.detail);
  return std::move(error).advise(
      "export SSL_CERT_FILE=… with its authority, and use a name that is in its certificate: "
      "--url https://NAME:PORT/mcp");
}

int call_command(CallRequest const& request, config::Environment const& environment) {
  if (auto const used = arguments_have_a_use(request); !used)
    return failed(kExitUsage, used.error().detail, used.error().hint);
  auto const target = target_of(request.target);
  auto const arguments =
      arguments_for(request, target);  // first: stdin may take longer than a connection lasts
  if (std::ferror(stdin) != 0) return failed(kExitNoInput, "stdin cannot be read");
  if (!arguments) return failed(kExitData, arguments.error().detail);
  GatewayAddress address;
  if (int const unknown = find_gateway(request.gateway, environment, address)) return unknown;
  auto const key = gateway_key(environment);
  StatusView status;
  if (int const unknown = ask_status(request, address, key, status)) return unknown;
  auto endpoint = status.mcp_urls.empty() ? Result<net::Url>(address.mcp) : mcp_url(status.mcp_urls.front());
  if (!endpoint) return failed(kExitUnavailable, shown(endpoint.error().detail));
  auto const where = endpoint->text();
  endpoint->target += "/" + target.server;
  auto const talk = ServerTalk::open(*endpoint, key, request.no_cache);
  int code = kExitOk;
  if (talk) {
    auto const* const server = status.server(target.server);
    code = Caller(request, target, *arguments, server == nullptr ? 0 : server->suspect_tools, **talk).run();
  } else if (talk.error().fault == Fault::not_found && status.server(target.server) == nullptr) {
    return unknown_server(target.server, status);
  } else if (talk.error().fault == Fault::not_found) {
    code = failed(kExitUnavailable, fmt::format("the server `{}` cannot be called", shown(target.server)));
  } else if (talk.error().fault == Fault::connect_failed) {
    return failed(not_reached(where, talk.error()));
  } else {
    code = failed(talk.error());
  }
  if (code != kExitUnavailable) return code;
  std::fflush(stdout);                                // an answer comes before what is said about it
  auto const now = status_of(request, address, key);  // the call may have changed it
  if (auto const* const server = now.server(target.server)) base::say("{}", why_not(*server));
  return code;
}

}  // namespace weir::app
