#include "config/problem.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

namespace weir::config {
namespace {

constexpr Explanation kCatalogue[] = {
    {"WEIR-E001", "The file cannot be read: it does not exist, or this user may not read it."},
    {"WEIR-E002",
     "The file is larger than 1 MiB, nested deeper than 64 levels or holds more than 100,000 values "
     "(an alias counts each time it is used)."},
    {"WEIR-E003", "The text is not valid YAML, JSON or TOML at this place."},
    {"WEIR-E004", "The same key stands twice in one map. YAML would silently keep one of them."},
    {"WEIR-E005",
     "The file holds more than one YAML document. Only one is read; remove the `---` between them."},
    {"WEIR-E006", "A key must be plain text. Lists and maps cannot be keys."},
    {"WEIR-E011", "The value has the wrong type, for example text where a map is expected."},
    {"WEIR-E012", "The key is unknown here. Unknown keys are never ignored."},
    {"WEIR-E013", "The value is not one of the words allowed here."},
    {"WEIR-E014", "`on`, `off`, `yes` and `no` are text in YAML 1.2. Write true or false."},
    {"WEIR-E015", "The value is outside the range allowed here."},
    {"WEIR-E016",
     "The value does not follow its grammar: a duration (30s, 5m, 100ms), a size (10MiB, 64mb), "
     "a rate (50/s), a percentage (80%), a date, an address, a URL, a cron line or a key hash."},
    {"WEIR-E021",
     "The name cannot be used. A server's name has 1 to 32 letters, digits, `-` and `_`, begins with "
     "a letter or digit, does not end with `_` and has no `__` in it."},
    {"WEIR-E022", "A key that is needed here is missing."},
    {"WEIR-E023", "Two keys exclude each other, for example `command` and `url` of one server."},
    {"WEIR-E024",
     "The same name is used twice: a server in two files, a listener, an API key, a class. Or two listeners "
     "have the same address."},
    {"WEIR-E025", "The value refers to a server that is not configured."},
    {"WEIR-E026", "An included file has an `include:` of its own. Only the first file may include others."},
    {"WEIR-E030", "A `${…}` reference is not written correctly, or its kind is unknown."},
    {"WEIR-E031",
     "A `${…}` reference has no value and no default. Only the server that needs it is disabled."},
    {"WEIR-E032",
     "A `${file:…}` or `${cred:…}` cannot be read, or a store cannot give a `${vault:…}` or `${aws-sm:…}`."},
    {"WEIR-E033", "`${cmd:…}` would run a command from the configuration. It is not allowed."},
    {"WEIR-E034",
     "A secret of a store is not looked up by this command. `weir run` does, and disables the server that "
     "needs it "
     "when the store cannot give it."},
    {"WEIR-E040",
     "A listener that other machines can reach has no `auth`. It would let anyone call every tool."},
    {"WEIR-E050", "The section is for a server that is not configured. It is skipped."},
    {"WEIR-E051", "The path does not exist. What needs it is skipped and counted at run time."},
    {"WEIR-E052", "Two client files give the same name to different servers. The first one is used."},
    {"WEIR-E053",
     "A client file's server cannot be understood and is skipped, or a file that was named has none."},
    {"WEIR-E054",
     "The entry points at this gateway itself. It is skipped, or every call would go round in circles."},
    {"WEIR-E055", "`tls.verify: false`: the server's certificate is not checked. For tests only."},
    {"WEIR-E056",
     "A file of certificates or a private key cannot be used: it cannot be read, is no PEM, has expired, or "
     "key and certificate do not belong together. A server with it is set aside until the file is put right; "
     "a listener is not opened."},
    {"WEIR-E060", "The keys are valid and accepted, but have no effect in this version."},
    {"WEIR-E061",
     "A protection that is configured is not in effect in this version. Where it keeps callers out, the "
     "gateway does not start; `--insecure` starts it all the same."},
    {"WEIR-E062", "A way of signing in is configured that is known to be weak."},
    {"WEIR-E099", "There are more problems than are shown. Put these right first."},
};

}  // namespace

std::span<Explanation const> catalogue() noexcept { return kCatalogue; }

Explanation const* explain(std::string_view code) noexcept {
  auto const upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  for (auto const& entry : kCatalogue) {
    for (auto const known : {entry.code, entry.code.substr(5)}) {
      if (std::equal(known.begin(), known.end(), code.begin(), code.end(),
                     [&](char a, char b) { return a == upper(b); })) {
        return &entry;
      }
    }
  }
  return nullptr;
}

char const* name_of(Severity severity) noexcept {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
  }
  return "?";
}

Problem& Problems::add(Severity severity, std::string_view code, Mark const& mark, std::string message) {
  ++counts_[static_cast<std::size_t>(severity)];
  Problem& place = list_.size() < kProblemsMax ? list_.emplace_back() : overflow_;
  place = Problem{severity, std::string(code), mark, std::move(message), {}, {}, {}, false};
  return place;
}

Problem& Problems::error(std::string_view code, Mark const& mark, std::string message) {
  return add(Severity::error, code, mark, std::move(message));
}

Problem& Problems::warning(std::string_view code, Mark const& mark, std::string message) {
  return add(Severity::warning, code, mark, std::move(message));
}

Problem& Problems::note(std::string_view code, Mark const& mark, std::string message) {
  return add(Severity::note, code, mark, std::move(message));
}

void Problems::hide(std::string_view value, std::string_view shown) {
  if (value.size() < kHiddenBytesMin) return;
  auto const replace = [&](std::string& text) {
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + shown.size())) {
      text.replace(at, value.size(), shown);
    }
  };
  for (auto& problem : list_) {
    replace(problem.message);
    replace(problem.label);
    std::for_each(problem.notes.begin(), problem.notes.end(), replace);
    replace(problem.fix);
  }
}

bool Problems::must_not_start() const noexcept {
  std::size_t confined = 0;
  for (auto const& problem : list_)
    confined += problem.severity == Severity::error && problem.confined ? 1 : 0;
  return count(Severity::error) > confined;  // one that was not kept counts as the worst
}

std::vector<Problem> Problems::sorted() const {
  auto result = list_;
  auto const place = [](Problem const& p) {
    auto const order = p.mark.source ? p.mark.source->order : std::numeric_limits<unsigned>::max();
    return std::tuple(order, p.mark.line, p.mark.column);
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](Problem const& a, Problem const& b) { return place(a) < place(b); });
  auto const total = counts_[0] + counts_[1] + counts_[2];
  if (total > list_.size()) {
    auto const hidden = std::to_string(total - list_.size());
    result.push_back(Problem{has_errors() ? Severity::error : Severity::warning,
                             "WEIR-E099",
                             {},
                             hidden + " more problems are not shown",
                             {},
                             {},
                             "put the ones above right, then check again",
                             false});
  }
  return result;
}

}  // namespace weir::config
