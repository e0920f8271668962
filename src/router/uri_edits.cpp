#include "router/uri_edits.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "core/outcome.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::router {
namespace {

using mcp::JsonKind;

// The members through which a way leads from a message to its URIs.
constexpr std::array<std::string_view, 8> kWays{"result",   "contents", "content", "resource",
                                                "messages", "skills",   "skill",   "resources"};
constexpr std::string_view kAuthority = "://";

// What is walked here was decoded under the limits for messages.
constexpr mcp::JsonLimits kDecodedBefore{.depth_max = 64,
                                         .nodes_max = std::numeric_limits<std::uint32_t>::max()};

class Walk {
 public:
  Walk(std::string_view json, ShownUri const& shown) : cursor_(json, kDecodedBefore), shown_(shown) {}

  std::optional<std::string> run() {  // nothing: all stays as it is
    value();
    if (copied_ == 0) return std::nullopt;
    out_ += cursor_.text().substr(copied_);
    return std::move(out_);
  }

 private:
  void value() {
    JsonKind kind{};
    if (!cursor_.peek(kind)) return;
    if (kind == JsonKind::object) {
      members();
    } else if (kind == JsonKind::array) {
      cursor_.enter_array();
      while (cursor_.next_element()) value();
    } else {
      cursor_.skip_value();
    }
  }

  void members() {
    mcp::JsonValue key;
    cursor_.enter_object();
    while (cursor_.next_member(key)) {
      auto const name = key.inner(cursor_.text());
      if (name == "uri") {
        uri();
      } else if (std::find(kWays.begin(), kWays.end(), name) != kWays.end()) {
        value();
      } else {
        cursor_.skip_value();
      }
    }
  }

  void uri() {
    mcp::JsonValue found;
    std::string own;
    if (!cursor_.read_value(found) || found.kind != JsonKind::string) return;
    if (!mcp::decode_string(found.span.of(cursor_.text()), own)) return;
    auto const shown = shown_(own);
    if (shown == own) return;
    out_ += cursor_.text().substr(copied_, found.span.begin - copied_);
    mcp::append_json_string(out_, shown);
    copied_ = found.span.end;
  }

  mcp::JsonCursor cursor_;
  ShownUri const& shown_;
  std::string out_;
  std::uint32_t copied_ = 0;
};

}  // namespace

std::string with_shown_uris(std::string_view json, ShownUri const& shown) {
  return Walk(json, shown).run().value_or(std::string(json));
}

core::Outcome with_shown_uris(core::Outcome outcome, ShownUri const& shown) {
  if (outcome.message.kind() != mcp::MessageKind::result) return outcome;
  if (outcome.message.bytes().find(R"("uri")") == std::string::npos) return outcome;  // most have none
  std::string text;
  outcome.edits.append_to(text);
  auto edited = Walk(text, shown).run();
  return edited ? core::from_message(*std::move(edited)) : std::move(outcome);
}

std::string prefixed_uri(std::string_view own, std::string_view server) {
  auto const at = own.find(kAuthority);
  if (at == std::string_view::npos) return {};
  auto const rest = at + kAuthority.size();
  return std::string(own.substr(0, rest)).append(server).append(1, '/').append(own.substr(rest));
}

std::string unprefixed_uri(std::string_view shown, std::string_view server) {
  auto const at = shown.find(kAuthority);
  if (at == std::string_view::npos) return {};
  auto const rest = shown.substr(at + kAuthority.size());
  if (!rest.starts_with(server) || rest.substr(server.size(), 1) != "/") return {};
  return std::string(shown.substr(0, at + kAuthority.size())).append(rest.substr(server.size() + 1));
}

}  // namespace weir::router
