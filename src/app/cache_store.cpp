#include "app/cache_tiers.hpp"

namespace weir::app {

std::unique_ptr<store::Store> open_store(CacheTiers::Parts const&, config::Caching const&,
                                         store::StoreSecret const&) {
  return nullptr;
}

}  // namespace weir::app
