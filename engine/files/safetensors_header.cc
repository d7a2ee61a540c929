#include "engine/files/safetensors_header.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "engine/files/json_file.h"
#include "engine/files/quoted.h"

namespace verdict {
namespace {

using Json = nlohmann::json;

// Some 5,500 tensors of nine values each; DistilBERT has 104. Without it, a header of 8 MB could
// keep us busy for a second.
constexpr size_t kMaxHeaderValues = 50'000;

struct DTypeRow {
  std::string_view name;
  uint64_t bits;  // of one element; tensors of the narrowest types must still fill whole bytes
};

// In the order of DType.
constexpr std::array kDTypes = {
    DTypeRow{"BOOL", 8},        DTypeRow{"F4", 4},          DTypeRow{"F6_E2M3", 6},
    DTypeRow{"F6_E3M2", 6},     DTypeRow{"U8", 8},          DTypeRow{"I8", 8},
    DTypeRow{"F8_E5M2", 8},     DTypeRow{"F8_E4M3", 8},     DTypeRow{"F8_E8M0", 8},
    DTypeRow{"F8_E4M3FNUZ", 8}, DTypeRow{"F8_E5M2FNUZ", 8}, DTypeRow{"I16", 16},
    DTypeRow{"U16", 16},        DTypeRow{"F16", 16},        DTypeRow{"BF16", 16},
    DTypeRow{"I32", 32},        DTypeRow{"U32", 32},        DTypeRow{"F32", 32},
    DTypeRow{"C64", 64},        DTypeRow{"F64", 64},        DTypeRow{"I64", 64},
    DTypeRow{"U64", 64},
};
static_assert(kDTypes[static_cast<size_t>(DType::kF16)].name == "F16");
static_assert(kDTypes[static_cast<size_t>(DType::kF32)].name == "F32");
static_assert(kDTypes.size() == static_cast<size_t>(DType::kU64) + 1);

std::optional<DType> DTypeNamed(std::string_view name) {
  for (size_t i = 0; i < kDTypes.size(); ++i) {
    if (kDTypes[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

std::string RangeText(uint64_t begin, uint64_t end) {
  return absl::StrCat("[", begin, ", ", end, ")");
}

// The functions down to ParseEntry look at one tensor's entry, and leave it to ParseEntry's caller
// to say which tensor of which file it is.

absl::StatusOr<DType> ParseDType(const Json& value) {
  if (!value.is_string()) {
    return absl::InvalidArgumentError(
        absl::StrCat("dtype: expected a string, found ", ValueText(value)));
  }
  const std::string& name = value.get_ref<const std::string&>();
  const std::optional<DType> dtype = DTypeNamed(name);
  if (!dtype) return absl::InvalidArgumentError(absl::StrCat("unknown dtype ", Quoted(name)));
  return *dtype;
}

absl::StatusOr<std::vector<uint64_t>> ParseWholeNumbers(std::string_view field, const Json& value) {
  if (!value.is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(
        std::string(field), ": expected an array of whole numbers, found ", ValueText(value)));
  }
  std::vector<uint64_t> numbers;
  numbers.reserve(value.size());
  for (const Json& number : value) {
    if (!number.is_number_unsigned()) {
      return absl::InvalidArgumentError(absl::StrCat(
          std::string(field), ": expected a whole number from 0 on, found ", ValueText(number)));
    }
    numbers.push_back(number.get<uint64_t>());
  }
  return numbers;
}

absl::StatusOr<std::vector<int64_t>> ParseShape(const Json& value) {
  const absl::StatusOr<std::vector<uint64_t>> dimensions = ParseWholeNumbers("shape", value);
  if (!dimensions.ok()) return dimensions.status();
  for (const uint64_t dimension : *dimensions) {
    if (dimension > uint64_t{std::numeric_limits<int64_t>::max()}) {
      return absl::InvalidArgumentError(
          absl::StrCat("shape: dimension ", dimension, " is too large"));
    }
  }
  return std::vector<int64_t>(dimensions->begin(), dimensions->end());
}

// How many bytes `shape` of `dtype` needs.
absl::StatusOr<uint64_t> ByteCount(DType dtype, absl::Span<const int64_t> shape) {
  uint64_t bits = kDTypes[static_cast<size_t>(dtype)].bits;
  for (const int64_t dimension : shape) {
    if (__builtin_mul_overflow(bits, static_cast<uint64_t>(dimension), &bits)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the size of shape ", ShapeText(shape), " overflows 64 bits"));
    }
  }
  if (bits % 8 != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("shape ", ShapeText(shape), " has ", bits, " bits, which are no whole bytes"));
  }
  return bits / 8;
}

absl::StatusOr<std::pair<uint64_t, uint64_t>> ParseOffsets(const Json& value, uint64_t data_bytes) {
  const absl::StatusOr<std::vector<uint64_t>> offsets = ParseWholeNumbers("data_offsets", value);
  if (!offsets.ok()) return offsets.status();
  if (offsets->size() != 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("data_offsets: expected 2 numbers, found ", offsets->size()));
  }
  const uint64_t begin = offsets->front();
  const uint64_t end = offsets->back();
  if (begin > end) {
    return absl::InvalidArgumentError(
        absl::StrCat("data_offsets ", RangeText(begin, end), " are reversed"));
  }
  if (end > data_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("data_offsets ", RangeText(begin, end),
                                                   " pass the end of the data at ", data_bytes));
  }
  return std::pair(begin, end);
}

absl::Status CheckFields(const Json& entry) {
  if (!entry.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat("expected an object, found ", ValueText(entry)));
  }
  constexpr std::array kFields = {"dtype", "shape", "data_offsets"};
  for (const char* field : kFields) {
    if (!entry.contains(field)) return absl::InvalidArgumentError(absl::StrCat("has no ", field));
  }
  for (const auto& [field, value] : entry.items()) {
    if (std::find(kFields.begin(), kFields.end(), field) == kFields.end()) {
      return absl::InvalidArgumentError(absl::StrCat("unknown field ", Quoted(field)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorEntry> ParseEntry(const Json& value, uint64_t data_bytes) {
  if (absl::Status status = CheckFields(value); !status.ok()) return status;
  const absl::StatusOr<DType> dtype = ParseDType(value["dtype"]);
  if (!dtype.ok()) return dtype.status();
  absl::StatusOr<std::vector<int64_t>> shape = ParseShape(value["shape"]);
  if (!shape.ok()) return shape.status();
  const absl::StatusOr<uint64_t> bytes = ByteCount(*dtype, *shape);
  if (!bytes.ok()) return bytes.status();
  const auto offsets = ParseOffsets(value["data_offsets"], data_bytes);
  if (!offsets.ok()) return offsets.status();
  const auto [begin, end] = *offsets;
  if (end - begin != *bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "shape ", ShapeText(*shape), " of ", std::string(DTypeName(*dtype)), " needs ", *bytes,
        " bytes, but data_offsets ", RangeText(begin, end), " hold ", end - begin));
  }
  return TensorEntry{*dtype, *std::move(shape), begin, end};
}

absl::Status CheckMetadata(const Json& metadata) {
  if (!metadata.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat("__metadata__: expected an object, found ", ValueText(metadata)));
  }
  for (const auto& [name, value] : metadata.items()) {
    if (!value.is_string()) {
      return absl::InvalidArgumentError(absl::StrCat(
          "__metadata__: ", Quoted(name), ": expected a string, found ", ValueText(value)));
    }
  }
  return absl::OkStatus();
}

// Each tensor must begin where the one before it ends, and the last must end with the data: a gap
// could hide anything, and an overlap is two readings of one byte.
absl::Status CheckCoverage(const TensorEntries& entries, uint64_t data_bytes) {
  std::vector<const TensorEntries::value_type*> by_place;
  by_place.reserve(entries.size());
  for (const auto& named : entries) by_place.push_back(&named);
  const auto place = [](const auto* named) {
    return std::tuple(named->second.begin, named->second.end);
  };
  std::sort(by_place.begin(), by_place.end(),
            [&](const auto* a, const auto* b) { return place(a) < place(b); });

  uint64_t covered = 0;
  std::string before = "the header";
  for (const auto* named : by_place) {
    const auto& [name, entry] = *named;
    if (entry.begin < covered) {
      return absl::InvalidArgumentError(absl::StrCat(
          "tensor ", Quoted(name), ": data_offsets ", RangeText(entry.begin, entry.end),
          " overlap those of ", before, ", which end at ", covered));
    }
    if (entry.begin > covered) {
      return absl::InvalidArgumentError(
          absl::StrCat("bytes ", RangeText(covered, entry.begin), " of the data, between ", before,
                       " and tensor ", Quoted(name), ", belong to no tensor"));
    }
    covered = entry.end;
    before = absl::StrCat("tensor ", Quoted(name));
  }
  if (covered != data_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("bytes ", RangeText(covered, data_bytes),
                                                   " of the data, after ", before,
                                                   ", belong to no tensor"));
  }
  return absl::OkStatus();
}

absl::Status PrefixError(const std::string& prefix, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(prefix, ": ", status.message()));
}

}  // namespace

