#include "store/redis_scripts.hpp"

#include <openssl/evp.h>

#include "base/assert.hpp"
#include "store/resp.hpp"

namespace weir::store {
namespace {

// Shared by put and sweep. An index whose parts disagree (a part of it was evicted or overwritten) is begun
// afresh: what it knew leaves by its own end of life. drop() deletes nothing that is not named as ours.
constexpr std::string_view kIndex = R"lua(
local age, ends, rows, sums = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local home, bytes_max = ARGV[1] .. 'mcp:', tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local work, evicted, rebuilt, broken = 200, 0, 0, false

local function sum(field)
  local raw = redis.call('HGET', sums, field) or '0'
  if not string.match(raw, '^%d+$') then broken = true end
  return tonumber(raw) or 0
end
local function drop(key)
  local server = string.match(string.sub(key, #home + 1), '^[^:]*') or ''
  local row = redis.call('HGET', rows, key)
  redis.call('ZREM', age, key)
  redis.call('ZREM', ends, key)
  redis.call('ZREM', home .. ':of:' .. server, key)
  if row then
    redis.call('HDEL', rows, key)
    redis.call('HINCRBY', sums, 'bytes', '-' .. (string.match(row, '^%d+') or '0'))
    redis.call('HINCRBY', sums, 'entries', -1)
  end
  if string.sub(key, 1, #home) == home and server ~= '' then redis.call('UNLINK', key) end
  work = work - 1
end
local function drop_oldest(list)
  local oldest = redis.call('ZRANGE', list, 0, 0)[1]
  if not oldest then return false end
  drop(oldest)
  redis.call('ZREM', list, oldest)
  evicted = evicted + 1
  return true
end

local count = sum('entries')
sum('bytes')
if broken or count ~= redis.call('ZCARD', age) or count ~= redis.call('ZCARD', ends)
    or count ~= redis.call('HLEN', rows) then
  redis.call('UNLINK', age, ends, rows, sums)
  rebuilt = 1
end
local over = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 50)
for _, key in ipairs(over) do drop(key) end
work = 200
)lua";

constexpr std::string_view kPut = R"lua(
local key, mine = KEYS[5], KEYS[6]
local record, px, row, most, size = ARGV[3], tonumber(ARGV[4]), ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
if redis.call('HEXISTS', rows, key) == 1 then drop(key) end
local kept = 0
if most ~= 0 and size <= bytes_max then
  while most > 0 and work > 0 and redis.call('ZCARD', mine) >= most do drop_oldest(mine) end
  while work > 0 and sum('bytes') + size > bytes_max and drop_oldest(age) do end
  if sum('bytes') + size <= bytes_max and (most < 0 or redis.call('ZCARD', mine) < most) then
    local stamp = string.format('%.0f', time[1] * 1000000 + time[2])
    local last = string.format('%.0f', now + px)
    redis.call('SET', key, record, 'PX', px)
    redis.call('ZADD', age, stamp, key)
    redis.call('ZADD', ends, last, key)
    redis.call('ZADD', mine, stamp, key)
    redis.call('HSET', rows, key, size .. ' ' .. last .. ' ' .. row)
    redis.call('HINCRBY', sums, 'bytes', size)
    redis.call('HINCRBY', sums, 'entries', 1)
    if redis.call('PTTL', sums) < px + 60000 then
      for _, name in ipairs({age, ends, rows, sums}) do redis.call('PEXPIRE', name, px + 3600000) end
    end
    if redis.call('PTTL', mine) < px + 60000 then redis.call('PEXPIRE', mine, px + 3600000) end
    kept = 1
  end
end
if kept == 0 then redis.call('UNLINK', key) end
return {kept, sum('bytes'), sum('entries'), evicted, rebuilt}
)lua";

constexpr std::string_view kSweep = R"lua(
for i = 3, #ARGV - 1, 2 do
  while work > 0 and redis.call('ZCARD', ARGV[i]) > tonumber(ARGV[i + 1]) do drop_oldest(ARGV[i]) end
end
while work > 0 and sum('bytes') > bytes_max and drop_oldest(age) do end
local more = (work <= 0 or #over == 50) and 1 or 0
return {more, sum('bytes'), sum('entries'), evicted, rebuilt}
)lua";

// Shared by invalidate and marks. An epoch is one life of the marks. If they are lost, by FLUSHALL or
// otherwise, a new one begins with a mark on everything: whatever was fetched before cannot be judged. Its
// numbers start at the time in microseconds, so that they are above those of the epoch before.
constexpr std::string_view kEpoch = R"lua(
local state, marks = KEYS[1], KEYS[2]
local channel, node, fresh, latest, everything = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]

local function publish(epoch, before, number, gone, who, what)
  redis.call('PUBLISH', channel, epoch .. ' ' .. string.format('%.0f', before) .. ' ' ..
    string.format('%.0f', number) .. ' ' .. gone .. ' ' .. who .. ' ' .. what)
end
local function note(epoch, number, gone, name, what)
  redis.call('HSET', marks, name .. gone, string.format('%.0f', number) .. ' ' .. gone .. ' ' .. what)
  redis.call('SET', state, epoch .. ' ' .. string.format('%.0f', number))
end
local epoch, number = string.match(redis.call('GET', state) or '', '^([%w_-]+) (%d+)$')
number = tonumber(number)
if not epoch or redis.call('HGET', marks, 'epoch') ~= epoch then
  local time = redis.call('TIME')
  redis.call('UNLINK', marks)
  epoch, number = fresh, math.max(time[1] * 1000000 + time[2], latest, number or 0) + 1
  redis.call('HSET', marks, 'epoch', epoch)
  note(epoch, number, '1', '*', everything)
  publish(epoch, 0, number, '1', '-', everything)
end
)lua";

