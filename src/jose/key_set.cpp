#include "jose/key_set.hpp"

#include <algorithm>

#include "jose/internal/public_key.hpp"
#include "jose/json_object.hpp"

namespace weir::jose {
namespace {

constexpr std::size_t kKeyIdBytesMax = 256;

base::Error refused(std::string why) {
  return {base::Fault::protocol, base::Blame::upstream, "key set: " + std::move(why)};
}

bool is_for_signatures(JsonObject const& jwk) {
  if (jwk.has("use") && jwk.text("use") != "sig") return false;
  if (!jwk.has("key_ops")) return true;
  auto const uses = jwk.texts("key_ops");
  return uses && std::find(uses->begin(), uses->end(), "verify") != uses->end();
}

std::optional<Key> read_key(std::string_view json) {
  auto const jwk = JsonObject::parse(json);
  if (!jwk || !is_for_signatures(*jwk)) return std::nullopt;
  Key key;
  if (jwk->has("kid")) {
    auto id = jwk->text("kid");
    if (!id || id->empty() || id->size() > kKeyIdBytesMax) return std::nullopt;
    key.id = *std::move(id);
  }
  key.material = PublicKey::read(*jwk, key.kind);
  if (!key.material) return std::nullopt;
  if (jwk->has("alg")) {
    key.algorithm = algorithm_of(jwk->text("alg").value_or(""));
    if (!key.algorithm || !fits(*key.algorithm, key.kind)) return std::nullopt;
  }
  return key;
}

}  // namespace

base::Result<KeySet> KeySet::parse(std::string_view json) {
  if (json.size() > kTextBytesMax) return refused("longer than 256 KiB");
  auto const object = JsonObject::parse(json);
  auto const keys = object ? object->objects("keys") : std::nullopt;
  if (!keys) return refused("not a JSON object with an array `keys`");
  if (keys->size() > kKeysMax) return refused("more than 100 keys");
  KeySet set;
  for (auto const& text : *keys) {
    if (auto key = read_key(text)) {
      set.keys_.push_back(*std::move(key));
    } else {
      ++set.left_out_;
    }
  }
  if (set.keys_.empty()) return refused("no key in it that can check a signature");
  return set;
}

Key const* KeySet::find(std::string_view id, Algorithm algorithm) const noexcept {
  Key const* found = nullptr;
  for (auto const& key : keys_) {
    if (!fits(algorithm, key.kind) || key.algorithm.value_or(algorithm) != algorithm) continue;
    if (!id.empty()) {
      if (key.id == id) return &key;
      continue;
    }
    if (found != nullptr) return nullptr;
    found = &key;
  }
  return found;
}

}  // namespace weir::jose
