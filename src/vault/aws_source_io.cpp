#include "vault/aws_source_io.hpp"

#include "secrets/aws_client.hpp"
#include "secrets/store_json.hpp"
#include "vault/store_fetch_io.hpp"

namespace weir::vault {

using base::Blame;
using base::Error;
using base::Fault;
using base::Result;
using base::Task;
using secrets::AwsKeys;
using secrets::LentKeys;
using secrets::StoreQuestion;

namespace {

constexpr auto kRenewBefore = std::chrono::minutes{5};
constexpr std::string_view kContainer = "http://169.254.170.2";
constexpr std::string_view kInstance = "http://169.254.169.254";
constexpr std::string_view kRoles = "/latest/meta-data/iam/security-credentials/";

StoreQuestion get(std::string target) {
  StoreQuestion out;
  out.target = std::move(target);
  return out;
}

Error refused(int status, char const* who) {
  return {Fault::unavailable, Blame::upstream,
          std::string(who) + " gives no keys: status " + std::to_string(status)};
}

// The instance's role is a name; nothing else may get into a path.
std::string role_in(std::string_view body) {
  std::string role(body.substr(0, body.find('\n')));
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-";
  return role.find_first_not_of(kName) == std::string::npos ? role : std::string();
}

}  // namespace

AwsSource::AwsSource(base::Scheduler& scheduler, net::Fetcher& fetcher, AwsOptions options,
                     secrets::Variables variables, ReadFile read_file, std::string home)
    : scheduler_(scheduler),
      fetcher_(fetcher),
      options_(std::move(options)),
      variables_(std::move(variables)),
      read_file_(std::move(read_file)),
      home_(std::move(home)) {}

std::string AwsSource::value(std::string_view name) const {
  return std::string(variables_(name).value_or(std::string_view()));
}

std::optional<AwsKeys> AwsSource::keys_at_hand() const {
  if (auto found = secrets::keys_in_variables(variables_)) return found;
  auto path = value("AWS_SHARED_CREDENTIALS_FILE");
  if (path.empty()) path = home_ + "/.aws/credentials";
  auto text = read_file_(path);
  if (!text) return {};
  auto found = secrets::keys_in_file(*text, options_.profile);
  explicit_bzero(text->data(), text->size());
  return found;
}

Task<Result<LentKeys>> AwsSource::ask_container(base::TimePoint deadline) {
  auto const relative = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  auto const full = value("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  auto const url = net::parse_url(relative.empty() ? full : std::string(kContainer) + relative);
  if (!url) co_return url.error();
  if (!url->https && !secrets::is_container_host(url->host)) {
    co_return Error(Fault::config, Blame::gateway,
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that must not be asked");
  }
  auto question = get(url->target);
  auto token = value("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (auto const file = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    auto text = read_file_(file);
    if (!text) co_return text.error();
    token = std::move(*text);
    while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  }
  if (!token.empty()) question.fields.emplace_back("Authorization", base::Secret(token));
  explicit_bzero(token.data(), token.size());
  auto reply = co_await ask_store(fetcher_, *url, std::move(question), deadline);
  if (!reply) co_return std::move(reply).error();
  if (reply->status != 200) co_return refused(reply->status, "the container's endpoint");
  co_return secrets::keys_in_answer(reply->body.reveal());
}

Task<Result<LentKeys>> AwsSource::ask_instance(base::TimePoint deadline) {
  auto const named = value("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  auto const url = net::parse_url(named.empty() ? kInstance : std::string_view(named));
  if (!url) co_return url.error();
  auto login = get("/latest/api/token");
  login.method = "PUT";
  login.fields.emplace_back("X-aws-ec2-metadata-token-ttl-seconds", base::Secret("300"));
  auto token = co_await ask_store(fetcher_, *url, std::move(login), deadline);
  if (!token) co_return std::move(token).error();
  if (token->status != 200) co_return refused(token->status, "the instance's endpoint");
  auto list = get(std::string(kRoles));
  list.fields.emplace_back("X-aws-ec2-metadata-token", token->body);
  auto roles = co_await ask_store(fetcher_, *url, std::move(list), deadline);
  if (!roles) co_return std::move(roles).error();
  auto const role = role_in(roles->body.reveal());
  if (roles->status != 200 || role.empty()) co_return refused(roles->status, "the instance's endpoint");
  auto one = get(std::string(kRoles) + role);
  one.fields.emplace_back("X-aws-ec2-metadata-token", token->body);
  auto reply = co_await ask_store(fetcher_, *url, std::move(one), deadline);
  if (!reply) co_return std::move(reply).error();
  if (reply->status != 200) co_return refused(reply->status, "the instance's endpoint");
  co_return secrets::keys_in_answer(reply->body.reveal());
}

Task<Result<AwsKeys>> AwsSource::keys(base::TimePoint deadline) {
  if (auto found = keys_at_hand()) co_return std::move(*found);
  if (!options_.endpoints) {
    co_return Error(Fault::config, Blame::gateway,
                    "no keys for AWS: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY nor the profile `" +
                        secrets::plain(options_.profile) + "` in the shared credentials file");
  }
  if (lent_ && lent_->ends && scheduler_.clock().wall() + kRenewBefore < *lent_->ends) co_return lent_->keys;
  bool const container = !value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").empty() ||
                         !value("AWS_CONTAINER_CREDENTIALS_FULL_URI").empty();
  auto asking = container ? ask_container(deadline) : ask_instance(deadline);
  auto lent = co_await std::move(asking);
  if (!lent) co_return std::move(lent).error();
  lent_ = std::move(*lent);
  co_return lent_->keys;
}

Task<Result<secrets::StoreAnswer>> AwsSource::read(secrets::SecretReference const& about,
                                                   base::TimePoint deadline) {
  if (options_.region.empty() && options_.endpoint.empty()) {
    co_return Error(Fault::config, Blame::gateway, "no region for AWS: set secrets.aws.region or AWS_REGION");
  }
  auto const url = net::parse_url(options_.endpoint.empty()
                                      ? "https://secretsmanager." + options_.region + ".amazonaws.com"
                                      : options_.endpoint);
  if (!url) co_return url.error();
  auto found = co_await keys(deadline);
  if (!found) co_return std::move(found).error();
  auto const region = options_.region.empty() ? std::string("us-east-1") : options_.region;
  auto question =
      secrets::aws_question(about.document, url->authority, region, *found, scheduler_.clock().wall());
  auto reply = co_await ask_store(fetcher_, *url, std::move(question), deadline);
  if (!reply) co_return std::move(reply).error();
  co_return secrets::aws_answer(reply->status, reply->body.reveal(), reply->sent);
}

}  // namespace weir::vault