constexpr std::string_view kInvalidate = R"lua(
local gone, name, what = ARGV[6], ARGV[7], ARGV[8]
local before = number
number = math.max(number, latest) + 1
note(epoch, number, gone, name, what)
publish(epoch, before, number, gone, node, what)
if redis.call('HLEN', marks) > 1025 then
  local all, found = redis.call('HGETALL', marks), {}
  for i = 1, #all, 2 do
    local n, g = string.match(all[i + 1], '^(%d+) ([01]) ')
    if n then
      table.insert(found, {tonumber(n), all[i], g})
    elseif all[i] ~= 'epoch' then
      redis.call('HDEL', marks, all[i])
    end
  end
  table.sort(found, function(a, b) return a[1] < b[1] end)
  local any, last = '0', 0
  for i = 1, math.min(512, #found) do
    if found[i][3] == '1' then any = '1' end
    last = found[i][1]
    redis.call('HDEL', marks, found[i][2])
  end
  redis.call('HSET', marks, '*' .. any, string.format('%.0f', last) .. ' ' .. any .. ' ' .. everything)
end
return {epoch, string.format('%.0f', number)}
)lua";

constexpr std::string_view kMarks = R"lua(
return {epoch, string.format('%.0f', number), redis.call('HGETALL', marks)}
)lua";

std::string sha1_of(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  WEIR_ASSERT(EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr) == 1);
  std::string out;
  constexpr char kDigits[] = "0123456789abcdef";
  for (unsigned i = 0; i < size; ++i) {
    out += kDigits[digest[i] >> 4U];
    out += kDigits[digest[i] & 15U];
  }
  return out;
}

RedisScript script_of(std::string_view first, std::string_view second) {
  auto text = std::string(first).append(second);
  auto sha = sha1_of(text);
  return {std::move(text), std::move(sha)};
}

}  // namespace

RedisScript const& put_script() {
  static RedisScript const script = script_of(kIndex, kPut);
  return script;
}
RedisScript const& sweep_script() {
  static RedisScript const script = script_of(kIndex, kSweep);
  return script;
}
RedisScript const& invalidate_script() {
  static RedisScript const script = script_of(kEpoch, kInvalidate);
  return script;
}
RedisScript const& marks_script() {
  static RedisScript const script = script_of(kEpoch, kMarks);
  return script;
}

std::string script_command(RedisScript const& script, bool by_name, std::vector<std::string> const& keys,
                           std::vector<std::string> const& arguments) {
  auto const count = std::to_string(keys.size());
  std::vector<std::string_view> words{by_name ? "EVALSHA" : "EVAL", by_name ? script.sha : script.text,
                                      count};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  return resp_command(words);
}

}  // namespace weir::store
