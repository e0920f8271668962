// Refit: lets a test put something else into the pipeline than the layer that was built for a place.
//
// Empty in production. The simulation plants known flaws with it and has to find them. Called on the worker's
// thread each time a layer is built; what it returns is used in the layer's stead and owns what it needs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/call.hpp"

namespace weir::app {

enum class Stage { fallback, cache, retry, breaker, limit, deadline };

// `inner` is what the layer stands before, `built` the layer itself.
using Refit = std::function<std::shared_ptr<core::Handler>(Stage stage, std::string const& server,
                                                           std::shared_ptr<core::Handler> inner,
                                                           std::shared_ptr<core::Handler> built)>;

inline std::shared_ptr<core::Handler> refitted(Refit const& refit, Stage stage, std::string const& server,
                                               std::shared_ptr<core::Handler> inner,
                                               std::shared_ptr<core::Handler> built) {
  return refit ? refit(stage, server, std::move(inner), std::move(built)) : built;
}

}  // namespace weir::app
