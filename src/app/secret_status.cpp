#include "app/secret_status.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "app/shown_text.hpp"
#include "mcp/json_text.hpp"

namespace weir::app {
namespace {

namespace dom = simdjson::dom;
using std::chrono::floor;

std::string date_text(base::WallTime at) {
  std::chrono::year_month_day const date(floor<std::chrono::days>(at));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

void text_member(std::string& json, std::string_view key, std::string_view text) {
  json += json.back() == '{' ? "" : ",";
  mcp::append_json_string(json, key);
  json += ':';
  mcp::append_json_string(json, text);
}

char const* state_of(secrets::SecretView const& view, base::WallTime now) {
  if (view.rolled_back) return "rolled back";
  if (!view.alarm.empty()) return "failing";
  if (!view.known) return "unknown";
  if (view.overdue(now)) return "old";
  return view.on_trial ? "new" : "ok";
}

std::string_view text_at(dom::element const& item, char const* key) {
  std::string_view text;
  return item[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string how(SecretLine const& line) {
  auto const rest = line.reference.substr(line.reference.find(':') + 1);
  auto const document = rest.substr(0, rest.rfind('#'));
  auto const key = rest.rfind('#') == std::string::npos ? std::string() : rest.substr(rest.rfind('#') + 1);
  if (line.source == "vault") return fmt::format("vault kv patch {} {}=…", document, key);
  if (line.source == "aws-sm") {
    return key.empty()
               ? fmt::format("aws secretsmanager put-secret-value --secret-id {} --secret-string …", document)
               : fmt::format(
                     "aws secretsmanager put-secret-value --secret-id {}, with a new `{}` in its JSON",
                     document, key);
  }
  if (line.source == "file") return fmt::format("write a new file beside {} and rename it over", document);
  return fmt::format("give the credential `{}` a new value where your service manager keeps it", document);
}

}  // namespace

std::string secrets_json(std::vector<secrets::SecretView> const& views,
                         std::vector<config::SecretUse> const& uses, base::WallTime now) {
  std::string json = R"({"secrets":[)";
  for (auto const& view : views) {
    json += json.back() == '[' ? "{" : ",{";
    auto const reference = view.reference.text();
    text_member(json, "reference", reference);
    text_member(json, "source", secrets::name_of(view.reference.store));
    text_member(json, "state", state_of(view, now));
    if (!view.alarm.empty()) text_member(json, "detail", view.alarm);
    if (!view.version.empty()) text_member(json, "version", view.version);
    if (auto const age = view.age(now)) {
      json +=
          fmt::format(R"(,"age_seconds":{})", std::chrono::duration_cast<std::chrono::seconds>(*age).count());
      text_member(json, "created", date_text(*view.created));
      if (view.age_max > base::Duration{}) {
        text_member(json, "due", date_text(*view.created + floor<std::chrono::milliseconds>(view.age_max)));
      }
    }
    json += fmt::format(R"(,"replaced":{},"failures":{},"used_by":[)", view.replaced, view.failures);
    for (auto const& use : uses) {
      if (use.reference != reference) continue;
      json += json.back() == '[' ? "" : ",";
      mcp::append_json_string(json, use.path);
    }
    json += "]}";
  }
  return json + "]}\n";
}

std::optional<std::vector<SecretLine>> read_secrets(std::string_view json) {
  dom::parser parser;
  dom::element root;
  dom::array list;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS) return {};
  if (root["secrets"].get_array().get(list) != simdjson::SUCCESS) return {};
  std::vector<SecretLine> out;
  for (auto const item : list) {
    SecretLine line;
    line.reference = text_at(item, "reference");
    line.source = text_at(item, "source");
    line.state = text_at(item, "state");
    line.detail = text_at(item, "detail");
    line.version = text_at(item, "version");
    line.due = text_at(item, "due");
    std::int64_t age = 0;
    if (item["age_seconds"].get_int64().get(age) == simdjson::SUCCESS)
      line.age_days = static_cast<long>(age / 86'400);
    dom::array users;
    if (item["used_by"].get_array().get(users) == simdjson::SUCCESS) {
      for (auto const user : users) {
        std::string_view text;
        if (user.get_string().get(text) == simdjson::SUCCESS) line.used_by.emplace_back(text);
      }
    }
    out.push_back(std::move(line));
  }
  return out;
}

std::string render_secrets(std::vector<SecretLine> const& lines) {
  if (lines.empty()) {
    return "no secrets in use that could change; values from the environment change with a restart only\n";
  }
  std::size_t wide = 9;
  for (auto const& line : lines) wide = std::max(wide, shown(line.reference).size());
  auto out =
      fmt::format("{:<{}}  {:<11}  {:>8}  {:<10}  {}\n", "REFERENCE", wide, "STATE", "AGE", "DUE", "USED BY");
  for (auto const& line : lines) {
    auto const age = line.age_days ? fmt::format("{} d", *line.age_days) : std::string("?");
    std::string users;
    for (auto const& user : line.used_by) users.append(users.empty() ? "" : ", ").append(user);
    out += fmt::format("{:<{}}  {:<11}  {:>8}  {:<10}  {}\n", shown(line.reference), wide, shown(line.state),
                       age, line.due.empty() ? "?" : shown(line.due), shown(users));
    if (!line.detail.empty()) out += "  " + shown(line.detail) + "\n";
  }
  return out;
}

std::string render_rotation(std::vector<SecretLine> const& lines) {
  std::string out;
  for (auto const& line : lines) {
    out += fmt::format("{} ({}{})\n", shown(line.reference), shown(line.state),
                       line.due.empty() ? "" : ", due " + shown(line.due));
    out += "  1. by hand: have its issuer make a new one; do not revoke the old one yet\n";
    out += "  2. by hand: " + shown(how(line)) + "\n";
    out += "  3. Weir takes it over by itself; at once after SIGHUP. `weir secrets` shows its age\n";
    out += "  4. by hand: when its state is `ok`, revoke the old one\n";
  }
  return out;
}

}  // namespace weir::app
