#include "router/uri_template.hpp"

#include <algorithm>
#include <utility>

namespace weir::router {
namespace {

base::Error refused(char const* why) {
  return {base::Fault::invalid_input, base::Blame::upstream, std::string("uriTemplate: ") + why};
}

bool is_variable_list(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           std::string_view("_.%,:*-").find(byte) != std::string_view::npos;
  });
}

}  // namespace

base::Result<UriTemplate> UriTemplate::compile(std::string_view text) {
  if (text.size() > kBytesMax) return refused("too long");
  UriTemplate made;
  while (!text.empty()) {
    Part part;
    auto const open = text.find('{');
    part.literal = text.substr(0, open);
    if (part.literal.find('}') != std::string::npos) return refused("a stray }");
    if (open == std::string_view::npos) {
      made.parts_.push_back(std::move(part));
      break;
    }
    if (made.parts_.size() >= kExpressionsMax) return refused("too many expressions");
    auto const close = text.find('}', open);
    if (close == std::string_view::npos) return refused("an expression is not closed");
    auto expression = text.substr(open + 1, close - open - 1);
    text.remove_prefix(close + 1);

    char const operation = expression.empty() ? '\0' : expression.front();
    if (std::string_view("+#./;?&").find(operation) != std::string_view::npos) expression.remove_prefix(1);
    if (!is_variable_list(expression)) return refused("an expression that is not understood");
    switch (operation) {
      case '+':
        part.run = Run::anything;
        part.required = true;
        break;
      case '#':
        part.run = Run::anything;
        part.opening = '#';
        break;
      case '.':
      case ';':
        part.run = Run::segment;
        part.opening = operation;
        break;
      case '/':
        part.run = Run::path;
        part.opening = '/';
        break;
      case '?':
      case '&':
        part.run = Run::query;
        part.opening = operation;
        break;
      default:
        part.run = Run::segment;
        part.required = true;
        break;
    }
    made.parts_.push_back(std::move(part));
  }
  return made;
}

bool UriTemplate::in_run(Run run, char byte) noexcept {
  switch (run) {
    case Run::segment: return byte != '/' && byte != '?' && byte != '#';
    case Run::path: return byte != '?' && byte != '#';
    case Run::query: return byte != '#';
    case Run::anything: return true;
    case Run::none: return false;
  }
  return false;
}

// Keeps every position at which the parts so far can end, so that no choice has to be taken back.
bool UriTemplate::matches(std::string_view uri) const {
  if (uri.size() > kUriBytesMax) return false;
  if (!parts_.empty() && !uri.starts_with(parts_.front().literal)) return false;
  std::vector<char> ends(uri.size() + 1, 0), next;
  ends[0] = 1;
  for (Part const& part : parts_) {
    next.assign(uri.size() + 1, 0);
    bool running = false;  // a run has at least one byte before `at`
    bool opened = false;   // a run may begin at `at`
    for (std::size_t at = 0; at <= uri.size(); ++at) {
      auto const size = part.literal.size();
      bool const after_literal =
          at >= size && ends[at - size] != 0 && uri.substr(at - size, size) == part.literal;
      if (running || (after_literal && !part.required)) next[at] = 1;
      opened = after_literal && part.run != Run::none;
      if (at == uri.size()) break;
      bool const begins = opened && (part.opening == 0 || uri[at] == part.opening);
      running = (running || begins) && in_run(part.run, uri[at]);
    }
    std::swap(ends, next);
  }
  return ends[uri.size()] != 0;
}

}  // namespace weir::router
