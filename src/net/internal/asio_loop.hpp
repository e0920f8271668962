// The Asio objects of one IoLoop. Included by the .cpp files of src/net only: it is slow to compile.
//
// Concrete executor everywhere: any_io_executor was measured to cost 3 % per request.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>

#include "net/io_loop.hpp"

namespace weir::net::internal {

using Executor = boost::asio::io_context::executor_type;
using KernelTimer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

struct AsioLoop {
  boost::asio::io_context context{1};
  KernelTimer timer{context};
};

}  // namespace weir::net::internal
