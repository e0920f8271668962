#include "secrets/aws_keys.hpp"

#include <algorithm>

#include "secrets/store_json.hpp"

namespace weir::secrets {
namespace {

std::string_view trim(std::string_view text) {
  auto const begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

}  // namespace

std::optional<AwsKeys> keys_in_variables(Variables const& variable) {
  auto const id = variable("AWS_ACCESS_KEY_ID");
  auto const secret = variable("AWS_SECRET_ACCESS_KEY");
  if (!id || id->empty() || !secret || secret->empty()) return {};
  return AwsKeys{std::string(*id), base::Secret(*secret),
                 base::Secret(variable("AWS_SESSION_TOKEN").value_or(std::string_view()))};
}

std::optional<AwsKeys> keys_in_file(std::string_view text, std::string_view profile) {
  AwsKeys keys;
  bool here = false;
  while (!text.empty()) {
    auto const whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    auto const line = trim(whole);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      here = line.ends_with(']') && trim(line.substr(1, line.size() - 2)) == profile;
      continue;
    }
    auto const equals = line.find('=');
    if (!here || equals == std::string_view::npos) continue;
    auto const name = trim(line.substr(0, equals));
    auto const value = trim(line.substr(equals + 1));
    if (name == "aws_access_key_id") keys.id = value;
    if (name == "aws_secret_access_key") keys.secret = base::Secret(value);
    if (name == "aws_session_token") keys.session = base::Secret(value);
  }
  if (keys.id.empty() || keys.secret.empty()) return {};
  return keys;
}

base::Result<LentKeys> keys_in_answer(std::string_view body) {
  StoreJson const json(body);
  LentKeys out;
  out.keys.id = json.text({"AccessKeyId"});
  out.keys.secret = base::Secret(json.text({"SecretAccessKey"}));
  out.keys.session = base::Secret(json.text({"Token"}));
  out.ends = parse_time(json.text({"Expiration"}));
  if (out.keys.id.empty() || out.keys.secret.empty()) {
    return base::Error(base::Fault::protocol, base::Blame::upstream, "the endpoint's answer holds no keys");
  }
  return out;
}

bool is_container_host(std::string_view host) noexcept {
  constexpr std::string_view kHosts[] = {"127.0.0.1", "::1", "localhost", "169.254.170.2", "169.254.170.23"};
  return std::find(std::begin(kHosts), std::end(kHosts), host) != std::end(kHosts);
}

}  // namespace weir::secrets
