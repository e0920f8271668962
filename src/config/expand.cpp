#include "config/expand.hpp"

#include <fmt/format.h>

#include <cctype>

namespace weir::config {
namespace {

constexpr std::size_t kSecretFileBytesMax = 64 * 1024;

bool is_name(std::string_view text) {
  for (char const letter : text) {
    auto const c = static_cast<unsigned char>(letter);
    if (std::isalnum(c) == 0 && c != '_') return false;
  }
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0;
}

bool is_label(std::string_view text) {  // of an input or a credential: no folder, no way up
  for (char const letter : text) {
    auto const c = static_cast<unsigned char>(letter);
    if (std::isalnum(c) == 0 && c != '_' && c != '-' && c != '.') return false;
  }
  return !text.empty() && text[0] != '.';
}

// What one reference came to: a value, or why not.
struct Outcome {
  std::optional<std::string> value;
  std::string variable;   // the name, if it came from the environment
  std::string reference;  // to what may change while the gateway runs
  bool secret = false;
  bool store = false;  // asked for over the network: a default would hide an outage
  Expansion::Fault fault = Expansion::Fault::none;
  std::string why;
  std::string fix;
};

Outcome failed(Expansion::Fault fault, std::string why, std::string fix = {}) {
  Outcome outcome;
  outcome.fault = fault;
  outcome.why = std::move(why);
  outcome.fix = std::move(fix);
  return outcome;
}

Outcome from_variable(std::string_view name, Environment const& environment) {
  if (!is_name(name)) return failed(Expansion::Fault::malformed, "is not the name of a variable");
  Outcome outcome;
  outcome.variable = name;
  if (auto const value = environment.variable(name)) outcome.value = *value;
  outcome.fault = Expansion::Fault::unset;
  outcome.why = "is not set";
  outcome.fix = fmt::format("export {}=…", name);
  return outcome;
}

Outcome of_kept(base::Secret const& value) {
  Outcome outcome;
  outcome.secret = true;
  outcome.value = std::string(value.reveal());
  return outcome;
}

Outcome read_file(std::string const& path, Environment const& environment) {
  auto text = environment.read(path, kSecretFileBytesMax);
  if (!text) {
    return failed(Expansion::Fault::unreadable, "cannot be read: " + text.error().detail,
                  "check that the file exists and that this user may read it");
  }
  Outcome outcome;
  outcome.secret = true;
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  if (text->find_first_not_of(" \t\r\n") != std::string::npos) outcome.value = std::move(*text);
  outcome.fault = Expansion::Fault::unset;
  outcome.why = "is empty";
  outcome.fix = "write the secret into it, or give a default: ${file:PATH:-}";
  return outcome;
}

Outcome read_credential(std::string_view name, Environment const& environment) {
  if (auto const folder = environment.variable("CREDENTIALS_DIRECTORY"); folder && !folder->empty()) {
    auto const path = fmt::format("{}/{}", *folder, name);
    if (environment.exists(path)) return read_file(path, environment);
  }
  auto const path = fmt::format("/run/secrets/{}", name);
  if (environment.exists(path)) return read_file(path, environment);
  return failed(Expansion::Fault::unreadable, "does not exist",
                fmt::format("put it in {} (or $CREDENTIALS_DIRECTORY/{})", path, name));
}

// A value that is kept is the one in force: the file may hold a newer one that turned out to be bad.
Outcome from_file(std::string const& path, Environment const& environment) {
  auto const reference = "file:" + path;
  auto const kept = environment.kept(reference);
  auto outcome = kept ? of_kept(*kept) : read_file(path, environment);
  outcome.reference = reference;
  return outcome;
}

Outcome from_credential(std::string_view name, Environment const& environment) {
  if (!is_label(name)) return failed(Expansion::Fault::malformed, "is not the name of a credential");
  auto const reference = fmt::format("cred:{}", name);
  auto const kept = environment.kept(reference);
  auto outcome = kept ? of_kept(*kept) : read_credential(name, environment);
  outcome.reference = reference;
  return outcome;
}

Outcome from_store(std::string_view body, Environment const& environment) {
  auto const kind = body.substr(0, body.find(':'));
  auto const rest = body.substr(kind.size() + 1);
  auto const hash = rest.rfind('#');
  bool const named = hash != 0 && !rest.empty() && hash != rest.size() - 1;
  if (!named || (kind == "vault" && hash == std::string_view::npos)) {
    return failed(Expansion::Fault::malformed, "does not name a secret",
                  kind == "vault" ? "write ${vault:path#key}" : "write ${aws-sm:name#key} or ${aws-sm:name}");
  }
  auto const kept = environment.kept(body);
  Outcome outcome;
  if (kept) {
    outcome = of_kept(*kept);
  } else if (kept.error().fault == base::Fault::unavailable) {
    outcome = failed(Expansion::Fault::unreadable, "cannot be had: " + kept.error().detail,
                     "see `secrets` in docs/config.md; `weir secrets` shows what is known of each");
  } else {
    outcome = failed(Expansion::Fault::elsewhere, kept.error().detail);
  }
  outcome.reference = body;
  outcome.store = true;
  return outcome;
}

Outcome from_input(std::string_view id, Environment const& environment) {
  if (!is_label(id)) return failed(Expansion::Fault::malformed, "is not the name of an input");
  auto const variable = fmt::format("WEIR_INPUT_{}", id);
  Outcome outcome;
  outcome.secret = true;
  if (auto const value = environment.variable(variable)) outcome.value = *value;
  outcome.fault = Expansion::Fault::unset;
  outcome.why = "is not set";
  outcome.fix = fmt::format("set the environment variable {}", variable);
  return outcome;
}

Outcome of_text(std::string text) {
  Outcome outcome;
  outcome.value = std::move(text);
  return outcome;
}

// `body` is what stands between the braces, without a default.
Outcome resolve(std::string_view body, Environment const& environment, std::string_view workspace_folder) {
  auto const colon = body.find(':');
  auto const kind = body.substr(0, colon);
  if (colon == std::string_view::npos) {
    if (body == "workspaceFolder") return of_text(std::string(workspace_folder));
    if (body == "userHome") return of_text(environment.home());
    return from_variable(body, environment);
  }
  auto const rest = body.substr(colon + 1);
  if (kind == "env") return from_variable(rest, environment);
  if (kind == "file") return from_file(environment.absolute(rest), environment);
  if (kind == "cred") return from_credential(rest, environment);
  if (kind == "input") return from_input(rest, environment);
  if (kind == "vault" || kind == "aws-sm") return from_store(body, environment);
  if (kind == "cmd") {
    return failed(Expansion::Fault::forbidden, "would run a command, which is not allowed",
                  "use ${file:…} or ${cred:…}");
  }
  return failed(Expansion::Fault::malformed, "is of an unknown kind",
                "kinds are env, file, cred, input, vault and aws-sm");
}

void replace(std::string_view reference, std::size_t offset, Environment const& environment,
             std::string_view workspace_folder, std::string& text, Expansion& out) {
  auto body = reference.substr(2, reference.size() - 3);
  auto const dash = body.find(":-");
  std::optional<std::string_view> fallback;
  if (dash != std::string_view::npos) {
    fallback = body.substr(dash + 2);
    body = body.substr(0, dash);
  }
  auto outcome = resolve(body, environment, workspace_folder);
  if (!outcome.reference.empty()) out.references.push_back(outcome.reference);
  if (outcome.store && fallback) {
    outcome = failed(Expansion::Fault::malformed, "cannot have a default",
                     "leave it out: while a store is down, its last good value is used");
  }
  bool const lasting = outcome.store || outcome.fault == Expansion::Fault::malformed ||
                       outcome.fault == Expansion::Fault::forbidden;
  if (!lasting && fallback && (!outcome.value || outcome.value->empty())) {
    text += *fallback;
  } else if (outcome.value) {
    text += *outcome.value;
    if (outcome.secret) out.secrets.emplace_back(*outcome.value);
    if (!outcome.variable.empty()) out.variables.push_back({outcome.variable, base::Secret(*outcome.value)});
    explicit_bzero(outcome.value->data(), outcome.value->size());
  } else {
    text += reference;
    out.failures.push_back(
        {outcome.fault, std::string(reference), offset, std::move(outcome.why), std::move(outcome.fix)});
  }
}

}  // namespace

bool has_reference(std::string_view text) noexcept { return text.find("${") != std::string_view::npos; }

Expansion expand(std::string_view text, Environment const& environment, std::string_view workspace_folder) {
  Expansion out;
  std::string result;
  std::size_t at = 0;
  while (true) {
    auto const begin = text.find("${", at);
    if (begin == std::string_view::npos) break;
    if (begin > at && text[begin - 1] == '$') {  // `$${`
      result += text.substr(at, begin - at - 1);
      result += "${";
      at = begin + 2;
      continue;
    }
    result += text.substr(at, begin - at);
    auto const end = text.find('}', begin);
    if (end == std::string_view::npos) {
      out.failures.push_back({Expansion::Fault::malformed, std::string(text.substr(begin)), begin,
                              "has no closing brace", "write $${ for a literal ${"});
      at = begin;
      break;
    }
    replace(text.substr(begin, end + 1 - begin), begin, environment, workspace_folder, result, out);
    at = end + 1;
  }
  result += text.substr(at);
  out.value = base::Secret(result);
  explicit_bzero(result.data(), result.size());
  return out;
}

}  // namespace weir::config
