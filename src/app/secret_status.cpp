#include "app/secret_status.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "app/shown_text.hpp"
#include "base/shell_word.hpp"
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

constexpr std::string_view kRefusedAdvice =
    "the one before is used there: do not revoke it; once the new one is taken there, `weir ctl reload`, or "
    "give the secret a value that all take";

void list_member(std::string& json, std::string_view key, std::vector<std::string> const& texts) {
  json += fmt::format(R"(,"{}":[)", key);
  for (auto const& text : texts) {
    json += json.back() == '[' ? "" : ",";
    mcp::append_json_string(json, text);
  }
  json += ']';
}

std::vector<std::string> texts_at(dom::element const& item, char const* key) {
  std::vector<std::string> out;
  dom::array list;
  if (item[key].get_array().get(list) != simdjson::SUCCESS) return out;
  for (auto const element : list) {
    std::string_view text;
    if (element.get_string().get(text) == simdjson::SUCCESS) out.emplace_back(text);
  }
  return out;
}

// Of several the first one is named here; the JSON has all.
std::string state_text(SecretLine const& line) {
  if (line.state != "refused" || line.refused_by.empty()) return shown(line.state);
  auto const more = line.refused_by.size() - 1;
  return fmt::format("refused by {}{}", shown(line.refused_by.front()),
                     more == 0 ? "" : fmt::format(" and {} more", more));
}

char const* state_of(secrets::SecretView const& view, base::WallTime now) {
  if (view.rolled_back) return "rolled back";
  if (!view.alarm.empty()) return "failing";
  if (!view.known) return "unknown";
  if (!view.refused_by.empty()) return "refused";
  if (view.overdue(now)) return "old";
  return view.on_trial ? "new" : "ok";
}

std::string_view text_at(dom::element const& item, char const* key) {
  std::string_view text;
  return item[key].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// No value stands in the commands: a shell writes down what it was told to run, and any user sees it.
std::string how(SecretLine const& line) {
  auto const rest = line.reference.substr(line.reference.find(':') + 1);
  auto const document = rest.substr(0, rest.rfind('#'));
  auto const key = rest.rfind('#') == std::string::npos ? std::string() : rest.substr(rest.rfind('#') + 1);
  if (line.source == "vault") {
    auto const option = [](std::string_view name, std::string const& value) {
      return value.empty() ? std::string() : fmt::format("{}={} ", name, base::shell_word(value));
    };
    return fmt::format("with the new value on its input: vault kv patch {}{}{} {}",
                       option("-namespace", line.space), option("-mount", line.mount),
                       base::shell_word(document), base::shell_word(key + "=-"));
  }
  if (line.source == "aws-sm") {
    return fmt::format(
        "with {} on its input: aws secretsmanager put-secret-value --secret-id {} --secret-string "
        "file:///dev/stdin",
        key.empty() ? "the new value" : fmt::format("the whole JSON and a new `{}` in it", key),
        base::shell_word(document));
  }
  if (line.source == "file") return fmt::format("write a new file beside {} and rename it over", document);
  return fmt::format("give the credential `{}` a new value where your service manager keeps it", document);
}

}  // namespace

void mask_views(std::vector<secrets::SecretView>& views, std::function<void(std::string&)> const& mask) {
  for (auto& view : views) {
    mask(view.alarm);
    mask(view.version);
  }
}

std::string secrets_json(std::vector<secrets::SecretView> const& views,
                         std::vector<config::SecretUse> const& uses, base::WallTime now,
                         VaultPlace const& vault) {
  std::string json = R"({"secrets":[)";
  for (auto const& view : views) {
    json += json.back() == '[' ? "{" : ",{";
    auto const reference = view.reference.text();
    text_member(json, "reference", reference);
    text_member(json, "source", secrets::name_of(view.reference.store));
    if (view.reference.store == secrets::Store::vault) {
      if (!vault.space.empty()) text_member(json, "namespace", vault.space);
      text_member(json, "mount", vault.mount);
    }
    text_member(json, "state", state_of(view, now));
    auto const detail = view.alarm.empty() && !view.refused_by.empty() ? kRefusedAdvice : view.alarm;
    if (!detail.empty()) text_member(json, "detail", detail);
    if (!view.version.empty()) text_member(json, "version", view.version);
    if (auto const age = view.age(now)) {
      json +=
          fmt::format(R"(,"age_seconds":{})", std::chrono::duration_cast<std::chrono::seconds>(*age).count());
      text_member(json, "created", date_text(*view.created));
      if (view.age_max > base::Duration{}) {
        text_member(json, "due", date_text(*view.created + floor<std::chrono::milliseconds>(view.age_max)));
      }
    }
    json += fmt::format(R"(,"replaced":{},"failures":{})", view.replaced, view.failures);
    list_member(json, "refused_by", view.refused_by);
    std::vector<std::string> paths;
    for (auto const& use : uses) {
      if (use.reference == reference) paths.push_back(use.path);
    }
    list_member(json, "used_by", paths);
    json += '}';
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
    line.space = text_at(item, "namespace");
    line.mount = text_at(item, "mount");
    line.state = text_at(item, "state");
    line.detail = text_at(item, "detail");
    line.version = text_at(item, "version");
    line.due = text_at(item, "due");
    std::int64_t age = 0;
    if (item["age_seconds"].get_int64().get(age) == simdjson::SUCCESS)
      line.age_days = static_cast<long>(age / 86'400);
    line.refused_by = texts_at(item, "refused_by");
    line.used_by = texts_at(item, "used_by");
    out.push_back(std::move(line));
  }
  return out;
}

std::string render_secrets(std::vector<SecretLine> const& lines) {
  if (lines.empty()) {
    return "no secrets in use that could change; values from the environment change with a restart only\n";
  }
  std::size_t wide = 9, state_wide = 11;
  for (auto const& line : lines) {
    wide = std::max(wide, shown(line.reference).size());
    state_wide = std::max(state_wide, state_text(line).size());
  }
  auto out = fmt::format("{:<{}}  {:<{}}  {:>8}  {:<10}  {}\n", "REFERENCE", wide, "STATE", state_wide, "AGE",
                         "DUE", "USED BY");
  for (auto const& line : lines) {
    auto const age = line.age_days ? fmt::format("{} d", *line.age_days) : std::string("?");
    std::string users;
    for (auto const& user : line.used_by) users.append(users.empty() ? "" : ", ").append(user);
    out += fmt::format("{:<{}}  {:<{}}  {:>8}  {:<10}  {}\n", shown(line.reference), wide, state_text(line),
                       state_wide, age, line.due.empty() ? "?" : shown(line.due), shown(users));
    if (!line.detail.empty()) out += "  " + shown(line.detail) + "\n";
  }
  return out;
}

std::string render_rotation(std::vector<SecretLine> const& lines) {
  std::string out;
  for (auto const& line : lines) {
    out += fmt::format("{} ({}{})\n", shown(line.reference), state_text(line),
                       line.due.empty() ? "" : ", due " + shown(line.due));
    out += "  1. by hand: have its issuer make a new one; do not revoke the old one yet\n";
    out += "  2. by hand: " + shown(how(line)) + "\n";
    out += "  3. Weir takes it over by itself; at once after SIGHUP. `weir secrets` shows its age\n";
    out += "  4. by hand: when its state is `ok`, revoke the old one\n";
    if (line.state == "refused") out += "  or: " + shown(line.detail) + "\n";
  }
  return out;
}

}  // namespace weir::app
