#include "core/call.hpp"

namespace weir::core {

base::Task<base::Result<mcp::Message>> ClientSink::ask(std::string method, std::string params) {
  static_cast<void>(params);
  co_return base::Error(base::Fault::unsupported, base::Blame::client,
                        method + ": this client cannot be asked");
}

}  // namespace weir::core
