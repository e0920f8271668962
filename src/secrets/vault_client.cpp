#include "secrets/vault_client.hpp"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "secrets/secret_mask.hpp"
#include "secrets/store_json.hpp"

namespace weir::secrets {
namespace {

using base::Blame;
using base::Duration;
using base::Error;
using base::Fault;
using base::Result;
using base::Retry;
using base::TimePoint;

constexpr Duration kRenewAgain = std::chrono::seconds{10};
constexpr int kOk = 200;

std::string encoded(std::string_view path) {
  std::string out;
  for (char const c : path) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

Error failure(int status, std::string_view body, std::string_view what, VaultClient::Sent sent) {
  auto said = vault_errors(body);
  SecretMask(sent).apply(said);
  auto const text = fmt::format("{}: Vault answered {}{}{}", what, status, said.empty() ? "" : ": ", said);
  if (status == 401 || status == 403) return {Fault::denied, Blame::gateway, text};
  if (status == 404) return {Fault::not_found, Blame::gateway, text};
  if (status == 429 || status >= 500) return {Fault::unavailable, Blame::upstream, text, Retry::always};
  return {Fault::protocol, Blame::upstream, text};
}

Duration lease_in(StoreJson const& json, std::initializer_list<std::string_view> path) {
  constexpr double kLeaseMax = 10.0 * 365 * 24 * 3600;
  auto const seconds = json.number(path).value_or(0);
  if (!(seconds > 0)) return {};
  return std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, kLeaseMax)));
}

}  // namespace

std::string vault_errors(std::string_view body) {
  StoreJson const json(body);
  auto const* const list = json.at({"errors"});
  std::string out;
  if (list == nullptr || !list->is_array()) return out;
  out.reserve(body.size());  // it may repeat a credential: growing would leave copies
  for (auto const& item : list->get_array()) {
    auto const* const text = item.if_string();
    if (text == nullptr) continue;
    out.append(out.empty() ? "" : "; ").append(text->data(), text->size());
  }
  return out;
}

VaultClient::VaultClient(VaultOptions options, base::Random& random)
    : options_(std::move(options)), random_(random), token_(options_.token), fresh_(!token_.empty()) {}

VaultClient::Step VaultClient::next(TimePoint now) const {
  bool const over = ends_ && now >= *ends_;
  bool const own = !options_.role_id.empty();
  if (own && (token_.empty() || over || stale_)) return Step::login;
  if (!own && fresh_) return Step::renew;  // which tells how long it lasts
  if (renewable_ && renew_at_ && now >= *renew_at_ && !over) return Step::renew;
  if (own && !renewable_ && renew_at_ && now >= *renew_at_) return Step::login;
  return Step::read;
}

Duration VaultClient::left(TimePoint now) const {
  return renewable_ && ends_ && now < *ends_ ? *ends_ - now : Duration{};
}

StoreQuestion VaultClient::question(std::string method, std::string target) const {
  StoreQuestion out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.fields.emplace_back("X-Vault-Request", base::Secret("true"));
  if (!options_.space.empty()) out.fields.emplace_back("X-Vault-Namespace", base::Secret(options_.space));
  if (!token_.empty()) {
    out.fields.emplace_back("X-Vault-Token", token_);
    out.credentials.push_back(token_);
  }
  return out;
}

StoreQuestion VaultClient::login() const {
  StoreQuestion out;
  out.method = "POST";
  out.target = fmt::format("/v1/auth/{}/login", encoded(options_.approle_mount));
  out.fields.emplace_back("X-Vault-Request", base::Secret("true"));
  if (!options_.space.empty()) out.fields.emplace_back("X-Vault-Namespace", base::Secret(options_.space));
  out.fields.emplace_back("Content-Type", base::Secret("application/json"));
  WipingMemory memory;
  boost::json::object body(&memory);
  body["role_id"] = options_.role_id;
  body["secret_id"] = options_.secret_id.reveal();
  auto text = boost::json::serialize(body);
  out.body = base::Secret(text);
  explicit_bzero(text.data(), text.size());
  out.credentials.push_back(options_.secret_id);
  return out;
}