std::string_view DTypeName(DType dtype) { return kDTypes[static_cast<size_t>(dtype)].name; }

std::string ShapeText(absl::Span<const int64_t> shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

absl::StatusOr<TensorEntries> ParseSafetensorsHeader(std::string_view text, uint64_t data_bytes,
                                                     const std::string& source) {
  const absl::StatusOr<Json> header =
      ParseJson(text, absl::StrCat(source, ": header"), kMaxHeaderValues);
  if (!header.ok()) return header.status();
  if (!header->is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(source, ": header: expected an object, found ", ValueText(*header)));
  }
  TensorEntries entries;
  for (const auto& [name, value] : header->items()) {
    if (name == "__metadata__") {
      if (absl::Status status = CheckMetadata(value); !status.ok()) {
        return PrefixError(source, status);
      }
      continue;
    }
    absl::StatusOr<TensorEntry> entry = ParseEntry(value, data_bytes);
    if (!entry.ok()) {
      return PrefixError(absl::StrCat(source, ": tensor ", Quoted(name)), entry.status());
    }
    entries.emplace(name, *std::move(entry));
  }
  if (absl::Status status = CheckCoverage(entries, data_bytes); !status.ok()) {
    return PrefixError(source, status);
  }
  return entries;
}

}  // namespace verdict
