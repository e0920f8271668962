#include "chaos/answer_text.hpp"

#include <algorithm>
#include <cstdlib>

namespace weir::chaos {

namespace {

constexpr auto kNowhere = std::string_view::npos;

// Walks one object from its brace. Chunk sizes between two pieces of it do not disturb: they have no quotes
// and no braces.
struct ObjectWalk {
  std::string_view text;
  std::size_t end = kNowhere;  // after its brace; nowhere: it goes on
  std::size_t id = 0, id_bytes = 0;
  bool method = false;

  ObjectWalk(std::string_view all, std::size_t at) : text(all) {
    int depth = 0;
    for (; at < text.size(); ++at) {
      char const c = text[at];
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) {
        end = at + 1;
        return;
      }
      if (c != '"') continue;
      auto const begin = at + 1;
      at = string_end(begin);
      if (at == kNowhere) return;
      if (depth == 1) member(text.substr(begin, at - begin), at + 1);
    }
  }

 private:
  std::size_t string_end(std::size_t at) const {
    for (; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') ++at;
    }
    return at < text.size() ? at : kNowhere;
  }
  void member(std::string_view key, std::size_t at) {
    at = text.find_first_not_of(" \t\r\n", at);
    if (at == kNowhere || text[at] != ':') return;
    method = method || key == "method";
    if (key != "id") return;
    id = text.find_first_not_of(" \t\r\n", at + 1);
    auto const last = id == kNowhere ? kNowhere : text.find_first_of(",} \t\r\n", id);
    id_bytes = last == kNowhere ? 0 : last - id;
  }
};

}  // namespace

std::size_t AnswerText::body() const {
  if (past_head_) return 0;
  auto const end = text_.find("\r\n\r\n");
  return end == std::string::npos ? end : end + 4;
}

bool AnswerText::head_says(std::string_view what) const {
  std::string head = text_.substr(0, body());
  std::transform(head.begin(), head.end(), head.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return head.find(what) != std::string::npos;
}

std::optional<AnswerText::Response> AnswerText::response() const {
  auto at = body();
  if (at == std::string::npos) return std::nullopt;
  while ((at = text_.find('{', at)) != std::string::npos) {
    ObjectWalk const walk(text_, at);
    if (walk.end == kNowhere) return std::nullopt;
    if (walk.id_bytes > 0 && !walk.method) return Response{at, walk.end, walk.id, walk.id_bytes};
    at = walk.end;
  }
  return std::nullopt;
}

bool AnswerText::whole() const {
  if (text_.size() > kBytesMax || response()) return true;
  auto const begin = body();
  if (begin == std::string::npos || past_head_) return false;
  if (head_says("\r\ntransfer-encoding: chunked")) return text_.ends_with("\r\n0\r\n\r\n");
  auto length = text_.substr(0, begin);
  std::transform(length.begin(), length.end(), length.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  auto const field = length.find("\r\ncontent-length:");
  if (field == std::string::npos) return false;
  auto const wanted = std::strtoull(length.c_str() + field + 17, nullptr, 10);
  return text_.size() - begin >= wanted;
}

std::string AnswerText::take_passed() {
  auto at = body();
  if (at == std::string::npos || (!past_head_ && !head_says("text/event-stream"))) return {};
  while ((at = text_.find('{', at)) != std::string::npos) {
    ObjectWalk const walk(text_, at);
    if (walk.end == kNowhere || (walk.id_bytes > 0 && !walk.method)) return {};
    at = walk.end;
  }
  past_head_ = true;
  return std::exchange(text_, {});
}

bool AnswerText::break_json() {
  auto const found = response();
  if (found) text_[found->begin] = '!';
  return found.has_value();
}

bool AnswerText::change_id() {
  auto const found = response();
  if (!found) return false;
  for (auto at = found->id; at < found->id + found->id_bytes; ++at) {
    char& c = text_[at];
    if (c < '0' || c > '9') continue;
    c = static_cast<char>('1' + (c - '0' + 4) % 9);
    return true;
  }
  return false;
}

bool AnswerText::cut() {
  auto const found = response();
  if (found) text_.resize(found->begin + (found->end - found->begin) / 2);
  return found.has_value();
}

}  // namespace weir::chaos
