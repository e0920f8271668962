// What Redis does for us in one step: Lua that it runs whole or not at all, and how it is called.
//
// Each script does bounded work: 250 entries at most leave the index in one call. Immutable, any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::store {

struct RedisScript {
  std::string text;
  std::string sha;  // 40 hexadecimal digits: its name in EVALSHA
};

// KEYS: age ends rows sums value of-server. ARGV: prefix bytes_max record px row server_max(-1: none) size.
// Gives: kept(0/1) bytes entries evicted rebuilt.
RedisScript const& put_script();

// KEYS: age ends rows sums. ARGV: prefix bytes_max, then of-server and its most, in pairs.
// Gives: more(0/1) bytes entries evicted rebuilt.
RedisScript const& sweep_script();

// KEYS: now marks. ARGV: channel, node, a fresh epoch, the latest number that the node knows, everything
// (sealed), then gone(0/1), the selection's name, the selection (sealed).
// Gives: epoch, number.
RedisScript const& invalidate_script();

// KEYS and ARGV as before, without the last three. Gives: epoch, number, the fields and values of marks.
RedisScript const& marks_script();

// The command that runs it: by its name, or by its text where Redis does not know it.
std::string script_command(RedisScript const& script, bool by_name, std::vector<std::string> const& keys,
                           std::vector<std::string> const& arguments);

}  // namespace weir::store
