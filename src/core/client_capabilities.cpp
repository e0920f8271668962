#include "core/client_capabilities.hpp"

#include "mcp/json_cursor.hpp"

namespace weir::core {
namespace {

using mcp::JsonKind;
using mcp::Method;

// Calls take(key, kind, token) for each member of an object; nothing for anything else.
template <class Take>
void each_member(std::string_view object, Take&& take) {
  mcp::JsonCursor cursor(object);
  mcp::JsonValue key, value;
  if (!cursor.enter_object()) return;
  while (cursor.next_member(key) && cursor.read_value(value)) {
    take(key.inner(object), value.kind, value.span.of(object));
  }
}

bool has_member(std::string_view object, std::string_view wanted) {
  bool found = false;
  each_member(object,
              [&](std::string_view key, JsonKind, std::string_view) { found = found || key == wanted; });
  return found;
}

// They are part of what upstream sessions are told apart by: a client must not make those large.
constexpr std::size_t kExtensionsBytesMax = 1024;

std::string without_tasks(std::string_view extensions) {
  if (extensions.size() > kExtensionsBytesMax) return {};
  std::string out;
  each_member(extensions, [&out](std::string_view key, JsonKind, std::string_view value) {
    if (key == kTasksExtension) return;
    out.append(out.empty() ? "{\"" : ",\"").append(key).append("\":").append(value);
  });
  if (!out.empty()) out += '}';
  return out;
}

void append(std::string& out, std::string_view key, std::string_view value) {
  out.append(out.size() > 1 ? ",\"" : "\"").append(key).append("\":").append(value);
}

}  // namespace

bool declares_extension(Call const& call, std::string_view extension) {
  bool found = false;
  each_member(call.request.raw(mcp::Field::meta_client_capabilities),
              [&](std::string_view key, JsonKind, std::string_view value) {
                if (key == "extensions") found = has_member(value, extension);
              });
  return found;
}

ClientCapabilities ClientCapabilities::read(std::string_view json) {
  ClientCapabilities found;
  each_member(json, [&found](std::string_view key, JsonKind kind, std::string_view value) {
    if (kind != JsonKind::object) return;
    if (key == "roots") found.roots = true;
    if (key == "extensions") found.extensions = without_tasks(value);
    if (key == "sampling") {
      found.sampling = true;
      found.sampling_context = has_member(value, "context");
      found.sampling_tools = has_member(value, "tools");
    }
    if (key == "elicitation") {
      found.url = has_member(value, "url");
      found.form = !found.url || has_member(value, "form");
    }
  });
  return found;
}

ClientCapabilities ClientCapabilities::of(Call const& call) {
  if (call.modern()) return read(call.request.raw(mcp::Field::meta_client_capabilities));
  if (!call.session) return {};
  auto found = read(call.session->capabilities);
  if (!mcp::traits_of(call.session->revision).url_elicitation) found.url = false;
  return found;
}

ClientCapabilities ClientCapabilities::everything() {
  ClientCapabilities all;
  all.roots = all.sampling = all.sampling_context = all.sampling_tools = all.form = all.url = true;
  return all;
}

std::string ClientCapabilities::write() const {
  std::string out = "{";
  if (form || url) {
    append(out, "elicitation",
           form && url ? R"({"form":{},"url":{}})"
           : form      ? R"({"form":{}})"
                       : R"({"url":{}})");
  }
  if (!extensions.empty()) append(out, "extensions", extensions);
  if (roots) append(out, "roots", "{}");
  if (sampling) {
    std::string inside = "{";
    if (sampling_context) append(inside, "context", "{}");
    if (sampling_tools) append(inside, "tools", "{}");
    append(out, "sampling", inside += '}');
  }
  return out += '}';
}

std::string ClientCapabilities::missing(Method question, std::string_view params) const {
  switch (question) {
    case Method::roots_list: return roots ? "" : R"({"roots":{}})";
    case Method::sampling_create_message: {
      bool const tools = has_member(params, "tools") || has_member(params, "toolChoice");
      if (tools) return sampling_tools ? "" : R"({"sampling":{"tools":{}}})";
      return sampling ? "" : R"({"sampling":{}})";
    }
    default: break;
  }
  bool by_url = false;
  each_member(params, [&by_url](std::string_view key, JsonKind, std::string_view value) {
    if (key == "mode") by_url = value == R"("url")";
  });
  if (by_url) return url ? "" : R"({"elicitation":{"url":{}}})";
  return form ? "" : R"({"elicitation":{"form":{}}})";
}

std::string ClientCapabilities::missing_for(std::string_view input_requests) const {
  std::string lacks;
  each_member(input_requests, [&](std::string_view, JsonKind kind, std::string_view request) {
    if (kind != JsonKind::object || !lacks.empty()) return;
    auto method = Method::unknown;
    std::string_view params;
    each_member(request, [&](std::string_view key, JsonKind of, std::string_view value) {
      if (key == "method" && of == JsonKind::string)
        method = mcp::find_method(value.substr(1, value.size() - 2));
      if (key == "params") params = value;
    });
    lacks = missing(method, params);
  });
  return lacks;
}

}  // namespace weir::core
