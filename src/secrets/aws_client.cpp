#include "secrets/aws_client.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "secrets/secret_mask.hpp"
#include "secrets/store_json.hpp"

namespace weir::secrets {
namespace {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;

// "com.amazonaws.secretsmanager#ResourceNotFoundException" → the part after #.
std::string_view type_of(std::string_view text) { return text.substr(text.find('#') + 1); }

using Sent = std::span<base::Secret const>;

std::string without(Sent sent, std::string_view text) {
  std::string out(text);
  SecretMask(sent).apply(out);
  return out;
}

// The signature of a value of the Authorization field. Who sees it may repeat it, with the request, for 15
// minutes.
std::string_view signature_in(std::string_view authorization) {
  constexpr std::string_view kName = "Signature=";
  auto const at = authorization.rfind(kName);
  return at == std::string_view::npos ? std::string_view() : authorization.substr(at + kName.size());
}

Error failure(int status, std::string_view body, Sent sent) {
  StoreJson const json(body);
  auto const type = without(sent, type_of(json.text({"__type"})));
  auto const message = json.text({"message"});
  auto const said = without(sent, message.empty() ? json.text({"Message"}) : message);
  auto const text = fmt::format("AWS answered {}{}{}{}{}", status, type.empty() ? "" : ": ", type,
                                said.empty() ? "" : ": ", said);
  if (type == "ResourceNotFoundException") return {Fault::not_found, Blame::gateway, text};
  bool const busy = type == "ThrottlingException" || type == "InternalServiceError" || status == 429;
  if (busy || status >= 500) return {Fault::unavailable, Blame::upstream, text, Retry::always};
  if (status == 400 || status == 401 || status == 403) return {Fault::denied, Blame::gateway, text};
  return {Fault::protocol, Blame::upstream, text};
}

}  // namespace

StoreQuestion aws_question(std::string_view name, std::string_view host, std::string_view region,
                           AwsKeys const& keys, base::WallTime wall) {
  boost::json::object asked;
  asked["SecretId"] = name;
  auto const body = boost::json::serialize(asked);
  auto const date = amz_date(wall);
  AwsRequest request;
  request.body = body;
  request.fields = {{"content-type", "application/x-amz-json-1.1"},
                    {"host", std::string(host)},
                    {"x-amz-date", date},
                    {"x-amz-target", "secretsmanager.GetSecretValue"}};
  if (!keys.session.empty()) request.fields.emplace_back("x-amz-security-token", keys.session.reveal());
  StoreQuestion out;
  out.method = "POST";
  out.target = "/";
  auto const value = authorization(request, {std::string(region), "secretsmanager"}, keys, date);
  for (auto& [field, text] : request.fields) {
    if (field != "host") out.fields.emplace_back(field, base::Secret(text));
    if (field == "x-amz-security-token") explicit_bzero(text.data(), text.size());
  }
  out.fields.emplace_back("authorization", base::Secret(value));
  out.body = base::Secret(body);
  out.credentials = {keys.secret, base::Secret(signature_in(value))};
  if (!keys.session.empty()) out.credentials.push_back(keys.session);
  return out;
}

Result<StoreAnswer> aws_answer(int status, std::string_view body, Sent sent) {
  if (status != 200) return failure(status, body, sent);
  StoreJson const json(body);
  auto const text = json.text({"SecretString"});
  if (text.empty()) {
    bool const binary = json.at({"SecretBinary"}) != nullptr;
    return Error(
        Fault::protocol, Blame::upstream,
        binary ? "the secret is binary; only texts can be used" : "the answer holds no SecretString");
  }
  StoreAnswer out;
  out.values.emplace_back("", base::Secret(text));
  out.version = plain(without(sent, json.text({"VersionId"})));
  if (auto const seconds = json.number({"CreatedDate"}); seconds && *seconds > 0 && *seconds < 1e11) {
    out.created = base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000)));
  }
  StoreJson const inner(text);
  auto const* const root = inner.at({});
  if (root == nullptr || !root->is_object()) return out;
  for (auto const& member : root->get_object()) {
    if (member.key().empty()) continue;
    auto value = inner.scalar(member.value());
    if (value) out.values.emplace_back(std::string(member.key()), std::move(*value));
  }
  return out;
}

}  // namespace weir::secrets
