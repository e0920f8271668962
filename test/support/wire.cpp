#include "support/wire.hpp"

#include <array>
#include <cstdlib>

namespace weir::test {

int WireHead::status() const {
  return start.starts_with("HTTP/1.1 ") ? std::atoi(start.substr(9, 3).c_str()) : 0;
}

std::string WireHead::field(std::string const& name) const {
  auto const found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

base::Task<bool> Wire::more() {
  std::array<char, 4096> bytes;
  for (;;) {
    auto const got = stream_->read(bytes);
    if (got.state == net::IoState::moved) {
      in_.append(bytes.data(), got.bytes);
      co_return true;
    }
    if (got.state != net::IoState::blocked) co_return false;
    co_await stream_->readable();
  }
}

base::Task<std::optional<std::string>> Wire::line() {
  for (;;) {
    auto const end = in_.find("\r\n");
    if (end != std::string::npos) {
      std::string text = in_.substr(0, end);
      in_.erase(0, end + 2);
      co_return text;
    }
    bool const got = co_await more();
    if (!got) co_return std::nullopt;
  }
}

base::Task<bool> Wire::have(std::size_t bytes) {
  for (;;) {
    if (in_.size() >= bytes) co_return true;
    bool const got = co_await more();
    if (!got) co_return false;
  }
}

base::Task<std::optional<WireHead>> Wire::head() {
  WireHead head;
  auto first = co_await line();
  if (!first) co_return std::nullopt;
  head.start = std::move(*first);
  for (;;) {
    auto const field = co_await line();
    if (!field) co_return std::nullopt;
    if (field->empty()) co_return head;
    auto const colon = field->find(':');
    std::string name = field->substr(0, colon);
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    auto const value = field->find_first_not_of(' ', colon + 1);
    head.fields[name] = value == std::string::npos ? std::string() : field->substr(value);
  }
}

base::Task<std::optional<std::string>> Wire::chunk() {
  auto const size_line = co_await line();
  if (!size_line) co_return std::nullopt;
  auto const size = static_cast<std::size_t>(std::strtoul(size_line->c_str(), nullptr, 16));
  bool const here = co_await have(size + 2);
  if (!here) co_return std::nullopt;
  std::string payload = in_.substr(0, size);
  in_.erase(0, size + 2);
  co_return payload;
}

base::Task<std::optional<std::string>> Wire::body(WireHead head) {
  if (head.field("transfer-encoding") == "chunked") {
    std::string whole;
    for (;;) {
      auto const piece = co_await chunk();
      if (!piece) co_return std::nullopt;
      if (piece->empty()) co_return whole;
      whole += *piece;
    }
  }
  auto const length =
      static_cast<std::size_t>(std::strtoul(head.field("content-length").c_str(), nullptr, 10));
  bool const here = co_await have(length);
  if (!here) co_return std::nullopt;
  std::string whole = in_.substr(0, length);
  in_.erase(0, length);
  co_return whole;
}

base::Task<std::optional<std::string>> Wire::event() {
  stream_ended_ = false;
  for (;;) {
    auto const end = events_.find("\n\n");
    if (end == std::string::npos) {
      auto const piece = co_await chunk();
      if (!piece) co_return std::nullopt;
      if (piece->empty()) {
        stream_ended_ = true;
        co_return std::nullopt;
      }
      events_ += *piece;
      continue;
    }
    std::string const block = events_.substr(0, end + 1);
    events_.erase(0, end + 2);
    std::string data;
    for (std::size_t at = 0; at < block.size();) {
      auto const stop = block.find('\n', at);
      auto const text = block.substr(at, stop - at);
      if (text.starts_with("data: ")) data += text.substr(6);
      at = stop + 1;
    }
    if (!data.empty()) co_return data;
  }
}

base::Task<bool> Wire::write(std::string text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    iovec const part{text.data() + sent, text.size() - sent};
    auto const put = stream_->write({&part, 1});
    if (put.state == net::IoState::moved) {
      sent += put.bytes;
    } else if (put.state == net::IoState::blocked) {
      co_await stream_->writable();
    } else {
      co_return false;
    }
  }
  co_return true;
}

base::Task<void> Wire::until_gone() {
  for (;;) {
    bool const got = co_await more();
    if (!got) co_return;
    in_.clear();
  }
}

}  // namespace weir::test
