#include "oauth/kept_sign_in.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/shell_word.hpp"
#include "mcp/json_text.hpp"
#include "oauth/flat_object.hpp"
#include "oauth/token_answer.hpp"

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;

namespace {

constexpr std::size_t kScopesMax = 256;

void add(std::string& json, std::string_view name, std::string_view text) {
  json += ",";
  mcp::append_json_string(json, name);
  json += ":";
  mcp::append_json_string(json, text);
}

void add(std::string& json, std::string_view name, std::optional<base::WallTime> const& time) {
  if (!time) return;
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(time->time_since_epoch()).count();
  json += ",";
  mcp::append_json_string(json, name);
  json += ":" + std::to_string(seconds);
}

std::string_view word_of(ClientAuth auth) noexcept {
  if (auth == ClientAuth::basic) return "basic";
  return auth == ClientAuth::post ? "post" : "none";
}

base::Secret secret_of(FlatObject const& object, std::string_view name) {
  auto text = object.text(name).value_or("");
  base::Secret made(text);
  explicit_bzero(text.data(), text.size());
  return made;
}

std::optional<base::WallTime> time_of(FlatObject const& object, std::string_view name) {
  auto const seconds = object.integer(name);
  if (!seconds) return std::nullopt;
  return base::WallTime(std::chrono::seconds(*seconds));
}

Error not_a_sign_in(char const* what) {
  return Error(Fault::config, Blame::gateway, std::string("the kept sign-in cannot be read: ") + what);
}

}  // namespace

base::Secret written(KeptSignIn const& kept) {
  std::string json;
  json.reserve(8192 + 2 * (kept.access_token.reveal().size() + kept.refresh_token.reveal().size() +
                           kept.client_secret.reveal().size() + kept.key.reveal().size()));
  json += R"({"weir_sign_in":1)";
  add(json, "id", kept.id);
  if (!kept.person.empty()) add(json, "person", kept.person);
  add(json, "server", kept.server);
  add(json, "issuer", kept.issuer);
  add(json, "token_endpoint", kept.token_endpoint);
  add(json, "revocation_endpoint", kept.revocation_endpoint);
  add(json, "resource", kept.resource);
  add(json, "redirect_uri", kept.redirect_uri);
  add(json, "client_id", kept.client_id);
  add(json, "client_auth", word_of(kept.client_auth));
  json += kept.registered ? R"(,"registered":true)" : R"(,"registered":false)";
  if (kept.client_doubted) json += R"(,"client_doubted":true)";
  add(json, "client_secret_until", kept.client_secret_until);
  add(json, "expires_at", kept.expires_at);
  json += R"(,"scopes":[)";
  for (std::size_t i = 0; i < kept.scopes.size(); ++i) {
    if (i > 0) json += ',';
    mcp::append_json_string(json, kept.scopes[i]);
  }
  json += ']';
  if (!kept.client_scope.empty()) add(json, "client_scope", kept.client_scope);
  if (!kept.why_ended.empty()) add(json, "why_ended", kept.why_ended);
  add(json, "client_secret", kept.client_secret.reveal());
  add(json, "access_token", kept.access_token.reveal());
  add(json, "refresh_token", kept.refresh_token.reveal());
  if (!kept.bound_key.empty()) {
    add(json, "bound_key", kept.bound_key);
    add(json, "key", kept.key.reveal());
  }
  json += "}\n";
  base::Secret made(json);
  explicit_bzero(json.data(), json.size());
  return made;
}

