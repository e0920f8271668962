#include "fallback/backup_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "mcp/json_text.hpp"

namespace weir::fallback {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kEndings{{
    {".md", "text/markdown"},
    {".markdown", "text/markdown"},
    {".txt", "text/plain"},
    {".json", "application/json"},
    {".html", "text/html"},
    {".htm", "text/html"},
    {".yaml", "application/yaml"},
    {".yml", "application/yaml"},
    {".xml", "application/xml"},
    {".csv", "text/csv"},
    {".css", "text/css"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},
    {".pdf", "application/pdf"},
}};

}  // namespace

std::string mime_of(std::string_view name, std::string_view bytes) {
  auto const known = std::find_if(kEndings.begin(), kEndings.end(),
                                  [&](auto const& row) { return name.ends_with(row.first); });
  if (known != kEndings.end()) return std::string(known->second);
  return mcp::is_utf8(bytes) ? "text/plain" : "application/octet-stream";
}

}  // namespace weir::fallback
