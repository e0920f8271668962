#include "secrets/aws_client.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

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

Error failure(int status, std::string_view body) {
  StoreJson const json(body);
  auto const type = plain(type_of(json.text({"__type"})));
  auto said = json.text({"message"});
  if (said.empty()) said = json.text({"Message"});
  auto const text = plain(fmt::format("AWS answered {}{}{}{}{}", status, type.empty() ? "" : ": ", type,
                                      said.empty() ? "" : ": ", said));
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
  return out;
}

Result<StoreAnswer> aws_answer(int status, std::string_view body) {
  if (status != 200) return failure(status, body);
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
  out.version = plain(json.text({"VersionId"}));
  if (auto const seconds = json.number({"CreatedDate"}); seconds && *seconds > 0 && *seconds < 1e11) {
    out.created = base::WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1000)));
  }
  StoreJson const inner(text);
  auto const* const root = inner.at({});
  if (root == nullptr || !root->is_object()) return out;
  for (auto const& member : root->get_object()) {
    if (member.key().empty()) continue;
    auto value = scalar_text(member.value());
    if (value) out.values.emplace_back(std::string(member.key()), std::move(*value));
  }
  return out;
}

}  // namespace weir::secrets
