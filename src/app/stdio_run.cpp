#include "app/stdio_run.hpp"

namespace weir::app {

int run_stdio(Gateway& gateway) { return gateway.run(); }

}  // namespace weir::app
