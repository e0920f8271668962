#include "router/list_kind.hpp"

namespace weir::router {
namespace {

using mcp::Field;
using mcp::Method;

constexpr std::array<ListTraits, kListKinds.size()> kTraits{{
    {Method::tools_list, Field::tools, "tools", "name"},
    {Method::prompts_list, Field::prompts, "prompts", "name"},
    {Method::resources_list, Field::resources, "resources", "uri"},
    {Method::resources_templates_list, Field::resource_templates, "resourceTemplates", "uriTemplate"},
    {Method::skills_list, Field::skills, "skills", "uri"},
}};

}  // namespace

ListTraits const& traits_of(ListKind kind) noexcept { return kTraits[static_cast<std::size_t>(kind)]; }

std::optional<ListKind> list_of(Method method) noexcept {
  for (ListKind const kind : kListKinds) {
    if (traits_of(kind).method == method) return kind;
  }
  return std::nullopt;
}

}  // namespace weir::router
