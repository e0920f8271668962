#include "oauth/client_key.hpp"

#include <fmt/format.h>

#include "mcp/json_text.hpp"
#include "oauth/flat_object.hpp"

namespace weir::oauth {

using base::Blame;
using base::Error;
using base::Fault;
using base::Secret;

namespace {

std::string json_string(std::string_view text) {
  std::string out;
  mcp::append_json_string(out, text);
  return out;
}

Secret member_of(FlatObject const& object, std::string_view name) {
  auto text = object.text(name);
  if (!text) return {};
  Secret kept(*text);
  explicit_bzero(text->data(), text->size());
  return kept;
}

}  // namespace

base::Result<Secret> ClientKey::assertion(std::string const& client_id, std::string const& audience,
                                          base::WallTime now) const {
  auto const at = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  auto const life = std::chrono::duration_cast<std::chrono::seconds>(kAssertionLife);
  auto const client = json_string(client_id);
  auto const claims =
      fmt::format(R"({{"iss":{0},"sub":{0},"aud":{1},"jti":"{2}","iat":{3},"exp":{4}}})", client,
                  json_string(audience), random_.token(16), at.count(), (at + life).count());
  return key_.sign(claims, id_);
}

std::string ClientKey::fingerprint() const {
  return fmt::format("{} {} {}", key_.thumbprint(), jose::name_of(key_.algorithm()), id_);
}

base::Result<ReadKey> read_private_key(ClientKeyOptions const& options, std::string_view setting) {
  auto const refused = [&](std::string_view what) {
    return Error(Fault::config, Blame::gateway, fmt::format("{}: {}", setting, what));
  };
  auto id = options.id;
  auto wanted = options.algorithm;
  auto const text = options.text.reveal();
  auto const first = text.find_first_not_of(" \t\r\n");
  bool const is_jwk = first != std::string_view::npos && text[first] == '{';
  std::optional<FlatObject> object;
  if (is_jwk) {
    object = FlatObject::parse(text);
    if (!object || object->repeats()) return refused("not a JSON Web Key: its JSON cannot be read");
    if (object->text("use").value_or("sig") != "sig")
      return refused("the JSON Web Key is not for signatures");
    if (id.empty()) id = object->text("kid").value_or("");
    if (wanted.empty()) wanted = object->text("alg").value_or("");
  }
  std::optional<jose::Algorithm> algorithm;
  if (!wanted.empty()) {
    algorithm = jose::algorithm_of(wanted);
    if (!algorithm) return refused("no signatures are made by the algorithm that it names");
  }
  auto key = is_jwk ? jose::SigningKey::from_jwk(
                          [&](std::string_view name) { return member_of(*object, name); }, algorithm)
                    : jose::SigningKey::from_pem(options.text, algorithm);
  if (!key) return refused(key.error().detail);
  return ReadKey{*std::move(key), std::move(id)};
}

base::Result<std::shared_ptr<ClientKey const>> read_client_key(ClientKeyOptions const& options,
                                                               base::Random& random) {
  auto read = read_private_key(options, "client_key");
  if (!read) return read.error();
  return std::shared_ptr<ClientKey const>(
      std::make_shared<ClientKey>(std::move(read->key), std::move(read->id), random));
}

}  // namespace weir::oauth
