#include "oauth/registration.hpp"

#include <algorithm>

#include "mcp/json_text.hpp"
#include "oauth/discovery_failures.hpp"
#include "oauth/error_table.hpp"
#include "oauth/flat_object.hpp"

namespace weir::oauth {

namespace {

constexpr std::size_t kSecretMax = 4096;

bool lists(std::vector<std::string> const& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// RFC 6749 A.1 and A.2: printable ASCII, blanks too.
bool is_printable(std::string_view text, std::size_t most) noexcept {
  bool const visible = std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
  return !text.empty() && text.size() <= most && visible;
}

std::string_view method_of(ClientAuth auth) noexcept {
  switch (auth) {
    case ClientAuth::basic: return "client_secret_basic";
    case ClientAuth::post: return "client_secret_post";
    case ClientAuth::private_key_jwt: return "private_key_jwt";
    case ClientAuth::none: break;
  }
  return "none";
}

void member(std::string& json, std::string_view name, std::string_view text) {
  mcp::append_json_string(json, name);
  json += ':';
  mcp::append_json_string(json, text);
  json += ',';
}

OAuthError no_registration(char const* what) { return misfit(Cause::protocol, 200, what); }

OAuthError refused(net::FetchedReply const& reply) {
  Seen seen{reply.status};
  seen.retry_after = reply.field("retry-after");
  seen.date = reply.field("date");
  auto const object = reply.body.size() <= kAnswerBytesMax ? FlatObject::parse(reply.body) : std::nullopt;
  if (object && !object->repeats()) {
    seen.code = object->text("error").value_or("");
    seen.description =
        cleaned(object->text("error_description").value_or(""), OAuthError::kDescriptionMax, {});
  }
  return refusal(seen);
}

// As the issuer says, else as it was asked. Nothing: in a way that is not known here.
std::optional<ClientAuth> auth_of(FlatObject const& object, ClientAuth asked) {
  auto const said = object.text("token_endpoint_auth_method");
  if (!said) return asked;
  for (auto const known : {ClientAuth::none, ClientAuth::basic, ClientAuth::post}) {
    if (*said == method_of(known)) return known;
  }
  return std::nullopt;
}

}  // namespace

ClientFrom choose_client(ClientChoice const& choice, TokenPlace const& place) noexcept {
  if (choice.configured) return ClientFrom::configured;
  if (!choice.document.empty() && place.client_documents) return ClientFrom::document;
  if (choice.kept) return ClientFrom::kept;
  return place.registration_endpoint.empty() ? ClientFrom::nowhere : ClientFrom::registration;
}

ClientAuth registered_auth(std::vector<std::string> const& methods) noexcept {
  if (methods.empty() || lists(methods, "none")) return ClientAuth::none;
  if (lists(methods, "client_secret_basic")) return ClientAuth::basic;
  return lists(methods, "client_secret_post") ? ClientAuth::post : ClientAuth::none;
}

std::string registration_body(std::string const& redirect_uri, std::vector<std::string> const& scopes,
                              ClientAuth auth) {
  std::string json = "{";
  member(json, "client_name", "Weir");
  member(json, "application_type", "native");
  member(json, "token_endpoint_auth_method", method_of(auth));
  std::string words;
  for (auto const& scope : scopes) words += (words.empty() ? "" : " ") + scope;
  if (!words.empty()) member(json, "scope", words);
  json +=
      R"("grant_types":["authorization_code","refresh_token"],"response_types":["code"],"redirect_uris":[)";
  mcp::append_json_string(json, redirect_uri);
  return json + "]}";
}

namespace {

OAuthResult<Registered> registered(net::FetchedReply const& reply, std::string const& redirect_uri,
                                   ClientAuth asked) {
  if (reply.status != 200 && reply.status != 201) return refused(reply);
  auto const object = reply.body.size() <= kAnswerBytesMax ? FlatObject::parse(reply.body) : std::nullopt;
  if (!object || object->repeats()) return no_registration("the registration's answer is not a JSON object");
  Registered made;
  made.client.id = object->text("client_id").value_or("");
  if (!is_printable(made.client.id, kClientIdMax)) {
    return no_registration("the registration's answer names no usable client");
  }
  if (object->has("redirect_uris") &&
      !lists(object->texts("redirect_uris").value_or(std::vector<std::string>()), redirect_uri)) {
    return misfit(Cause::policy, reply.status, "the issuer registered another way back than this one");
  }
  auto const auth = auth_of(*object, asked);
  if (!auth)
    return no_registration("the issuer wants the client to show itself in a way that Weir does not know");
  made.client.auth = *auth;
  auto scope = object->text("scope").value_or("");
  if (is_printable(scope, kClientScopeMax)) made.scope = std::move(scope);
  if (*auth == ClientAuth::none) return made;
  auto secret = object->text("client_secret").value_or("");
  bool const usable = is_printable(secret, kSecretMax);
  if (usable) made.client.secret = base::Secret(secret);
  explicit_bzero(secret.data(), secret.size());
  if (!usable) return no_registration("the registration's answer holds no usable secret");
  auto const until = object->integer("client_secret_expires_at").value_or(0);
  constexpr std::int64_t kLatest = 253'402'300'799;  // the last second of the year 9999
  if (until < 0 || until > kLatest) return no_registration("the secret's end is no time");
  if (until > 0) made.secret_until = base::WallTime(std::chrono::seconds(until));
  return made;
}

}  // namespace

OAuthError registration_failed(OAuthError why, std::string_view host, std::string const& redirect_uri) {
  bool const for_good =
      why.cause == Cause::config || why.cause == Cause::protocol || why.cause == Cause::policy;
  if (for_good && why.status != 0 && why.advice.empty()) {
    why.advice = "Make Weir a client there, for a native application with the way back " + redirect_uri +
                 ", and set `auth.client_id` and `auth.redirect_port`.";
  }
  return at_step(std::move(why), "registration", host);
}

OAuthResult<Registered> read_registration(net::FetchedReply const& reply, std::string const& redirect_uri,
                                          ClientAuth asked, std::string_view host) {
  auto made = registered(reply, redirect_uri, asked);
  if (!made) return registration_failed(made.error(), host, redirect_uri);
  return made;
}

bool registered_for(std::string_view scope, std::vector<std::string> const& wanted) {
  if (scope.empty()) return true;
  std::string const words = " " + std::string(scope) + " ";
  return std::all_of(wanted.begin(), wanted.end(),
                     [&](auto const& one) { return words.find(" " + one + " ") != std::string::npos; });
}

}  // namespace weir::oauth
