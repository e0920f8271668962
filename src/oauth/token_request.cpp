#include "oauth/token_request.hpp"
#include "base/base64url.hpp"

#include <algorithm>

namespace weir::oauth {

namespace {

constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

bool stays(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*' || c == '-' ||
         c == '.' || c == '_';
}

// RFC 6749 2.3.1: both parts are form-encoded before they are joined.
base::Secret basic(ClientIdentity const& client) {
  Form id;
  Form secret;
  id.add({}, client.id);
  secret.add({}, client.secret.reveal());
  std::string pair;
  pair.reserve(id.text().size() + secret.text().size() + 1);
  pair.append(id.text()).append(":").append(secret.text());
  std::string encoded = base::to_base64(pair);
  std::string value;
  value.reserve(encoded.size() + 6);
  value.append("Basic ").append(encoded);
  base::Secret made(value);
  for (auto* const text : {&pair, &encoded, &value}) explicit_bzero(text->data(), text->size());
  return made;
}

base::Error not_set_up(char const* what) {
  return base::Error(base::Fault::config, base::Blame::gateway, what);
}

}  // namespace

Form::~Form() { explicit_bzero(text_.data(), text_.size()); }

void Form::make_room(std::size_t more) {
  if (text_.size() + more <= text_.capacity()) return;
  std::string larger;
  larger.reserve(std::max<std::size_t>(1024, 2 * (text_.size() + more)));
  larger = text_;
  explicit_bzero(text_.data(), text_.size());
  text_ = std::move(larger);
}

void Form::append_encoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (stays(c)) {
      text_ += c;
    } else if (c == ' ') {
      text_ += '+';
    } else {
      text_ += '%';
      text_ += kDigits[byte >> 4U];
      text_ += kDigits[byte & 15U];
    }
  }
}

void Form::add(std::string_view name, std::string_view value) {
  make_room(3 * (name.size() + value.size()) + 2);
  if (!text_.empty()) text_ += '&';
  append_encoded(name);
  if (!name.empty()) text_ += '=';
  append_encoded(value);
}

base::Result<net::FetchRequest> written(TokenRequest const& request, ClientIdentity const& client,
                                        std::string const& nonce, base::WallTime now) {
  net::FetchRequest out;
  out.method = "POST";
  out.url = request.endpoint;
  out.guard = request.guard;
  out.answer_bytes_max = kAnswerBytesMax;
  out.fields.emplace_back("Content-Type", base::Secret("application/x-www-form-urlencoded"));
  out.fields.emplace_back("Accept", base::Secret("application/json"));
  Form form;
  for (auto const& [name, value] : request.params) form.add(name, value.reveal());
  switch (client.auth) {
    case ClientAuth::basic: out.fields.emplace_back("Authorization", basic(client)); break;
    case ClientAuth::none:
      if (!client.id.empty()) form.add("client_id", client.id);
      break;
    case ClientAuth::post:
      form.add("client_id", client.id);
      form.add("client_secret", client.secret.reveal());
      break;
    case ClientAuth::private_key_jwt: {
      if (!client.assertions) return not_set_up("no key to sign client assertions with");
      auto const& audience = request.issuer.empty() ? request.endpoint.text() : request.issuer;
      auto const assertion = client.assertions->assertion(client.id, audience, now);
      if (!assertion) return assertion.error();
      form.add("client_id", client.id);
      form.add("client_assertion_type", kAssertionType);
      form.add("client_assertion", assertion->reveal());
      break;
    }
  }
  if (client.prover) {
    auto proof = client.prover->proof({out.method, request.endpoint.text(), nonce}, now);
    if (!proof) return proof.error();
    out.fields.emplace_back("DPoP", std::move(*proof));
  }
  out.body = base::Secret(form.text());
  return out;
}

std::vector<std::string_view> secrets_of(TokenRequest const& request, ClientIdentity const& client) {
  constexpr std::string_view kOpen[] = {"grant_type", "scope", "resource", "audience", "redirect_uri"};
  std::vector<std::string_view> secrets;
  for (auto const& [name, value] : request.params) {
    bool const open = std::find(std::begin(kOpen), std::end(kOpen), name) != std::end(kOpen) ||
                      name.ends_with("_type") || name.ends_with("_type_hint");
    if (!open) secrets.push_back(value.reveal());
  }
  if (!client.secret.empty()) secrets.push_back(client.secret.reveal());
  return secrets;
}

}  // namespace weir::oauth
