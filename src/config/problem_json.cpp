// Machine renderings of problems: our JSON (version 1) and SARIF 2.1.0 (OASIS, sarif-v2.1.0).
#include <fmt/format.h>

#include <set>

#include "config/json_text.hpp"
#include "config/problem.hpp"

namespace weir::config {
namespace {

std::string level_of(Severity severity) { return name_of(severity); }  // SARIF uses the same three words

std::string joined(std::vector<std::string> const& parts) {
  std::string out = "[";
  for (auto const& part : parts) {
    if (out.size() > 1) out += ',';
    append_json(out, part);
  }
  return out + ']';
}

std::size_t count(std::span<Problem const> problems, Severity severity) {
  std::size_t n = 0;
  for (auto const& problem : problems) n += problem.severity == severity ? 1 : 0;
  return n;
}

// A file name as a URI reference (RFC 3986): everything outside the unreserved set and `/` is
// percent-encoded.
std::string uri_of(std::string_view name) {
  std::string out;
  for (char const c : name) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::string sarif_result(Problem const& problem) {
  std::string message = problem.message;
  if (!problem.label.empty()) message += ": " + problem.label;
  for (auto const& note : problem.notes) message += "; " + note;
  if (!problem.fix.empty()) message += "; fix: " + problem.fix;
  auto out = fmt::format(R"({{"ruleId":{},"level":"{}","message":{{"text":{}}})", json_quoted(problem.code),
                         level_of(problem.severity), json_quoted(message));
  if (auto const& mark = problem.mark; mark.source) {
    out += fmt::format(R"(,"locations":[{{"physicalLocation":{{"artifactLocation":{{"uri":{}}})",
                       json_quoted(uri_of(mark.source->name)));
    if (mark.line > 0) {
      auto const column = shown_column(mark);
      out += fmt::format(R"(,"region":{{"startLine":{},"startColumn":{},"endColumn":{}}})", mark.line, column,
                         column + shown_length(mark));
    }
    out += "}}]";
  }
  return out + '}';
}

}  // namespace

std::string render_json(std::span<Problem const> problems) {
  auto out = fmt::format(R"({{"version":1,"errors":{},"warnings":{},"notes":{},"problems":[)",
                         count(problems, Severity::error), count(problems, Severity::warning),
                         count(problems, Severity::note));
  bool first = true;
  for (auto const& problem : problems) {
    if (!first) out += ',';
    first = false;
    auto const& mark = problem.mark;
    out +=
        fmt::format(R"({{"severity":"{}","code":{},"file":{},"line":{},"column":{},"length":{},)"
                    R"("message":{},"label":{},"notes":{},"fix":{}}})",
                    name_of(problem.severity), json_quoted(problem.code),
                    mark.source ? json_quoted(mark.source->name) : "null", mark.line,
                    mark.line == 0 ? 0 : shown_column(mark), shown_length(mark), json_quoted(problem.message),
                    json_quoted(problem.label), joined(problem.notes), json_quoted(problem.fix));
  }
  return out + "]}\n";
}

std::string render_sarif(std::span<Problem const> problems) {
  std::string out = R"({"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0",)"
                    R"("runs":[{"tool":{"driver":{"name":"weir","rules":[)";
  std::set<std::string_view> used;
  for (auto const& problem : problems) used.insert(problem.code);
  bool first = true;
  for (auto const code : used) {
    if (!first) out += ',';
    first = false;
    auto const* entry = explain(code);
    out += fmt::format(R"({{"id":{},"shortDescription":{{"text":{}}}}})", json_quoted(code),
                       json_quoted(entry ? entry->text : code));
  }
  out += R"(]}},"columnKind":"unicodeCodePoints","results":[)";
  first = true;
  for (auto const& problem : problems) {
    if (!first) out += ',';
    first = false;
    out += sarif_result(problem);
  }
  return out + "]}]}\n";
}

}  // namespace weir::config
