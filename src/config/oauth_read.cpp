// `servers.*.auth` of the types that get tokens, and `security.ssrf`: reading and checking.
#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

std::string_view word(Node const* node, std::string_view key, std::string_view otherwise) {
  return scalar_at(node, key).value_or(otherwise);
}

bool given(Node const* node, std::string_view key) {
  auto const* found = node == nullptr ? nullptr : node->at(key);
  return found != nullptr && found->kind != Node::Kind::null;
}

OAuthClient read_client(Node const* node) {
  OAuthClient client;
  take(node, "client_id", client.id);
  if (auto const secret = scalar_at(node, "client_secret")) client.secret = base::Secret(*secret);
  auto const auth = word(node, "client_auth", "auto");
  if (auth == "none") client.auth = OAuthClientAuth::none;
  if (auth == "basic") client.auth = OAuthClientAuth::basic;
  if (auth == "post") client.auth = OAuthClientAuth::post;
  if (auto const key = scalar_at(node, "client_key")) client.key = base::Secret(*key);
  take(node, "client_key_id", client.key_id);
  take(node, "client_key_algorithm", client.key_algorithm);
  if (auth == "private_key_jwt" || !client.key.empty()) client.auth = OAuthClientAuth::key;
  if (client.auth == OAuthClientAuth::any && client.secret.empty()) client.auth = OAuthClientAuth::none;
  return client;
}

// A company vouches for whom its ID token names (ID-JAG, section 4.3); others exchange what gives access.
SubjectType read_subject_type(Node const* auth, bool enterprise) {
  auto const type = word(auth, "subject_token_type", "auto");
  if (type == "jwt") return SubjectType::jwt;
  bool const id_token = type == "auto" ? enterprise : type == "id_token";
  return id_token ? SubjectType::id_token : SubjectType::access_token;
}

bool is_per_principal(Node const* auth) { return word(auth, "per", "gateway") == "principal"; }

// Where each caller has a token of their own, it is a person who gets it, unless another grant is named.
std::string_view grant_of(Node const* auth) {
  return word(auth, "grant", is_per_principal(auth) ? "authorization_code" : "client_credentials");
}

bool is_address_range(std::string_view text) {
  auto const slash = text.find('/');
  std::string const address(text.substr(0, slash));
  std::array<unsigned char, 16> bytes{};
  bool const six = address.find(':') != std::string::npos;
  if (::inet_pton(six ? AF_INET6 : AF_INET, address.c_str(), bytes.data()) != 1) return false;
  std::int64_t const most = six ? 128 : 32;
  auto const bits =
      slash == std::string_view::npos ? most : parse_integer(text.substr(slash + 1)).value_or(-1);
  if (bits < 0 || bits > most) return false;
  for (auto bit = static_cast<std::size_t>(bits); bit < static_cast<std::size_t>(most); ++bit) {
    if ((bytes[bit / 8] >> (7 - bit % 8) & 1U) != 0) return false;
  }
  return true;
}

void check_key_text(Node const& node, char const* name, Problems& problems) {
  auto const text = scalar_at(&node, name);
  auto const* const key = node.find(name);
  if (!text || key->unset || !given(&node, name)) return;
  bool const shaped =
      text->find("-----BEGIN") != std::string_view::npos || text->find('{') != std::string_view::npos;
  if (shaped) return;
  problems.error("WEIR-E016", key->mark, fmt::format("`{}` is neither PEM nor a JSON Web Key", name)).fix =
      "name the file that holds it: ${file:/path/to/key.pem}";
}

// With a key there is no secret, and nothing else shows who the client is.
void check_client(Node const& node, Problems& problems) {
  auto const* const key = node.find("client_key");
  auto const auth = word(&node, "client_auth", "auto");
  if (auth == "private_key_jwt" && !given(&node, "client_key"))
    problems.error("WEIR-E022", node.find("client_auth")->mark, "`private_key_jwt` needs `client_key`");
  if (key == nullptr || !given(&node, "client_key")) return;
  if (auth != "private_key_jwt" && auth != "auto")
    problems.error("WEIR-E023", key->mark,
                   fmt::format("`client_key` does not go with `client_auth: {}`", auth));
  if (given(&node, "client_secret"))
    problems.error("WEIR-E023", key->mark, "`client_key` and `client_secret` are both set").fix = "keep one";
  check_key_text(node, "client_key", problems);
}

