#include "router/item_list.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/hash.hpp"
#include "mcp/json_cursor.hpp"
#include "mcp/json_text.hpp"
#include "router/item_shape.hpp"

namespace weir::router {
namespace {

using mcp::Field;
using mcp::JsonKind;

constexpr std::size_t kKeyBytesMax = 8 * 1024;
constexpr std::int64_t kTtlMsMax = 24 * 60 * 60 * 1000;  // longer promises are not worth relying on
constexpr std::uint64_t kSameInEveryWorker = 0;          // seed of hashes that are compared between workers

// The page was decoded under the limits for messages; here they would only count a second time.
constexpr mcp::JsonLimits kDecodedBefore{.depth_max = 64,
                                         .nodes_max = std::numeric_limits<std::uint32_t>::max()};

mcp::Span moved(mcp::Span span, std::uint32_t by) noexcept { return {span.begin + by, span.end + by}; }

// The token of a member of an object; empty if it has none.
std::string_view member_of(std::string_view object, std::string_view wanted) {
  mcp::JsonCursor cursor(object, kDecodedBefore);
  mcp::JsonValue key, value;
  cursor.enter_object();
  while (cursor.next_member(key) && cursor.read_value(value)) {
    if (key.inner(object) == wanted) return value.span.of(object);
  }
  return {};
}

base::Error broken(std::string what) {
  return {base::Fault::protocol, base::Blame::upstream, std::move(what)};
}

}  // namespace

base::Result<std::optional<std::string>> ItemList::add(mcp::Message page, base::TimePoint received) {
  auto const& traits = traits_of(kind_);
  if (!page.is(traits.field, JsonKind::array)) {
    return broken("the result has no array " + std::string(traits.member));
  }
  std::optional<std::string> next;
  if (page.has(Field::next_cursor) && !page.is(Field::next_cursor, JsonKind::null)) {
    if (!page.is(Field::next_cursor, JsonKind::string)) return broken("nextCursor is not a string");
    next = page.raw(Field::next_cursor);
  }
  if (page.bytes().size() > options_.bytes_max - bytes_) {
    cut("over " + std::to_string(options_.bytes_max) + " bytes");
    return std::optional<std::string>{};
  }
  note_freshness(page, received);
  auto const array = page.span(traits.field);
  bytes_ += page.bytes().size();
  pages_.push_back(std::move(page).take_bytes());
  if (!add_elements(static_cast<std::uint32_t>(pages_.size() - 1), array))
    return std::optional<std::string>{};
  return next;
}

bool ItemList::add_elements(std::uint32_t page, mcp::Span array) {
  mcp::JsonCursor cursor(array.of(pages_[page]), kDecodedBefore);
  cursor.enter_array();
  while (cursor.next_element()) {
    mcp::JsonValue element;
    if (!cursor.read_value(element)) break;
    if (items_.size() >= options_.elements_max) {
      cut("over " + std::to_string(options_.elements_max) + " elements");
      return false;
    }
    Item item;
    item.page = page;
    item.whole = moved(element.span, array.begin);
    auto why = element.kind == JsonKind::object ? read_item(item) : "is not an object";
    if (why.empty() && !keys_.insert(item.key).second) why = "is listed twice";
    if (!why.empty()) {
      drop(item, why);
      continue;
    }
    item.hash = base::hash64(bytes_of(item), kSameInEveryWorker);
    items_.push_back(std::move(item));
  }
  return true;
}

// Fills the item; what it returns is why it cannot be offered.
std::string ItemList::read_item(Item& item) const {
  auto const key_name = traits_of(kind_).key;
  mcp::JsonCursor cursor(bytes_of(item), kDecodedBefore);
  mcp::JsonValue name, value;
  std::string_view schema;
  auto const needed = needed_member(kind_);
  bool has_key = false;
  bool has_needed = needed.empty();
  cursor.enter_object();
  while (cursor.next_member(name)) {
    if (!cursor.read_value(value)) break;
    auto const member = name.inner(cursor.text());
    has_needed = has_needed || member == needed;
    if (member == key_name) {
      if (std::exchange(has_key, true)) return "has its " + std::string(key_name) + " twice";
      item.key_token = moved(value.span, item.whole.begin);
      if (value.kind != JsonKind::string || value.span.size() > kKeyBytesMax ||
          !mcp::decode_string(value.span.of(cursor.text()), item.key) || item.key.empty()) {
        return "has no usable " + std::string(key_name);
      }
    } else if (member == "description") {
      item.description_token = moved(value.span, item.whole.begin);
    } else if (kind_ == ListKind::tools && value.kind == JsonKind::object) {
      if (member == "inputSchema") schema = value.span.of(cursor.text());
      read_tool_member(item, member, value, value.span.of(cursor.text()));
    }
    if (member == key_name) continue;
    auto wrong = wrong_member(kind_, member, value.kind, value.span.of(cursor.text()), options_.any_output);
    if (!wrong.empty()) return wrong;
  }
  if (!has_key) return "has no " + std::string(key_name);
  if (!has_needed) return "has no " + std::string(needed);
  return read_schema(item, schema);
}

void ItemList::read_tool_member(Item& item, std::string_view member, mcp::JsonValue const& value,
                                std::string_view token) const {
  auto const span = moved(value.span, item.whole.begin);
  if (member == "outputSchema") {
    item.output_schema = span;
    item.output = member_of(token, "type") == R"("object")" ? Output::object : Output::anything;
  } else if (member == "execution") {
    item.execution = span;
    item.task_required = member_of(token, "taskSupport") == R"("required")";
  } else if (member == "annotations") {
    auto const read_only = member_of(token, "readOnlyHint");
    item.says_read_only = read_only == "true";
    item.says_idempotent = member_of(token, "idempotentHint") == "true";
    item.says_writes = read_only == "false" || member_of(token, "destructiveHint") == "true";
  } else if (member == "_meta") {
    for (auto const link :
         {member_of(member_of(token, "ui"), "resourceUri"), member_of(token, "ui/resourceUri")}) {
      std::string uri;
      if (link.empty() || !mcp::decode_string(link, uri) || uri.empty()) continue;
      auto const at = span.begin + static_cast<std::uint32_t>(link.data() - token.data());
      item.ui_links.push_back({{at, at + static_cast<std::uint32_t>(link.size())}, std::move(uri)});
    }
  }
}

std::string ItemList::read_schema(Item& item, std::string_view schema) const {
  if (schema.find("x-mcp-header") == std::string_view::npos) return {};
  auto headers = mcp::read_param_headers(schema);
  if (headers) {
    item.param_headers = std::move(*headers);
  } else if (options_.check_param_headers) {
    return "has an invalid x-mcp-header: " + headers.error().detail;
  }
  return {};
}

void ItemList::drop(Item const& item, std::string_view why) {
  ++dropped_;
  if (notes_.size() >= kNotesMax) return;
  auto const place = std::to_string(items_.size() + dropped_);
  auto const called = item.key.empty() ? "number " + place : '"' + item.key.substr(0, 128) + '"';
  notes_.push_back(std::string(traits_of(kind_).member) + ": " + called + ' ' + std::string(why));
}

std::string ItemList::problem() const {
  if (notes_.empty()) return {};
  auto const more = std::max(dropped_, notes_.size()) - 1;
  return more == 0 ? notes_.front() : notes_.front() + " (and " + std::to_string(more) + " more)";
}

void ItemList::cut(std::string_view why) {
  complete_ = false;
  notes_.push_back(std::string(traits_of(kind_).member) + ": " + std::string(why) + "; the rest is left out");
}

// The shorter of what the server grants and what is configured. A server of 2026-07-28 that grants nothing
// grants none; one of an older revision could not say (C-11, P095).
void ItemList::note_freshness(mcp::Message const& page, base::TimePoint received) {
  bool const could_say = page.has(Field::ttl_ms) || page.has(Field::result_type);
  base::Duration fresh = std::chrono::milliseconds{
      std::clamp<std::int64_t>(page.integer(Field::ttl_ms).value_or(0), 0, kTtlMsMax)};
  if (options_.ttl) fresh = could_say ? std::min(fresh, *options_.ttl) : *options_.ttl;
  fresh_until_ = std::min(fresh_until_, received + fresh);
  std::string scratch;
  if (page.text(Field::cache_scope, scratch) != "public") shareable_ = false;
}

}  // namespace weir::router
