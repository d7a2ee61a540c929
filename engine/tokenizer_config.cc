#include "engine/tokenizer_config.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace verdict {
namespace {

// transformers calls anything above it no limit (LARGE_INTEGER), and writes 1e30.
constexpr double kNoLimit = 1e20;

}  // namespace

absl::StatusOr<std::optional<size_t>> ReadModelMaxLength(const JsonField& config) {
  // The former name counts only where the other is absent; a null is there.
  const bool has_name =
      config.exists() && config.value().is_object() && config.value().contains("model_max_length");
  const JsonField field = config.Member(has_name ? "model_max_length" : "max_len");
  if (!field.exists()) return std::nullopt;
  const nlohmann::json& value = field.value();
  // A whole number of more than 64 bits is read as a fraction.
  if (value.is_number_float() && value.get<double>() > kNoLimit) return std::nullopt;
  if (!value.is_number_unsigned() || value.get<uint64_t>() < kLeastMaxLength) {
    return field.Error(absl::StrCat("a whole number of at least ", kLeastMaxLength));
  }
  return static_cast<size_t>(value.get<uint64_t>());
}

}  // namespace verdict