// Who binds tokens to a key has to have that key for as long as they are renewed.
void check_dpop(Node const& auth, std::string_view grant, Problems& problems) {
  bool const on = parse_boolean(word(&auth, "dpop", "false")).value_or(false);
  for (auto const key : {"dpop_key", "dpop_algorithm"}) {
    if (on || !given(&auth, key)) continue;
    problems.error("WEIR-E022", auth.find(key)->mark, fmt::format("`{}` is set without `dpop: true`", key));
  }
  check_key_text(auth, "dpop_key", problems);
  if (on && grant == "refresh_token" && !given(&auth, "dpop_key")) {
    problems
        .error("WEIR-E022", auth.find("dpop")->mark, "`dpop` with the grant `refresh_token` needs `dpop_key`")
        .fix = "a refresh token is good only with the key that it was given for";
  }
}

// A person signs in: the issuer may be found through the server, because no secret goes there.
void check_person(Node const& auth, Problems& problems) {
  if (auto const* token_url = auth.find("token_url"); token_url != nullptr && given(&auth, "token_url")) {
    problems
        .error("WEIR-E022", token_url->mark,
               "`token_url` does not say where a person signs in, and nobody would look at it")
        .fix = "set `issuer`, which finds both, or neither";
  }
  if (given(&auth, "client_secret") && !given(&auth, "client_id")) {
    problems.error("WEIR-E022", auth.mark, "`auth` has a `client_secret` and no `client_id`");
  }
  if (given(&auth, "client_secret") && !given(&auth, "issuer")) {
    auto& problem = problems.error("WEIR-E022", auth.mark, "`auth` does not say whose client this is");
    problem.fix = "set `issuer`";
    problem.notes.emplace_back(
        "a server that could name any issuer could have the gateway's secret sent there");
  }
  auto const document = scalar_at(&auth, "client_document");
  if (!document) return;
  auto const path = document->starts_with("https://") ? document->find('/', 8) : std::string_view::npos;
  if (path != std::string_view::npos && path + 1 < document->size()) return;
  problems
      .error("WEIR-E016", auth.find("client_document")->mark,
             "`client_document` is not an https address with a path")
      .fix = "issuers take no other as a client's name";
}

// An assertion is sent to none but its audience, so the issuer may be found through the server; a secret may
// be sent to anybody.
void check_workload(Node const& auth, Problems& problems) {
  bool const file = given(&auth, "assertion_file");
  bool const text = given(&auth, "assertion");
  if (!file && !text) {
    problems.error("WEIR-E022", auth.mark,
                   "`auth` with the grant `jwt_bearer` needs `assertion_file` or `assertion`");
  }
  if (file && text) {
    problems.error("WEIR-E023", auth.find("assertion")->mark, "`assertion` and `assertion_file` are both set")
        .fix = "keep one";
  }
  if (given(&auth, "client_secret") && !given(&auth, "client_id")) {
    problems.error("WEIR-E022", auth.mark, "`auth` has a `client_secret` and no `client_id`");
  }
}

// A grant without a person brings one token, which would be the same for all callers.
void check_per(Node const& auth, Problems& problems) {
  auto const type = word(&auth, "type", "none");
  if (!is_per_principal(&auth) || type == "exchange") return;
  auto const grant = grant_of(&auth);
  if (type == "oauth" && grant == "authorization_code") return;
  auto const with = type == "oauth" ? fmt::format("the grant `{}`", grant) : fmt::format("type `{}`", type);
  auto& problem = problems.error("WEIR-E023", auth.find("per")->mark,
                                 fmt::format("`per: principal` does not go with {}", with));
  problem.fix = "use `grant: authorization_code`, where each caller signs in, or `type: exchange`";
  problem.notes.emplace_back("there is no person in it, so that all callers would share one token");
}

// The company is told by name whom it vouches to; an address to ask at is none.
void check_enterprise(Node const& auth, std::string_view type, Problems& problems) {
  auto const* enterprise = section_at(&auth, "enterprise");
  if (enterprise == nullptr) return;
  check_client(*enterprise, problems);
  bool const vouches = type == "exchange" && given(enterprise, "token_url");
  // Without either it is told anyway that one of them is missing.
  if (!vouches || given(&auth, "issuer") || !given(&auth, "token_url")) return;
  auto& problem = problems.error("WEIR-E022", enterprise->mark, "`enterprise` needs `issuer` beside it");
  problem.fix = "set `auth.issuer` to the identifier of the server's issuer";
  problem.notes.emplace_back("it is the audience of what the company's issuer gives");
}

