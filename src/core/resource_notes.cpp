#include "core/resource_notes.hpp"

#include <algorithm>

#include "core/hop_meta.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"

namespace weir::core {

namespace {

bool read_uris(mcp::JsonCursor& cursor, std::vector<std::string>& uris) {
  mcp::JsonValue value;
  if (!cursor.enter_array()) return false;
  while (cursor.next_element()) {
    std::string uri;
    if (!cursor.read_value(value) || value.kind != mcp::JsonKind::string) return false;
    if (!mcp::decode_string(value.span.of(cursor.text()), uri)) return false;
    uris.push_back(std::move(uri));
  }
  return !cursor.failed();
}

}  // namespace

std::optional<std::vector<std::string>> read_watched(std::string_view notifications) {
  std::vector<std::string> uris;
  mcp::JsonCursor cursor(notifications);
  mcp::JsonValue key;
  if (!cursor.enter_object()) return std::nullopt;
  while (cursor.next_member(key)) {
    bool const ours = key.inner(notifications) == "resourceSubscriptions";
    if (!(ours ? read_uris(cursor, uris) : cursor.skip_value())) return std::nullopt;
  }
  if (cursor.failed()) return std::nullopt;
  std::sort(uris.begin(), uris.end());
  uris.erase(std::unique(uris.begin(), uris.end()), uris.end());
  return uris;
}

std::string write_uris(std::vector<std::string> const& uris) {
  std::string out = "[";
  for (auto const& uri : uris) {
    if (out.size() > 1) out += ',';
    mcp::append_json_string(out, uri);
  }
  return out += ']';
}

std::string listen_params(std::vector<std::string> const& uris) {
  return R"({"notifications":{"resourceSubscriptions":)" + write_uris(uris) + "}}";
}

std::string said_besides(mcp::Message const& update) {
  std::string more;
  auto const params = update.raw(mcp::Field::params);
  auto const place = update.span(mcp::Field::params).begin;
  auto const uri = update.span(mcp::Field::uri), meta = update.span(mcp::Field::meta);
  if (params.empty() || params.size() - uri.size() > 2 * kBesidesMax) return more;
  mcp::JsonCursor cursor(params);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return more;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    auto const at = place + value.span.begin;
    if (!uri.empty() && at == uri.begin) continue;
    std::string passed(value.span.of(params));
    if (!meta.empty() && at == meta.begin) passed = without_hop_members(passed);
    if (passed.empty()) continue;
    more.append(more.empty() ? "" : ",").append(key.span.of(params)).append(":").append(passed);
  }
  return more.size() <= kBesidesMax ? more : std::string();
}

std::string resource_updated(std::string_view uri, std::string_view more) {
  std::string out = R"({"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":)";
  mcp::append_json_string(out, uri);
  if (!more.empty()) out.append(1, ',').append(more);
  return out += "}}";
}

}  // namespace weir::core
