// Capabilities: what a server declared that the router decides by, and the merged declaration of many.
//
// Pure, any thread. Malformed members count as absent: a server's mistake must not hide the rest of it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace weir::router {

struct Capabilities {
  bool tools = false;
  bool prompts = false;
  bool resources = false;
  bool subscribe = false;  // resources.subscribe
  bool completions = false;
  bool logging = false;
  bool tasks = false;  // these are extensions whose ids and names Weir rewrites
  bool ui = false;
  bool skills = false;
  bool directory_read = false;  // of skills
  std::string extensions;       // JSON object as received, or empty
  std::string experimental;     // JSON object as received, or empty

  static Capabilities read(std::string_view json);
  bool operator==(Capabilities const&) const = default;
};

// The union. Of extensions only those of which Weir rewrites names and ids, nothing experimental: what others
// define could not be routed to one of many.
Capabilities merged(std::span<Capabilities const* const> servers);

// The JSON object for clients. Every list says listChanged, because Weir itself tells them of changes.
std::string write_capabilities(Capabilities const& capabilities);
// The extensions without those that clients of older revisions have no methods for.
std::string legacy_extensions(std::string_view extensions);

// The servers' instructions one after the other, each under its label; what would not fit into `bytes_max` is
// left out whole and, if that fits, named. `parts` are (label, text); a label may be empty.
std::string merged_instructions(std::span<std::pair<std::string_view, std::string_view> const> parts,
                                std::size_t bytes_max);

}  // namespace weir::router
