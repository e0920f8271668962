// ClientCapabilities: what a client says it can be asked, as far as Weir relays it.
//
// Read from a modern request's `_meta` or a legacy client's `initialize`; written for a server of either era.
// write() is canonical: equal capabilities are equal text. An empty `elicitation` means forms; url mode
// exists since 2025-11-25. Core tasks and roots.listChanged are not relayed. Malformed
// members count as absent. Value type, pure, any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/call.hpp"

namespace weir::core {

inline constexpr std::string_view kTasksExtension = "io.modelcontextprotocol/tasks";

// Whether a modern request declares the extension, with whatever settings.
bool declares_extension(Call const& call, std::string_view extension);

struct ClientCapabilities {
  bool roots = false;
  bool sampling = false;
  bool sampling_context = false;
  bool sampling_tools = false;
  bool form = false;  // elicitation
  bool url = false;
  std::string extensions;  // JSON object as received, without tasks; or empty

  static ClientCapabilities read(std::string_view json);
  static ClientCapabilities of(Call const& call);
  static ClientCapabilities everything();  // what Weir itself can pass on, for servers shared by many clients

  std::string write() const;

  // What is missing to ask this, as a capabilities object ({"elicitation":{"url":{}}}); "" if nothing is
  // (P059). `params`: a JSON object or "".
  std::string missing(mcp::Method question, std::string_view params) const;

  // The same of the first of all these, the `inputRequests` of a result.
  std::string missing_for(std::string_view input_requests) const;

  bool any() const noexcept { return roots || sampling || form || url; }
};

}  // namespace weir::core
