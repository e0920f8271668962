#include "router/list_writer.hpp"

#include <algorithm>

#include "mcp/json_text.hpp"
#include "mcp/splice.hpp"
#include "router/output_schema.hpp"
#include "router/uri_edits.hpp"

namespace weir::router {
namespace {

void append_element(std::string& out, Catalog const& catalog, ListKind kind, std::size_t position) {
  auto const& entry = catalog.list(kind).entries[position];
  auto const& item = *entry.item;
  auto const& list = *catalog.servers()[entry.server].contents->list(kind);
  if (kind == ListKind::skills && catalog.renames(entry.server)) {
    out += with_shown_uris(list.bytes_of(item),
                           [&](std::string_view own) { return catalog.prefixed(entry.server, own); });
    return;
  }
  bool const by_name = kind == ListKind::tools || kind == ListKind::prompts;
  auto const exposed =
      by_name ? std::string(catalog.exposed(kind, position)) : catalog.shown_uri(entry.server, item.key);
  bool const renamed = exposed != item.key;
  bool const links = catalog.renames(entry.server) && !item.ui_links.empty();
  bool const wraps = !catalog.modern() && item.output == Output::anything;
  bool const drops = catalog.modern() && !item.execution.empty();
  if (!renamed && !wraps && !drops && !links && entry.description == nullptr) {
    out += list.bytes_of(item);
    return;
  }
  mcp::Splice edits(list.bytes_of(item));
  auto const inside = [&item](mcp::Span span) {
    return mcp::Span{span.begin - item.whole.begin, span.end - item.whole.begin};
  };
  std::string name, description;
  if (renamed) {
    mcp::append_json_string(name, exposed);
    edits.replace(inside(item.key_token), name);
  }
  if (entry.description != nullptr) {
    mcp::append_json_string(description, *entry.description);
    if (item.description_token.empty()) {
      edits.insert_member({0, item.whole.size()}, "description", description);
    } else {
      edits.replace(inside(item.description_token), description);
    }
  }
  if (wraps)
    edits.replace_owned(inside(item.output_schema),
                        wrapped_schema(item.output_schema.of(list.page_of(item))));
  for (auto const& link : item.ui_links) {
    std::string uri;
    mcp::append_json_string(uri, catalog.shown_uri(entry.server, link.uri));
    if (links) edits.replace_owned(inside(link.token), uri);
  }
  if (drops) edits.erase_members({inside(item.execution)});
  edits.append_to(out);
}

void append_cache_hints(std::string& out, CatalogList const& list, bool for_all, base::TimePoint now) {
  auto const left = std::max(list.fresh_until, now) - now;
  out += R"(,"ttlMs":)";
  out += std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(left).count());
  out += list.shareable && for_all ? R"(,"cacheScope":"public")" : R"(,"cacheScope":"private")";
}

}  // namespace

Page write_page(Catalog const& catalog, ListKind kind, std::uint32_t position, PageOptions const& options,
                base::TimePoint now, std::function<std::string(std::uint32_t)> const& cursor_for,
                Shown const& shown) {
  auto const& list = catalog.list(kind);
  Page page;
  auto& out = page.result;
  out = catalog.modern() ? R"({"resultType":"complete",")" : R"({")";
  out += traits_of(kind).member;
  out += "\":[";
  std::size_t const first = out.size();
  std::size_t taken = 0;
  for (std::size_t at = position; at < list.entries.size(); ++at) {
    if (!is_shown(list.entries[at], shown)) continue;
    std::size_t const before = out.size();
    if (taken > 0) out += ',';
    append_element(out, catalog, kind, at);
    bool const full = taken == options.elements_max || out.size() - first > options.bytes_max;
    if (taken > 0 && full) {
      out.resize(before);
      page.next = static_cast<std::uint32_t>(at);
      break;
    }
    ++taken;
  }
  out += ']';
  if (page.next != 0) {
    out += R"(,"nextCursor":)";
    mcp::append_json_string(out, cursor_for(page.next));
  }
  if (catalog.modern()) append_cache_hints(out, list, !shown, now);
  out += '}';
  return page;
}

std::size_t element_bytes(Catalog const& catalog, ListKind kind, std::size_t position) {
  std::string element;
  append_element(element, catalog, kind, position);
  return element.size();
}

}  // namespace weir::router