// Scheme, host and port of an address that validate() has passed, in one form.
std::string origin_of(std::string_view url) {
  auto const scheme_end = std::min(url.find("://"), url.size());
  std::string origin;
  for (char const c : url.substr(0, url.find_first_of("/?#", scheme_end + 3)))
    origin += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  for (auto const& [scheme, port] : {std::pair{"http://", ":80"}, std::pair{"https://", ":443"}}) {
    if (origin.starts_with(scheme) && origin.ends_with(port)) origin.erase(origin.rfind(':'));
  }
  return origin;
}

// A token is for one resource: the first address, unless it is named. It is not for whoever has another.
void check_addresses(Node const& server, Node const& auth, Problems& problems) {
  auto const* urls = server.find("urls");
  bool const named = !scalar_at(&auth, "resource").value_or("").empty();
  if (named || urls == nullptr || !urls->is_sequence()) return;
  std::string first;
  for (auto const& item : urls->items) {
    if (!item.is_scalar() || item.kind == Node::Kind::null || item.unset) continue;
    auto const origin = origin_of(item.value());
    if (first.empty()) first = origin;
    if (origin == first) continue;
    auto& problem = problems.error("WEIR-E022", item.mark,
                                   "a token for the first of the `urls` would be sent to another origin");
    problem.fix = "set `auth.resource` to the name by which the issuer knows all of them";
    problem.notes.emplace_back("`resource: none` asks for tokens that name no server");
    return;
  }
}

struct Need {
  char const* key;
  bool wanted;
};

void check_oauth(Node const& auth, bool stdio, Problems& problems) {
  auto const type = word(&auth, "type", "");
  if ((type != "oauth" && type != "exchange") || stdio) return;
  auto const grant = type == "exchange" ? "exchange" : grant_of(&auth);
  for (auto const& [key, wanted] :
       {Need{"client_id", grant != "authorization_code" && grant != "jwt_bearer"},
        Need{"client_secret", (grant == "client_credentials" || grant == "exchange") &&
                                  !given(&auth, "client_key") &&
                                  word(&auth, "client_auth", "") != "private_key_jwt"},
        Need{"refresh_token", grant == "refresh_token"}, Need{"username", grant == "password"},
        Need{"password", grant == "password"}}) {
    if (!wanted || given(&auth, key)) continue;
    problems.error("WEIR-E022", auth.mark, fmt::format("`auth` with the grant `{}` needs `{}`", grant, key));
  }
  check_client(auth, problems);
  check_dpop(auth, grant, problems);
  check_enterprise(auth, type, problems);
  bool const person = type == "oauth" && grant == "authorization_code";
  if (person) check_person(auth, problems);
  bool const workload = type == "oauth" && grant == "jwt_bearer";
  if (workload) check_workload(auth, problems);
  bool const for_one_issuer = workload && !given(&auth, "client_secret") && !given(&auth, "client_key") &&
                              !given(&auth, "assertion_audience");
  if (!person && !for_one_issuer && !given(&auth, "token_url") && !given(&auth, "issuer")) {
    auto& problem = problems.error("WEIR-E022", auth.mark, "`auth` does not say whose tokens it gets");
    problem.fix = "set `issuer`, which finds the rest, or `token_url`";
    problem.notes.emplace_back(
        "a server that could name any issuer could have the gateway's secret sent there");
  }
  if (type == "oauth" && grant == "password") {
    auto& problem =
        problems.warning("WEIR-E062", auth.find("grant")->mark, "the grant `password` is deprecated");
    problem.fix = "use `client_credentials` or `refresh_token` where the issuer knows them";
    problem.notes.emplace_back("OAuth's best practice forbids it (RFC 9700 2.4)");
  }
  for (auto const key : {"token_url", "issuer"}) {
    auto const text = scalar_at(&auth, key);
    if (!text || !text->starts_with("http://")) continue;
    auto const rest = text->substr(7);
    bool const local = rest.starts_with("127.") || rest.starts_with("localhost") || rest.starts_with("[::1]");
    if (local) continue;
    problems.error("WEIR-E016", auth.find(key)->mark, fmt::format("`{}` is not https", key)).fix =
        "secrets and tokens would be sent in clear; use https";
  }
}

}  // namespace