StoreQuestion VaultClient::renew() const {
  auto out = question("POST", "/v1/auth/token/renew-self");
  out.fields.emplace_back("Content-Type", base::Secret("application/json"));
  out.body = base::Secret("{}");
  return out;
}

StoreQuestion VaultClient::read(std::string_view document) const {
  return question("GET", fmt::format("/v1/{}/data/{}", encoded(options_.mount), encoded(document)));
}

void VaultClient::hold(base::Secret token, Duration lease, bool renewable, TimePoint now) {
  token_ = std::move(token);
  fresh_ = false;
  renewable_ = renewable;
  renew_at_.reset();
  ends_.reset();
  if (lease <= Duration{}) return;  // it lasts for ever
  auto const early = random_.below(static_cast<std::uint64_t>(lease.count() / 10) + 1);
  renew_at_ = now + lease * 2 / 3 - Duration(static_cast<Duration::rep>(early));
  ends_ = now + lease;
}

Result<void> VaultClient::logged_in(int status, std::string_view body, TimePoint now, Sent sent) {
  login_failed();
  if (status != kOk) {
    auto error = failure(status, body, "login", sent);
    if (status == 400 || status == 401 || status == 403) error.fault = Fault::unauthenticated;
    return error;
  }
  StoreJson const json(body);
  auto const token = json.text({"auth", "client_token"});
  if (token.empty()) return Error(Fault::protocol, Blame::upstream, "login: the answer holds no token");
  hold(base::Secret(token), lease_in(json, {"auth", "lease_duration"}), json.truth({"auth", "renewable"}),
       now);
  ++logins_;
  logged_in_at_ = now;
  return {};
}

void VaultClient::renewed(int status, std::string_view body, TimePoint now) {
  bool const first = std::exchange(fresh_, false);
  if (status == kOk) {
    StoreJson const json(body);
    base::Secret token = token_;
    hold(std::move(token), lease_in(json, {"auth", "lease_duration"}), json.truth({"auth", "renewable"}),
         now);
    return;
  }
  if (status == 429 || status >= 500) {
    fresh_ = first;
    return renewal_failed(now);
  }
  renewable_ = false;  // it cannot be renewed: used until its end
}

void VaultClient::renewal_failed(TimePoint now) {
  fresh_ = false;
  renew_at_ = now + kRenewAgain;
  renewable_ = true;
}

bool VaultClient::heard(std::string_view document, bool denied, std::uint64_t login, TimePoint now) {
  auto known = denied_.find(document);
  if (!denied) {
    if (known != denied_.end()) denied_.erase(known);
    return false;
  }
  if (options_.role_id.empty()) return false;
  if (login != logins_) return true;  // another token has come while this one was on its way
  if (known == denied_.end()) {
    if (denied_.size() >= kDeniedMax) denied_.clear();
    known = denied_.emplace(document, login).first;
  }
  auto const age = now - logged_in_at_;
  bool const no_help = known->second != logins_ && age < kLoginAgain;
  stale_ = stale_ || (age >= kTokenYoung && !no_help);
  return stale_;
}

Result<StoreAnswer> VaultClient::answer(int status, std::string_view body, Sent sent) const {
  if (status == 404) {
    StoreJson const json(body);
    bool const deleted = !json.text({"data", "metadata", "deletion_time"}).empty() ||
                         json.truth({"data", "metadata", "destroyed"});
    auto error = failure(status, body, "read", sent);
    if (deleted) error.detail = "read: the newest version has been deleted";
    return error;
  }
  if (status != kOk) return failure(status, body, "read", sent);
  StoreJson const json(body);
  auto const* const data = json.at({"data", "data"});
  if (data == nullptr || !data->is_object()) {
    return Error(Fault::protocol, Blame::upstream, "read: the answer is not that of a KV version 2 engine");
  }
  StoreAnswer out;
  for (auto const& member : data->get_object()) {
    auto text = json.scalar(member.value());
    if (text) out.values.emplace_back(std::string(member.key()), std::move(*text));
  }
  if (auto const version = json.number({"data", "metadata", "version"})) {
    out.version = fmt::format("{}", static_cast<std::int64_t>(*version));
  }
  out.created = parse_time(json.text({"data", "metadata", "created_time"}));
  out.lease = lease_in(json, {"lease_duration"});
  return out;
}

}  // namespace weir::secrets
