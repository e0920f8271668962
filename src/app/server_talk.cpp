#include "app/server_talk.hpp"

#include <fmt/core.h>

#include "app/command_failure.hpp"
#include "app/version.hpp"
#include "upstream/own_request.hpp"

namespace weir::app {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using mcp::Field;
using mcp::Method;

namespace {

constexpr base::Duration kAnswerMax = std::chrono::minutes{15};  // the gateway's own deadlines are shorter
constexpr std::size_t kAnswerBytesMax = 64 * 1024 * 1024;

std::string client_info() { return fmt::format(R"({{"name":"weir-call","version":"{}"}})", kVersion); }

Error refused(int status, bool keyed) {
  switch (status) {
    case 401:
    case 403: return key_wanted("the gateway", keyed);
    case 413:
      return Error(Fault::too_large, Blame::client, "the call is larger than the gateway takes")
          .advise("raise `limits.body_max` in its configuration, or send less");
    case 404: return {Fault::not_found, Blame::client, "there is no such server"};
    case 503: return {Fault::busy, Blame::gateway, "the gateway is busy"};
    default:
      return {Fault::protocol, Blame::gateway, fmt::format("the gateway answered with HTTP {}", status)};
  }
}

}  // namespace

ServerTalk::ServerTalk(std::unique_ptr<GatewayClient> client, upstream::HttpHeads heads)
    : client_(std::move(client)), heads_(std::move(heads)) {}

Result<std::unique_ptr<ServerTalk>> ServerTalk::open(net::Url const& endpoint, std::string const& key,
                                                     bool no_cache) {
  auto client = GatewayClient::to(endpoint);
  if (!client) return client.error();
  core::CredentialFields fields;
  if (!key.empty()) fields.emplace_back("Authorization", base::Secret("Bearer " + key));
  if (no_cache) fields.emplace_back("Cache-Control", base::Secret("no-cache"));
  std::unique_ptr<ServerTalk> talk(new ServerTalk(std::move(*client), upstream::HttpHeads(endpoint, fields)));
  talk->keyed_ = !key.empty();
  if (auto found = talk->find_era(); !found) return found.error();
  if (mcp::is_modern(talk->revision_)) return talk;
  if (auto shaken = talk->shake_hands(); !shaken) return shaken.error();
  return talk;
}

ServerTalk::~ServerTalk() {
  if (session_.empty()) return;
  static_cast<void>(
      client_->ask(whole(Verb::del, upstream::HttpHeads::legacy_delete(session_, mcp::text_of(revision_))),
                   {}, std::chrono::seconds{2}));
}

// This program lives for one command: its heads need no care.
std::string ServerTalk::whole(Verb verb, std::string_view own) const {
  return std::string(heads_.fixed(verb)).append(own);
}

Result<void> ServerTalk::find_era() {
  auto const body =
      upstream::own_request(Method::server_discover, "{}", ++last_id_, mcp::kNewest, client_info());
  auto const answer = ask(modern_head(body, {}, nullptr), body);
  if (!answer) return answer.error();
  bool const legacy_listener = answer->integer(Field::error_code) == -32022;
  bool const modern =
      answer->raw(Field::supported_versions).find(mcp::text_of(mcp::kNewest)) != std::string_view::npos;
  if (answer->kind() == mcp::MessageKind::error && !legacy_listener) {
    std::string scratch;
    return Error(Fault::unavailable, Blame::upstream,
                 std::string(answer->text(Field::error_message, scratch)));
  }
  if (!modern) revision_ = mcp::kNewestLegacy;
  return {};
}

Result<void> ServerTalk::shake_hands() {
  auto const params = upstream::initialize_params(revision_, client_info());
  auto const body = upstream::own_request(Method::initialize, params, ++last_id_, revision_, client_info());
  auto const answer = ask(whole(Verb::post, upstream::HttpHeads::legacy({}, {}, body.size())), body);
  if (!answer) return answer.error();
  std::string scratch;
  if (answer->kind() != mcp::MessageKind::result) {
    return Error(Fault::protocol, Blame::gateway, std::string(answer->text(Field::error_message, scratch)));
  }
  auto const chosen = mcp::parse_revision(answer->text(Field::protocol_version, scratch));
  if (chosen && !mcp::is_modern(*chosen)) revision_ = *chosen;
  auto const note = upstream::own_notification(Method::notifications_initialized, "{}");
  auto const head =
      whole(Verb::post, upstream::HttpHeads::legacy(session_, mcp::text_of(revision_), note.size()));
  if (auto noted = client_->ask(head, note, kAnswerMax); !noted) return noted.error();
  return {};
}

Result<mcp::Message> ServerTalk::ask(std::string const& head, std::string const& body) {
  auto answer = client_->ask(head, body, kAnswerMax);
  if (!answer) return answer.error();
  if (!answer->session.empty()) session_ = answer->session;
  auto decoded = mcp::decode(std::move(answer->body), {.json = {}, .bytes_max = kAnswerBytesMax});
  bool const final =
      decoded && (decoded->kind() == mcp::MessageKind::result || decoded->kind() == mcp::MessageKind::error);
  bool const refusal =
      answer->status == 401 || answer->status == 403 || answer->status == 413 || answer->status == 503;
  if (final && !refusal) return std::move(*decoded);
  auto error = refused(answer->status, keyed_);
  std::string scratch;
  // Of 403 and 503 there are many: the gateway's own words say which.
  auto const said = final ? decoded->text(Field::error_message, scratch) : std::string_view();
  if (answer->status == 401 || answer->status == 413 || said.empty()) return error;
  error.detail = said;
  return std::move(error).advise("");
}

std::string ServerTalk::modern_head(std::string const& body, std::string_view target,
                                    std::vector<mcp::ParamHeader> const* mirrored) const {
  auto message = mcp::decode(body, {.json = {}, .bytes_max = kAnswerBytesMax});
  core::Call call(std::move(message).value());
  call.target = target;
  call.mirrored = mirrored;
  return whole(Verb::post, upstream::HttpHeads::modern(call, revision_, body.size()));
}

Result<mcp::Message> ServerTalk::request(Method method, std::string_view params, std::string_view target,
                                         std::vector<mcp::ParamHeader> const* mirrored) {
  auto const body = upstream::own_request(method, params, ++last_id_, revision_, client_info());
  if (mcp::is_modern(revision_)) return ask(modern_head(body, target, mirrored), body);
  auto const own = upstream::HttpHeads::legacy(session_, mcp::text_of(revision_), body.size());
  return ask(whole(Verb::post, own), body);
}

}  // namespace weir::app
