// ItemList: one server's list of tools, prompts, resources or templates, as the bytes that it sent.
//
// Pages are kept whole; each element is a few spans into its page, so that it can be shown again byte for
// byte (P082). Elements that cannot be offered (no name, a name twice, a member of a
// wrong type, invalid x-mcp-header: P033) are left
// out and noted. Built by one task, then shared as shared_ptr<ItemList const> between any threads. Limits:
// elements_max, bytes_max; beyond them the list is cut, noted, and complete() is false.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "mcp/message.hpp"
#include "mcp/param_headers.hpp"
#include "mcp/span.hpp"
#include "router/list_kind.hpp"

namespace weir::router {

struct ItemListOptions {
  std::size_t elements_max = 10'000;
  std::size_t bytes_max = 16 * 1024 * 1024;
  bool check_param_headers =
      false;  // leave out tools whose x-mcp-header is invalid: modern servers over HTTP
  // Configured: of lists whose server says nothing, and the most of the others.
  std::optional<base::Duration> ttl = std::nullopt;
  bool any_output = true;  // an outputSchema may describe more than objects: modern servers
};

// What a tool's results hold by its outputSchema. Before 2026-07-28 only objects exist (P085).
enum class Output : std::uint8_t { unstated, object, anything };

// A member of a tool that names the resource which shows it (extension MCP Apps).
struct UiLink {
  mcp::Span token;
  std::string uri;
};

struct Item {
  std::uint32_t page = 0;
  mcp::Span whole;
  mcp::Span key_token;           // the value of name, uri or uriTemplate
  mcp::Span description_token;   // empty if there is none
  mcp::Span output_schema;       // tools; empty if there is none
  mcp::Span execution;           // tools of 2025-11-25; empty if there is none
  std::vector<UiLink> ui_links;  // tools; _meta.ui.resourceUri and its older spelling
  Output output = Output::unstated;
  bool says_read_only = false;   // annotations.readOnlyHint is true
  bool says_idempotent = false;  // annotations.idempotentHint is true
  bool says_writes = false;      // readOnlyHint is false, or destructiveHint true: said, not assumed
  bool task_required = false;    // execution.taskSupport: cannot be called otherwise
  std::string key;               // its text
  std::uint64_t hash = 0;        // of the bytes
  std::vector<mcp::ParamHeader> param_headers;
};

class ItemList {
 public:
  ItemList(ListKind kind, ItemListOptions const& options) : kind_(kind), options_(options) {}

  // Takes one page; what it answers is the cursor for the next one, as JSON text, or nothing at the end
  // (P076). Error protocol, blaming the server: the result has no such array, or the cursor is not a string.
  base::Result<std::optional<std::string>> add(mcp::Message page, base::TimePoint received);

  // Whoever reads the pages gives up before the last one: what is there stays.
  void cut(std::string_view why);

  ListKind kind() const noexcept { return kind_; }
  std::vector<Item> const& items() const noexcept { return items_; }
  std::string_view bytes_of(Item const& item) const noexcept { return item.whole.of(pages_[item.page]); }
  std::string_view page_of(Item const& item) const noexcept { return pages_[item.page]; }
  bool complete() const noexcept { return complete_; }

  // One sentence for each element left out, at most kNotesMax; dropped() counts them all.
  static constexpr std::size_t kNotesMax = 20;
  std::vector<std::string> const& notes() const noexcept { return notes_; }
  std::size_t dropped() const noexcept { return dropped_; }
  std::string problem() const;  // the first of them and how many there are; "" when all is well

  // Freshness that the server granted to all of it: the earliest end, public only if every page says so
  // (P095).
  base::TimePoint fresh_until() const noexcept { return fresh_until_; }
  bool shareable() const noexcept { return shareable_; }

 private:
  bool add_elements(std::uint32_t page, mcp::Span array);
  std::string read_item(Item& item) const;
  void read_tool_member(Item& item, std::string_view member, mcp::JsonValue const& value,
                        std::string_view token) const;
  std::string read_schema(Item& item, std::string_view schema) const;
  void drop(Item const& item, std::string_view why);
  void note_freshness(mcp::Message const& page, base::TimePoint received);

  ListKind kind_;
  ItemListOptions options_;
  std::vector<std::string> pages_;
  std::vector<Item> items_;
  std::unordered_set<std::string> keys_;
  std::vector<std::string> notes_;
  std::size_t dropped_ = 0;
  std::size_t bytes_ = 0;
  base::TimePoint fresh_until_ = base::TimePoint::max();
  bool shareable_ = true;
  bool complete_ = true;
};

}  // namespace weir::router
