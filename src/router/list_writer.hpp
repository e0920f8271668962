// Writes one page of a merged list as the JSON of a result.
//
// Elements are copied as received; a changed name or description is spliced in and nothing else (P082). To
// modern clients resultType, ttlMs and cacheScope are added: the least remaining freshness and private if any
// part is (P089, P096, P097). Pure, any thread. Limits: elements and bytes a page; an element above the
// latter has a page of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "router/catalog.hpp"

namespace weir::router {

struct PageOptions {
  std::size_t elements_max = 500;
  std::size_t bytes_max = 1024 * 1024;
};

struct Page {
  std::string result;      // JSON object
  std::uint32_t next = 0;  // position of the next page; 0: this was the last
};

// `cursor_for` makes the cursor of a position; it is called at most once. `shown` says what of the list its
// reader may see; null: all of it.
Page write_page(Catalog const& catalog, ListKind kind, std::uint32_t position, PageOptions const& options,
                base::TimePoint now, std::function<std::string(std::uint32_t)> const& cursor_for,
                Shown const& shown = {});

// How many bytes of a page the element at `position` of the list takes.
std::size_t element_bytes(Catalog const& catalog, ListKind kind, std::size_t position);

}  // namespace weir::router
