#include "app/stdio_run.hpp"

#include "app/exit_codes.hpp"
#include "app/stdio_streams.hpp"
#include "base/say.hpp"
#include "edge/stdio_endpoint.hpp"

namespace weir::app {

int run_stdio(Gateway& gateway) {
  auto streams = take_stdio(gateway.main_loop());
  if (!streams) {
    base::say("error: {}\n", streams.error().detail);
    return kExitSoftware;
  }
  auto& worker = gateway.first_worker();
  edge::StdioOptions options;
  options.linger = gateway.settings().drain;
  edge::StdioEndpoint client(
      worker.endpoint_parts(), [&worker] { return worker.endpoint().rules(); }, options, gateway.stopping());
  // Posted: a client that has gone already must not stop a loop that has yet to run.
  auto const end = [&gateway] { gateway.main_loop().post([&gateway] { gateway.stop(); }); };
  client.start(std::move(streams->in), std::move(streams->out), end);
  return gateway.run();
}

}  // namespace weir::app
