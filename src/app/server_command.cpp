#include "app/server_command.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "app/command_failure.hpp"
#include "app/core_dumps.hpp"
#include "app/exit_codes.hpp"
#include "app/secret_desk.hpp"
#include "app/shown_text.hpp"
#include "app/sign_in_talk.hpp"
#include "app/state_folder.hpp"
#include "base/say.hpp"
#include "oauth/error_table.hpp"

namespace weir::app {
namespace {

std::string names_of(config::Settings const& settings) {
  std::string names;
  for (auto const& server : settings.servers) {
    if (sign_in_use(server)) names += (names.empty() ? "" : ", ") + server.name;
  }
  return names.empty() ? "no server has `auth: { type: oauth, grant: authorization_code }`"
                       : "a person signs in at: " + names;
}

// The settings with their secrets, as `weir run` would have them.
int read_settings(ServerRequest const& request, config::Environment& machine, config::Settings& settings) {
  SecretDesk secrets(machine);
  auto& environment = secrets.environment();
  FoundSources found;
  if (int const refused = find_sources(request.sources, environment, found); refused != 0) return refused;
  auto checked = config::check(found.sources, environment);
  secrets.learn(checked.settings);
  if (!checked.settings.references.empty()) {
    secrets.fetch_now();
    checked = config::check(found.sources, environment);
  }
  bool const bad = std::any_of(checked.problems.begin(), checked.problems.end(), [](auto const& problem) {
    return problem.severity == config::Severity::error && !problem.confined;
  });
  if (bad) {
    base::say("{}", config::render_text(checked.problems, false));
    return checked.exit_code;
  }
  settings = std::move(checked.settings);
  return kExitOk;
}

// Where the person sits at this machine. Its output is nobody's business; it is not waited for long.
void open_browser(std::string const& url, config::Environment const& environment) {
  auto const set = [&](char const* name) {
    auto const value = environment.variable(name);
    return value && !value->empty();
  };
  if (!set("DISPLAY") && !set("WAYLAND_DISPLAY")) return;
  std::string program = "xdg-open";
  std::string address = url;
  char* const words[] = {program.data(), address.data(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  ::posix_spawnp(&child, program.c_str(), &files, nullptr, words, environ);
  posix_spawn_file_actions_destroy(&files);
}

// Printed with what a terminal must not be sent left out.
void show_address(std::string const& name, std::string const& url, bool paste, bool reuses_client) {
  fmt::print("To sign in at `{}`, open this address in a browser:\n\n  {}\n\n", shown(name), shown(url));
  if (reuses_client) {
    fmt::print(
        "If the issuer says there that it does not know the client, end this with Ctrl-C and run it again: "
        "Weir then\nregisters anew.\n");
  }
  if (paste) {
    fmt::print(
        "At the end the browser goes to an address on 127.0.0.1 that it cannot show. Copy that address from "
        "its address bar,\npaste it here and press Enter: ");
  } else {
    fmt::print("Waiting for the answer, at most 10 minutes; on a machine without a browser use --paste.\n");
  }
  std::fflush(stdout);
}

oauth::OAuthResult<base::Secret> pasted(oauth::SignIn& attempt, base::Clock const& clock) {
  constexpr int kTriesMax = 3;
  for (int i = 1;; ++i) {
    std::string line;
    if (!std::getline(std::cin, line)) {
      return oauth::misfit(oauth::Cause::reauth, 0, "the input has ended, and no answer was pasted");
    }
    auto const begin = line.find_first_not_of(" \t");
    auto const end = line.find_last_not_of(" \t\r");
    auto const text = begin == std::string::npos ? std::string_view()
                                                 : std::string_view(line).substr(begin, end - begin + 1);
    auto code = attempt.returned(text, clock.now());
    explicit_bzero(line.data(), line.size());
    bool const other = !code && code.error().cause == oauth::Cause::policy;
    if (!other || i == kTriesMax) return code;
    fmt::print("\nThat is not the answer to this sign-in ({}). Once more: ", shown(code.error().description));
    std::fflush(stdout);
  }
}

int told(ServerRequest const& request, oauth::OAuthError const& error) {
  auto const& name = request.name;
  auto const what = fmt::format("the sign-in at `{}` failed: {}", shown(name), shown(said(error)));
  auto const cure = [&error](std::string usual) {
    return error.advice.empty() ? usual : shown(error.advice);
  };
  switch (error.cause) {
    case oauth::Cause::reauth:
      return fail(kExitDenied, what,
                  fmt::format("weir server login {}{}", shown(name), shown(request.whom.words())));
    case oauth::Cause::throttle: {
      auto const wait = std::chrono::ceil<std::chrono::seconds>(error.retry_after).count();
      return fail(kExitUnavailable, what, fmt::format("try again in {} s", wait));
    }
    case oauth::Cause::transient:
      return fail(kExitUnavailable, what, cure("try again when the issuer answers"));
    case oauth::Cause::scope: return fail(kExitDenied, what, "ask for fewer scopes: `auth.scopes`, --scope");
    case oauth::Cause::config:
      return fail(kExitBad, what,
                  cure(fmt::format("look at `servers.{}.auth`: docs/tokens.md", shown(name))));
    default: return fail(kExitBad, what, cure({}));
  }
}

std::string for_whom(ServerRequest const& request) {
  return request.whom.who.empty() ? std::string() : " for " + shown(request.whom.who);
}

int login(ServerRequest const& request, config::Settings const& settings, config::Server const& server,
          std::string const& person, config::Environment const& environment) {
  auto const folder = sign_ins_folder(environment);  // looked at before anybody takes pains
  auto const unwritable = folder.empty() ? std::string() : why_unwritable(folder);
  if (!unwritable.empty()) {
    return fail(kExitSoftware, shown(unwritable_words(folder, unwritable, "no sign-in can be kept there")),
                "");
  }
  auto talk = SignInTalk::open(settings, server, person, environment);
  if (!talk) return fail(kExitConfig, shown(talk.error().detail), shown(talk.error().hint));
  auto begun = (*talk)->begin(request.scopes);
  if (!begun) return told(request, begun.error());
  auto& attempt = **begun;
  show_address(server.name, attempt.url(), request.paste, (*talk)->reuses_client());
  if (!request.paste && !request.no_browser) open_browser(attempt.url(), environment);
  auto code = request.paste ? pasted(attempt, (*talk)->clock()) : (*talk)->wait();
  if (!code) {
    auto const error = code.error();
    if (!error.code.empty()) (*talk)->heard(error.code);  // else nobody has answered
    return told(request, error);
  }
  auto kept = (*talk)->finish(std::move(*code));
  (*talk)->heard(kept ? std::string() : kept.error().code);
  if (!kept) return told(request, kept.error());
  if (auto saved = (*talk)->save(*kept); !saved) {
    return fail(kExitSoftware, shown(saved.error().detail), shown(saved.error().hint));
  }
  std::string scopes;
  for (auto const& scope : kept->scopes) scopes += " " + scope;
  fmt::print("{}Signed in at `{}`{}{}{}. A gateway that runs uses it within seconds.\n",
             request.paste ? "\n" : "", shown(server.name), for_whom(request),
             scopes.empty() ? "" : ", scopes:", shown(scopes));
  if (server.oauth->per_principal && person.empty()) {
    fmt::print("It is used for the server's lists alone: for their calls, callers sign in with --for WHO.\n");
  }
  if (kept->refresh_token.empty()) {
    fmt::print("The issuer gave nothing to renew it with: sign in again when it ends.\n");
  }
  return kExitOk;
}

int logout(ServerRequest const& request, config::Settings const& settings, config::Server const& server,
           std::string const& person, config::Environment const& environment) {
  auto talk = SignInTalk::open(settings, server, person, environment);
  if (!talk) return fail(kExitConfig, shown(talk.error().detail), shown(talk.error().hint));
  bool had = false;
  auto const revoked = (*talk)->forget(had);
  if (!revoked && had) {
    auto const& error = revoked.error();
    return fail(kExitBad,
                fmt::format("the sign-in at `{}` is removed here, but not revoked at its issuer: {}",
                            shown(server.name), shown(error.description)),
                "end it there");
  }
  if (!revoked) return fail(kExitSoftware, shown(revoked.error().description), "");
  fmt::print("{} at `{}`{}.\n", had ? "Signed out" : "Nobody was signed in", shown(server.name),
             for_whom(request));
  return kExitOk;
}

}  // namespace

int server_command(ServerRequest const& request, config::Environment& machine) {
  forbid_core_dumps();
  for (auto const& scope : request.scopes) {
    if (!oauth::is_scope(scope)) {
      return fail(kExitUsage, fmt::format("`{}` cannot be a scope", shown(scope)),
                  "one word of printable characters for each --scope");
    }
  }
  config::Settings settings;
  if (int const refused = read_settings(request, machine, settings); refused != 0) return refused;
  auto const* const server = settings.server(request.name);
  if (server == nullptr) {
    return fail(kExitUsage, fmt::format("there is no server `{}`", shown(request.name)), names_of(settings));
  }
  if (!server->unusable.empty()) return fail(kExitConfig, shown(server->unusable), "");
  if (!sign_in_use(*server)) {
    return fail(kExitUsage, fmt::format("nobody signs in at `{}`", shown(request.name)), names_of(settings));
  }
  std::string person;
  if (!request.whom.who.empty() && !server->oauth->per_principal) {
    return fail(kExitUsage, fmt::format("`{}` is used in one name for all callers", shown(request.name)),
                "leave --for out, or set `auth.per: principal`, so that each caller has their own sign-in");
  }
  if (!request.whom.who.empty()) {
    auto const id = id_of(request.whom, settings);
    if (!id) return fail(kExitUsage, shown(id.error().detail), shown(id.error().hint));
    person = *id;
  }
  return request.logout ? logout(request, settings, *server, person, machine)
                        : login(request, settings, *server, person, machine);
}

}  // namespace weir::app
