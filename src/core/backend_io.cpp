#include "core/backend.hpp"

namespace weir::core {

base::Task<base::Result<void>> Backend::listen(std::string params,
                                               std::function<void(mcp::Message const&)> told) {
  static_cast<void>(params);
  static_cast<void>(told);
  co_return base::Error(base::Fault::unsupported, base::Blame::upstream, "it takes no subscriptions");
}

}  // namespace weir::core
