#include "vault/file_source_io.hpp"

namespace weir::vault {

base::Task<base::Result<secrets::StoreAnswer>> FileSource::read(secrets::SecretReference const& about,
                                                                base::TimePoint) {
  auto found = read_(about);
  if (!found) co_return std::move(found).error();
  auto& text = found->text;
  std::string_view value = text;
  if (value.ends_with('\n')) value.remove_suffix(1);
  if (value.ends_with('\r')) value.remove_suffix(1);
  secrets::StoreAnswer out;
  out.values.emplace_back("", base::Secret(value));
  out.created = found->written;
  explicit_bzero(text.data(), text.size());
  co_return out;
}

}  // namespace weir::vault