std::optional<OAuth> read_oauth(Node const* auth, Environment const& environment) {
  auto const type = word(auth, "type", "none");
  if (type != "oauth" && type != "exchange") return std::nullopt;
  OAuth oauth;
  auto const grant = grant_of(auth);
  if (grant == "refresh_token") oauth.grant = OAuthGrant::refresh_token;
  if (grant == "password") oauth.grant = OAuthGrant::password;
  if (grant == "jwt_bearer") oauth.grant = OAuthGrant::jwt_bearer;
  if (auto const text = scalar_at(auth, "assertion")) oauth.assertion = base::Secret(*text);
  take_path(auth, "assertion_file", oauth.assertion_file, environment);
  take(auth, "assertion_audience", oauth.assertion_audience);
  if (grant == "authorization_code") oauth.grant = OAuthGrant::authorization_code;
  if (type == "exchange") oauth.grant = OAuthGrant::exchange;
  oauth.per_principal = oauth.grant == OAuthGrant::authorization_code && is_per_principal(auth);
  take(auth, "token_url", oauth.token_url);
  take(auth, "issuer", oauth.issuer);
  oauth.client = read_client(auth);
  take(auth, "scopes", oauth.scopes);
  take(auth, "resource", oauth.resource);
  oauth.sends_resource = oauth.resource != "none";
  if (!oauth.sends_resource) oauth.resource.clear();
  take(auth, "audience", oauth.audience);
  if (auto const token = scalar_at(auth, "refresh_token")) oauth.refresh_token = base::Secret(*token);
  take_path(auth, "refresh_file", oauth.refresh_file, environment);
  take(auth, "username", oauth.username);
  if (auto const password = scalar_at(auth, "password")) oauth.password = base::Secret(*password);
  take(auth, "client_document", oauth.client_document);
  take(auth, "redirect_port", oauth.redirect_port);
  take(auth, "dpop", oauth.dpop);
  if (auto const key = scalar_at(auth, "dpop_key")) oauth.dpop_key = base::Secret(*key);
  take(auth, "dpop_algorithm", oauth.dpop_algorithm);
  auto const* enterprise = section_at(auth, "enterprise");
  take(enterprise, "token_url", oauth.enterprise_token_url);
  if (enterprise != nullptr) oauth.enterprise_client = read_client(enterprise);
  oauth.subject_type = read_subject_type(auth, !oauth.enterprise_token_url.empty());
  return oauth;
}

Egress read_egress(Node const& root) {
  Egress egress;
  take(&root, "security.ssrf.deny_private", egress.deny_private);
  take(&root, "security.ssrf.allow", egress.allow);
  return egress;
}

void check_oauth_of_servers(Node const& root, Problems& problems) {
  auto const* servers = root.find("servers");
  if (servers == nullptr) return;
  for (auto const& server : servers->members) {
    auto const* auth = server.value.is_map() ? section_at(&server.value, "auth") : nullptr;
    if (auth == nullptr) continue;
    check_oauth(*auth, given(&server.value, "command"), problems);
    check_per(*auth, problems);
    auto const type = word(auth, "type", "");
    bool const tokens = type == "oauth" || type == "exchange";
    if (tokens) check_addresses(server.value, *auth, problems);
    auto const* headers = section_at(&server.value, "headers");
    if (!tokens || headers == nullptr) continue;
    for (auto const& header : headers->members) {
      bool const same = header.key == "Authorization" || header.key == "authorization";
      if (same) {
        problems.error("WEIR-E023", header.mark, "`headers` and `auth` both set `Authorization`").fix =
            "keep one";
      }
    }
  }
}

void check_egress(Node const& root, Problems& problems) {
  auto const* list = root.at("security.ssrf.allow");
  if (list == nullptr || !list->is_sequence()) return;
  for (auto const& item : list->items) {
    if (!item.is_scalar() || is_address_range(item.value())) continue;
    problems
        .error("WEIR-E016", item.mark, fmt::format("`{}` is neither an address nor a network", item.value()))
        .fix = "write it like 10.0.4.9, 10.0.0.0/24 or fd00::/8, without bits behind its length";
  }
}

}  // namespace weir::config
