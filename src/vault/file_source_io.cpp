#include "vault/file_source_io.hpp"

namespace weir::vault {

base::Task<base::Result<secrets::StoreAnswer>> FileSource::read(secrets::SecretReference const& about,
                                                                base::TimePoint) {
  auto found = read_(about);
  if (!found) co_return std::move(found).error();
  auto& text = found->text;
  secrets::StoreAnswer out;
  out.values.emplace_back("", base::Secret(text));
  out.created = found->written;
  explicit_bzero(text.data(), text.size());
  co_return out;
}

}  // namespace weir::vault
