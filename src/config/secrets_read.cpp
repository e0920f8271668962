// The section `secrets`: which stores there are, and how often they are looked at.
#include "config/load_steps.hpp"
#include "config/typed.hpp"

namespace weir::config {
namespace {

// The names that the stores' own tools use stand in where the file says nothing.
void take_or(Node const* node, std::string_view path, Environment const& environment,
             std::initializer_list<std::string_view> variables, std::string& out) {
  for (auto const name : variables) {
    auto const value = environment.variable(name);
    if (!value || value->empty()) continue;
    out = *value;
    break;
  }
  take(node, path, out);
}

void take_secret(Node const* node, std::string_view path, base::Secret& out) {
  if (auto const text = scalar_at(node, path)) out = base::Secret(*text);
}

}  // namespace

SecretStores read_secrets(Node const* section, Environment const& environment) {
  SecretStores out;
  take(section, "refresh", out.refresh);
  take(section, "overlap", out.overlap);
  take(section, "timeout", out.timeout);
  take(section, "max_age.token", out.token_age_max);
  take(section, "max_age.password", out.password_age_max);
  take_or(section, "vault.address", environment, {"VAULT_ADDR"}, out.vault.address);
  take_or(section, "vault.namespace", environment, {"VAULT_NAMESPACE"}, out.vault.space);
  take(section, "vault.mount", out.vault.mount);
  if (auto const token = environment.variable("VAULT_TOKEN")) out.vault.token = base::Secret(*token);
  take_secret(section, "vault.token", out.vault.token);
  take(section, "vault.role_id", out.vault.role_id);
  take_secret(section, "vault.secret_id", out.vault.secret_id);
  take(section, "vault.approle_mount", out.vault.approle_mount);
  take_or(section, "aws.region", environment, {"AWS_REGION", "AWS_DEFAULT_REGION"}, out.aws.region);
  take(section, "aws.endpoint", out.aws.endpoint);
  take_or(section, "aws.profile", environment, {"AWS_PROFILE"}, out.aws.profile);
  take(section, "aws.instance_keys", out.aws.instance_keys);
  return out;
}

}  // namespace weir::config
