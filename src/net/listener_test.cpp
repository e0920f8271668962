#include "net/listener.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weir::net {
namespace {

TEST(Listener, TakesEveryAddressOfANameOnOnePort) {
  auto const all = Listener::bind_all("", 0);  // 0.0.0.0 and ::, the one name with two that needs no resolver
  ASSERT_TRUE(all) << all.error().detail;
  std::set<std::uint16_t> ports;
  for (auto const& one : *all) ports.insert(one->port());
  EXPECT_EQ(ports.size(), 1U);
  for (char const* const address : {"127.0.0.1", "::1"}) {
    auto const again = Listener::bind(address, *ports.begin());
    bool const exists = Listener::bind(address, 0).has_value();
    if (!exists) continue;  // this machine does not have it
    ASSERT_FALSE(again) << address;
    EXPECT_EQ(again.error().fault, base::Fault::busy);
  }
}

TEST(Listener, ANumberIsOneAddressAndAPortInUseIsAnError) {
  auto const one = Listener::bind_all("127.0.0.1", 0);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->size(), 1U);
  auto const again = Listener::bind_all("", one->front()->port());
  ASSERT_FALSE(again) << "half of a name is not the name";
  EXPECT_EQ(again.error().fault, base::Fault::busy);
  auto const nowhere = Listener::bind_all("192.0.2.1", 0);
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().fault, base::Fault::config);
}

}  // namespace
}  // namespace weir::net