Result<KeptSignIn> read_sign_in(std::string_view text) {
  if (text.size() > KeptSignIn::kTextMax) return not_a_sign_in("it is too long");
  auto const object = FlatObject::parse(text);
  if (!object || object->repeats()) return not_a_sign_in("it is not one JSON object");
  if (object->integer("weir_sign_in") != 1) return not_a_sign_in("it is of another version");
  KeptSignIn kept;
  auto const take = [&](std::string_view name, std::string& into) { into = object->text(name).value_or(""); };
  take("id", kept.id);
  take("person", kept.person);
  take("server", kept.server);
  take("issuer", kept.issuer);
  take("token_endpoint", kept.token_endpoint);
  take("revocation_endpoint", kept.revocation_endpoint);
  take("resource", kept.resource);
  take("redirect_uri", kept.redirect_uri);
  take("client_id", kept.client_id);
  auto const auth = object->text("client_auth").value_or("none");
  if (auth == "basic") kept.client_auth = ClientAuth::basic;
  if (auth == "post") kept.client_auth = ClientAuth::post;
  kept.registered = object->boolean("registered").value_or(false);
  kept.client_doubted = object->boolean("client_doubted").value_or(false);
  kept.scopes = object->texts("scopes").value_or(std::vector<std::string>());
  kept.client_secret_until = time_of(*object, "client_secret_until");
  kept.expires_at = time_of(*object, "expires_at");
  kept.client_secret = secret_of(*object, "client_secret");
  kept.access_token = secret_of(*object, "access_token");
  kept.refresh_token = secret_of(*object, "refresh_token");
  take("client_scope", kept.client_scope);
  take("why_ended", kept.why_ended);
  take("bound_key", kept.bound_key);
  kept.key = secret_of(*object, "key");
  bool const whole = !kept.id.empty() && !kept.server.empty() && !kept.issuer.empty() &&
                     !kept.token_endpoint.empty() && kept.scopes.size() <= kScopesMax;
  if (!whole) return not_a_sign_in("something is missing in it");
  return kept;
}

std::string misfit_of(KeptSignIn const& kept, SignInUse const& use) {
  if (kept.ended()) return kept.why_ended.empty() ? "the sign-in has ended" : kept.why_ended;
  if (!same_resource(kept.server, use.server))
    return "the sign-in was made for another address of the server";
  if (!use.issuer.empty() && kept.issuer != use.issuer) return "the sign-in was made at another issuer";
  if (!use.client_id.empty() && kept.client_id != use.client_id) {
    return "the sign-in was made by another client";
  }
  if (use.key_bound && kept.bound_key.empty()) return "its tokens are not bound to a key, as `dpop` wants it";
  if (!use.key_bound && !kept.bound_key.empty()) return "its tokens are bound to a key, and `dpop` is off";
  bool const other_key = use.bound_key.empty() ? kept.key.empty() : kept.bound_key != use.bound_key;
  if (use.key_bound && other_key) return "the sign-in was made with another `dpop_key`";
  if (use.client_id.empty() && !kept.registered && !kept.client_id.starts_with("https://")) {
    return "the sign-in was made by a client that is not configured any more";
  }
  return {};
}

std::optional<base::WallTime> end_of(base::WallTime asked_at, TokenAnswer const& answer) noexcept {
  if (!answer.expires_in) return answer.expires_at;
  auto const stated = asked_at + std::chrono::duration_cast<std::chrono::milliseconds>(*answer.expires_in);
  return answer.expires_at ? std::min(stated, *answer.expires_at) : stated;
}

std::vector<std::string> joined(std::vector<std::string> scopes, std::vector<std::string> const& more) {
  for (auto const& scope : more) {
    if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) scopes.push_back(scope);
  }
  return scopes;
}

bool is_scope(std::string_view text) noexcept {
  auto const good = [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  return !text.empty() && text.size() <= kScopeMax && std::all_of(text.begin(), text.end(), good);
}

Person person_of(core::Principal const& caller, bool names_issuer) {
  Person person{caller.id, caller.subject, std::string(core::issuer_of(caller)), caller.tenant, " --for "};
  if (person.subject.empty()) {  // "key:ci", "cert:CN=ci": what ids of others are
    person.words += base::shell_word(caller.id);
    return person;
  }
  person.words += base::shell_word("sub:" + person.subject);
  if (names_issuer) person.words += " --issuer " + base::shell_word(person.issuer);
  if (!person.tenant.empty()) person.words += " --tenant " + base::shell_word(person.tenant);
  return person;
}

Error needs_sign_in(std::string const& server, std::string const& why, std::string const& words) {
  auto const command = fmt::format("`weir server login {}{}`", server, words);
  auto const because = why.empty() ? std::string() : fmt::format(" ({})", why);
  if (words.empty()) {
    return Error(Fault::config, Blame::gateway, fmt::format("needs sign-in: run {}{}", command, because))
        .advise(fmt::format("Somebody has to sign in at this server: {}.", command));
  }
  return Error(Fault::unavailable, Blame::gateway,
               fmt::format("the caller needs a sign-in: run {}{}", command, because))
      .advise(fmt::format("You have to sign in at this server; at the gateway, that is {}.", command));
}

}  // namespace weir::oauth
