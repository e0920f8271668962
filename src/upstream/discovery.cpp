#include "upstream/discovery.hpp"

#include <fmt/core.h>

#include "mcp/json_cursor.hpp"

namespace weir::upstream {
namespace {

using base::Blame;
using base::Error;
using base::Fault;
using mcp::Field;
using mcp::MessageKind;
using Kind = NextStep::Kind;

NextStep step(Kind kind, mcp::Revision revision) { return {kind, revision, {}}; }
NextStep to_initialize() { return step(Kind::initialize, mcp::kNewestLegacy); }
NextStep failed(Fault fault, std::string detail, std::string hint, base::Retry retry = base::Retry::never) {
  return {Kind::failed, {}, Error(fault, Blame::upstream, std::move(detail), retry).advise(std::move(hint))};
}

std::string words_of(mcp::Message const& error) {
  std::string scratch;
  return fmt::format("{} ({})", error.text(Field::error_message, scratch), error.raw(Field::error_code));
}

NextStep no_common_version(std::string_view said) {
  return failed(Fault::protocol, fmt::format("no protocol version in common: {}", said),
                "The server speaks only versions that Weir does not know; update one of the two.");
}

NextStep refused(mcp::Message const& error) {
  return failed(Fault::protocol, fmt::format("the server refused the handshake: {}", words_of(error)),
                "Check the url, and that nothing in between changes headers or bodies.");
}

// Shared by both transports: what a message that came in answer to server/discover says of the era. Nothing:
// it is not evidence of a modern server, so the server is taken for a legacy one.
std::optional<NextStep> evidence_in(mcp::Message const& message, bool& corrected) {
  if (message.kind() == MessageKind::result) {
    auto const versions = versions_in(message.raw(Field::supported_versions));
    if (versions.modern) return step(Kind::modern, *versions.modern);
    if (versions.legacy) return step(Kind::initialize, *versions.legacy);
    if (versions.present) return no_common_version(message.raw(Field::supported_versions));
    return std::nullopt;
  }
  if (message.kind() != MessageKind::error) return std::nullopt;
  auto const code = message.integer(Field::error_code);
  if (code == -32020 || code == -32021) return refused(message);  // a modern server, and not content with us
  if (code != -32022) return std::nullopt;
  auto const versions = versions_in_error(message);
  if (versions.modern) {
    if (corrected) return refused(message);
    corrected = true;
    return step(Kind::discover, *versions.modern);
  }
  if (versions.legacy) return step(Kind::initialize, *versions.legacy);
  return no_common_version(words_of(message));
}

// Statuses that say nothing about the era.
std::optional<NextStep> not_evidence(int status) {
  auto const said = fmt::format("HTTP status {}", status);
  if (status == 401) {
    return failed(Fault::unauthenticated, said, "Give the server a credential (servers.<name>.auth).");
  }
  if (status == 403) return failed(Fault::denied, said, "The credential is not allowed to use this server.");
  if (status == 408 || status == 429) {
    return failed(Fault::busy, said, "The server asks to come back later.", base::Retry::always);
  }
  if (status >= 500) {
    return failed(Fault::unavailable, said, "The server, or a proxy in front of it, is failing.",
                  base::Retry::always);
  }
  if (status >= 300 && status < 400) {
    return failed(Fault::config, said, "The url redirects; configure the address it leads to.");
  }
  return std::nullopt;
}

}  // namespace

std::string no_endpoint(int status, std::string_view sse) {
  auto said = fmt::format("POST to its url answers HTTP {}", status);
  if (!sse.empty()) said += fmt::format(", and as HTTP+SSE: {}", sse);
  return said + "; usual paths of MCP servers are /mcp and /sse";
}

NamedVersions versions_in(std::string_view json_array) {
  NamedVersions found;
  mcp::JsonCursor cursor(json_array);
  if (json_array.empty() || json_array.front() != '[') return found;
  found.present = true;
  mcp::JsonValue value;
  cursor.enter_array();
  while (cursor.next_element() && cursor.read_value(value)) {
    if (value.kind != mcp::JsonKind::string) continue;
    auto const text = value.inner(json_array);
    auto const revision = mcp::parse_revision(text);
    if (!revision) {
      found.newer = found.newer || text > mcp::text_of(mcp::kNewestLegacy);  // versions are dates
      continue;
    }
    auto& best = mcp::is_modern(*revision) ? found.modern : found.legacy;
    if (!best || *best < *revision) best = revision;
  }
  return found;
}

NamedVersions versions_in_error(mcp::Message const& error) {
  auto const data = error.raw(Field::error_data);
  mcp::JsonCursor cursor(data);
  mcp::JsonValue key;
  if (data.empty() || data.front() != '{') return {};
  cursor.enter_object();
  while (cursor.next_member(key)) {
    mcp::JsonValue value;
    if (!cursor.read_value(value)) break;
    if (key.inner(data) == "supported") return versions_in(value.span.of(data));
  }
  return {};
}

base::Duration verdict_life(base::Duration most, base::Random& random) {
  auto const spread = static_cast<std::uint64_t>(most.count()) / 5;
  return most - base::Duration{static_cast<std::int64_t>(random.below(spread + 1))};
}

NextStep after_initialize(mcp::Message const& message, bool& corrected) {
  if (message.kind() == MessageKind::result) {
    std::string scratch;
    auto const version = message.text(Field::protocol_version, scratch);
    auto const revision = mcp::parse_revision(version);
    if (revision && !mcp::is_modern(*revision)) return step(Kind::legacy, *revision);
    return no_common_version(message.has(Field::protocol_version) ? message.raw(Field::protocol_version)
                                                                  : "initialize named none");
  }
  if (message.kind() != MessageKind::error) {
    return failed(Fault::protocol, "initialize was not answered with a response",
                  "This is not an MCP server.");
  }
  auto const versions = versions_in_error(message);
  if (versions.legacy && !corrected) {
    corrected = true;
    return step(Kind::initialize, *versions.legacy);
  }
  return versions.present ? no_common_version(words_of(message)) : refused(message);
}

NextStep HttpDiscovery::start() noexcept { return step(Kind::discover, mcp::kNewest); }

NextStep HttpDiscovery::answered(int status, mcp::Message const* body) {
  auto next = phase_ == Phase::discover ? discovered(status, body) : initialized(status, body);
  if (next.kind == Kind::initialize && phase_ == Phase::discover) {
    phase_ = Phase::initialize;
    corrected_ = false;
  }
  if (next.kind == Kind::open_sse) phase_ = Phase::sse;
  return next;
}

NextStep HttpDiscovery::discovered(int status, mcp::Message const* body) {
  if (auto const outage = not_evidence(status)) return *outage;
  if (body != nullptr) {
    if (auto const evidence = evidence_in(*body, corrected_)) return *evidence;
  } else if (status == 200) {  // garbage on the way: no era answers so
    return failed(Fault::protocol, "an answer that is no MCP message",
                  "This url is not an MCP endpoint; many servers have theirs at /mcp or /sse.",
                  base::Retry::always);
  }
  return to_initialize();
}

NextStep HttpDiscovery::initialized(int status, mcp::Message const* body) {
  if (auto const outage = not_evidence(status)) return *outage;
  bool const no_such_endpoint = status == 400 || status == 404 || status == 405;
  if (phase_ == Phase::initialize && no_such_endpoint && (body == nullptr || status == 405)) {
    return step(Kind::open_sse, mcp::Revision::r2024_11_05);
  }
  if (body != nullptr) return after_initialize(*body, corrected_);
  return failed(Fault::protocol, fmt::format("HTTP status {} and no MCP message", status),
                "This url is not an MCP endpoint; many servers have theirs at /mcp or /sse.");
}

NextStep HttpDiscovery::lost(Error error) const {
  if (error.hint.empty())
    error.hint = "The server could not be reached; check its url and that it is running.";
  return {Kind::failed, {}, std::move(error)};
}

NextStep HttpDiscovery::sse(bool endpoint_seen) {
  if (!endpoint_seen) {
    return failed(Fault::protocol, "neither Streamable HTTP nor HTTP+SSE",
                  "This url is not an MCP endpoint; many servers have theirs at /mcp or /sse.");
  }
  phase_ = Phase::sse_initialize;
  corrected_ = false;
  return to_initialize();
}

NextStep StdioDiscovery::start() noexcept { return step(Kind::discover, mcp::kNewest); }

NextStep StdioDiscovery::answered(mcp::Message const& message) {
  auto next = evidence_in(message, corrected_);
  if (!next) return step(Kind::legacy, mcp::kNewestLegacy);
  if (next->kind == Kind::initialize) next->kind = Kind::legacy;
  return *next;
}

NextStep StdioDiscovery::silent() const noexcept { return step(Kind::legacy, mcp::kNewestLegacy); }
NextStep StdioDiscovery::exited() const noexcept { return step(Kind::legacy, mcp::kNewestLegacy); }

}  // namespace weir::upstream
