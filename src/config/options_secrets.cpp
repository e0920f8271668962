// The rows for secret stores: where `${vault:…}` and `${aws-sm:…}` are looked up, and how often everything
// is.
#include "config/option_rows.hpp"

namespace weir::config {
namespace {

using enum Type;

constexpr Option kRows[] = {
    {"secrets", section, "", "", "",
     "Where secrets are kept, and how they are renewed while the gateway runs."},
    {"secrets.refresh", duration, "30s", "1s..1h", "",
     "How often each `${vault:…}` and `${aws-sm:…}` is looked at; files and credentials every 2 s. SIGHUP: "
     "at once."},
    {"secrets.overlap", duration, "1m", "0s..24h", "",
     "How long a replaced secret stays in reserve after the new one was first used with success."},
    {"secrets.timeout", duration, "5s", "100ms..1m", "", "Longest wait for a store's answer."},
    {"secrets.max_age", section, "", "", "",
     "Ages at which a secret should be replaced; older ones are warned of."},
    {"secrets.max_age.token", duration, "90d", "1d..3650d", "", "Of keys and tokens."},
    {"secrets.max_age.password", duration, "60d", "1d..3650d", "",
     "Of passwords: those whose reference or key has `password` in its name."},
    {"secrets.vault", section, "", "", "", "HashiCorp Vault, KV version 2."},
    {"secrets.vault.address", url, "", "", "", "Default: `$VAULT_ADDR`."},
    {"secrets.vault.namespace", text, "", "", "", "Default: `$VAULT_NAMESPACE`."},
    {"secrets.vault.mount", text, "secret", "", "", "Where the KV engine is mounted."},
    {"secrets.vault.token", text, "", "", "", "Default: `$VAULT_TOKEN`. Renewed where it can be."},
    {"secrets.vault.role_id", text, "", "", "", "Log in with AppRole instead of a token."},
    {"secrets.vault.secret_id", text, "", "", "", "Secret of the AppRole."},
    {"secrets.vault.approle_mount", text, "approle", "", "", "Where AppRole is mounted."},
    {"secrets.aws", section, "", "", "",
     "AWS Secrets Manager. Keys: `$AWS_ACCESS_KEY_ID` …, then the shared file."},
    {"secrets.aws.region", text, "", "", "", "Default: `$AWS_REGION`, `$AWS_DEFAULT_REGION`."},
    {"secrets.aws.endpoint", url, "", "", "", "Instead of the region's own."},
    {"secrets.aws.profile", text, "default", "", "",
     "Of the shared credentials file. Default: `$AWS_PROFILE`."},
    {"secrets.aws.instance_keys", boolean, "false", "", "",
     "Ask the endpoint of the container or the instance for keys where there are none."},
};

}  // namespace

std::span<Option const> secret_options() noexcept { return kRows; }

}  // namespace weir::config
