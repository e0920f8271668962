// AwsSource: reads secrets from AWS Secrets Manager, with keys from the standard chain.
//
// Belongs to one thread; `fetcher` outlives it. Order of the chain: variables, shared credentials file (read
// each time: it may be rotated too), then, only where `endpoints` says so, a container's or an instance's
// endpoint, whose keys are kept until five minutes before they end.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/http_fetch.hpp"
#include "secrets/aws_keys.hpp"
#include "vault/secret_source.hpp"

namespace weir::vault {

struct AwsOptions {
  std::string region;
  std::string endpoint;  // URL; empty: https://secretsmanager.{region}.amazonaws.com
  std::string profile = "default";
  bool endpoints = false;  // ask the container or the instance for keys
  bool operator==(AwsOptions const&) const = default;
};

class AwsSource final : public SecretSource {
 public:
  using ReadFile = std::function<base::Result<std::string>(std::string const& path)>;

  // `home`: for ~/.aws/credentials where AWS_SHARED_CREDENTIALS_FILE names no other.
  AwsSource(base::Scheduler& scheduler, net::Fetcher& fetcher, AwsOptions options,
            secrets::Variables variables, ReadFile read_file, std::string home);

  base::Task<base::Result<secrets::StoreAnswer>> read(secrets::SecretReference const& about,
                                                      base::TimePoint deadline) override;

 private:
  base::Task<base::Result<secrets::AwsKeys>> keys(base::TimePoint deadline);
  base::Task<base::Result<secrets::LentKeys>> ask_container(base::TimePoint deadline);
  base::Task<base::Result<secrets::LentKeys>> ask_instance(base::TimePoint deadline);
  std::optional<secrets::AwsKeys> keys_at_hand() const;
  std::string value(std::string_view name) const;

  base::Scheduler& scheduler_;
  net::Fetcher& fetcher_;
  AwsOptions options_;
  secrets::Variables variables_;
  ReadFile read_file_;
  std::string home_;
  std::optional<secrets::LentKeys> lent_;
};

}  // namespace weir::vault
