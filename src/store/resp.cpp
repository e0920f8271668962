#include "store/resp.hpp"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <cstdlib>

#include "base/assert.hpp"

namespace weir::store {

// What hiredis calls for each value that it has read. Values of a list stand in it from the beginning, so
// their addresses do not change.
struct RespBuilder {
  static RespValue* place(redisReadTask const* task) {
    auto& reader = *static_cast<RespReader*>(task->privdata);
    if (task->parent == nullptr) {
      reader.bytes_ = 0;
      reader.items_ = 0;
      return new RespValue;
    }
    std::size_t depth = 0;
    for (auto const* up = task->parent; up != nullptr; up = up->parent) ++depth;
    if (depth > reader.limits_.depth_max) return refuse(reader);
    auto& list = *static_cast<RespValue*>(task->parent->obj);
    return &list.items[static_cast<std::size_t>(task->idx)];
  }
  static RespValue* refuse(RespReader& reader) {
    reader.over_ = true;
    return nullptr;
  }
  // A value that may not be made: hiredis gives up, and frees the root that it has. A refused root is ours.
  static RespValue* give_up(redisReadTask const* task, RespValue* value) {
    if (task->parent == nullptr) delete value;
    return refuse(*static_cast<RespReader*>(task->privdata));
  }

  static void* text(redisReadTask const* task, char* bytes, std::size_t size) {
    auto* const value = place(task);
    if (value == nullptr) return nullptr;
    auto& reader = *static_cast<RespReader*>(task->privdata);
    reader.bytes_ += size;
    if (reader.bytes_ > reader.limits_.bytes_max) return give_up(task, value);
    value->kind = task->type == REDIS_REPLY_ERROR    ? RespValue::Kind::error
                  : task->type == REDIS_REPLY_STATUS ? RespValue::Kind::status
                                                     : RespValue::Kind::text;
    value->text.assign(bytes, size);
    return value;
  }
  static void* list(redisReadTask const* task, int size) {
    auto* const value = place(task);
    if (value == nullptr) return nullptr;
    auto& reader = *static_cast<RespReader*>(task->privdata);
    auto const count = static_cast<std::size_t>(std::max(size, 0));
    if (count > reader.limits_.items_max - reader.items_) return give_up(task, value);
    reader.items_ += count;
    value->kind = RespValue::Kind::list;
    value->items.resize(count);
    return value;
  }
  static void* number(redisReadTask const* task, long long number) {
    auto* const value = place(task);
    if (value == nullptr) return nullptr;
    value->kind = RespValue::Kind::number;
    value->number = number;
    return value;
  }
  static void* nil(redisReadTask const* task) { return place(task); }
  static void free(void* root) { delete static_cast<RespValue*>(root); }
};

namespace {

redisReplyObjectFunctions kBuilder{&RespBuilder::text, &RespBuilder::list, &RespBuilder::number,
                                   &RespBuilder::nil, &RespBuilder::free};

constexpr std::size_t kSizeLineMax = 32;  // "$67108864\r\n" and its like

}  // namespace

void RespReader::Free::operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }

RespReader::RespReader(RespLimits limits)
    : limits_(limits), reader_(redisReaderCreateWithFunctions(&kBuilder)) {
  WEIR_ASSERT(reader_ != nullptr);
  reader_->privdata = this;
}

RespReader::~RespReader() = default;

RespReader::Step RespReader::broken(std::string why) {
  problem_ = std::move(why);
  return Step::broken;
}

void RespReader::feed(std::string_view bytes) {
  if (!problem_.empty()) return;
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) problem_ = reader_->errstr;
}

// hiredis holds on to bytes until a value is whole. True: the value that it waits for is not one of ours.
// Looking at its beginning also keeps hiredis from searching a long line again with each piece.
bool RespReader::waits_in_vain() const noexcept {
  std::string_view const held(reader_->buf + reader_->pos, reader_->len - reader_->pos);
  if (bytes_ + held.size() > limits_.bytes_max + kSizeLineMax) return true;
  if (reader_->ridx < 0) return held.size() > limits_.line_max;
  auto const type = reader_->rstack[reader_->ridx].type;
  if (type != REDIS_REPLY_STRING) return held.size() > limits_.line_max;
  return held.size() > kSizeLineMax && held.substr(0, kSizeLineMax).find("\r\n") == std::string_view::npos;
}

RespReader::Step RespReader::next(RespValue& into) {
  if (!problem_.empty()) return Step::broken;
  void* made = nullptr;
  if (redisReaderGetReply(reader_.get(), &made) != REDIS_OK) {
    return broken(over_ ? "a reply is over a limit" : reader_->errstr);
  }
  if (made == nullptr) {
    return waits_in_vain() ? broken("a reply is over a limit") : Step::need_more;
  }
  std::unique_ptr<RespValue> const root(static_cast<RespValue*>(made));
  into = std::move(*root);
  bytes_ = 0;
  items_ = 0;
  return Step::reply;
}

std::string resp_command(std::vector<std::string_view> const& words) {
  std::vector<char const*> starts;
  std::vector<std::size_t> sizes;
  for (auto const word : words) {
    starts.push_back(word.data() == nullptr ? "" : word.data());
    sizes.push_back(word.size());
  }
  char* text = nullptr;
  auto const size =
      redisFormatCommandArgv(&text, static_cast<int>(words.size()), starts.data(), sizes.data());
  WEIR_ASSERT(size >= 0);
  std::string const command(text, static_cast<std::size_t>(size));
  redisFreeCommand(text);
  return command;
}

}  // namespace weir::store
