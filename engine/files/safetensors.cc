#include "engine/files/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/files/float_types.h"
#include "engine/files/quoted.h"

namespace verdict {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data are little-endian");

constexpr uint64_t kLengthBytes = sizeof(uint64_t);

// Values are read and checked in pieces of this many, so that they are still in the L2 cache when
// they are looked at.
constexpr size_t kPieceValues = 64 * 1024;

// Reads the length that the file starts with, and holds it to the file's own size.
absl::StatusOr<uint64_t> ReadHeaderLength(const File& file) {
  if (file.size() < kLengthBytes) {
    return absl::InvalidArgumentError(absl::StrCat(file.path(), ": has ", file.size(),
                                                   " bytes, expected at least ", kLengthBytes,
                                                   " for the length of the header"));
  }
  char bytes[kLengthBytes];
  if (absl::Status status = file.ReadAt(0, absl::MakeSpan(bytes)); !status.ok()) return status;
  uint64_t length;
  std::memcpy(&length, bytes, kLengthBytes);
  if (std::memcmp(bytes, "PK\3\4", 4) == 0) {
    return absl::InvalidArgumentError(absl::StrCat(
        file.path(), ": is a zip file, as PyTorch's .bin files are, and not safetensors"));
  }
  if (length > kMaxSafetensorsHeaderBytes) {
    return absl::InvalidArgumentError(absl::StrCat(file.path(), ": the header's length is ", length,
                                                   " bytes, expected at most ",
                                                   kMaxSafetensorsHeaderBytes));
  }
  if (length > file.size() - kLengthBytes) {
    return absl::InvalidArgumentError(absl::StrCat(file.path(), ": the header's length is ", length,
                                                   " bytes, but only ", file.size() - kLengthBytes,
                                                   " follow"));
  }
  return length;
}

bool IsReadable(DType dtype) {
  return dtype == DType::kF32 || dtype == DType::kF16 || dtype == DType::kBF16 ||
         dtype == DType::kF64;
}

uint64_t ValueBytes(DType dtype) {
  if (dtype == DType::kF64) return sizeof(double);
  return dtype == DType::kF32 ? sizeof(float) : sizeof(uint16_t);
}

absl::Status CheckEntry(const TensorEntry& entry, absl::Span<const int64_t> shape) {
  if (absl::MakeConstSpan(entry.shape) != shape) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected shape ", ShapeText(shape), ", found ", ShapeText(entry.shape)));
  }
  if (!IsReadable(entry.dtype)) {
    return absl::InvalidArgumentError(absl::StrCat("expected dtype F32, F16, BF16 or F64, found ",
                                                   std::string(DTypeName(entry.dtype))));
  }
  return absl::OkStatus();
}

// The values of `dtype` from `offset` of `file` on.
absl::Status ReadPiece(const File& file, uint64_t offset, DType dtype, absl::Span<float> values) {
  if (dtype == DType::kF32) {
    return file.ReadAt(offset, absl::MakeSpan(reinterpret_cast<char*>(values.data()),
                                              values.size() * sizeof(float)));
  }
  if (dtype == DType::kF64) {
    std::vector<double> doubles(values.size());
    const absl::Span<char> bytes =
        absl::MakeSpan(reinterpret_cast<char*>(doubles.data()), doubles.size() * sizeof(double));
    if (absl::Status status = file.ReadAt(offset, bytes); !status.ok()) return status;
    // What is too large for float32 becomes infinity, and is refused as such.
    for (size_t i = 0; i < doubles.size(); ++i) values[i] = static_cast<float>(doubles[i]);
    return absl::OkStatus();
  }
  std::vector<uint16_t> halves(values.size());
  const absl::Span<char> bytes =
      absl::MakeSpan(reinterpret_cast<char*>(halves.data()), halves.size() * sizeof(uint16_t));
  if (absl::Status status = file.ReadAt(offset, bytes); !status.ok()) return status;
  // Two loops, so that each has its conversion inlined.
  if (dtype == DType::kF16) {
    for (size_t i = 0; i < halves.size(); ++i) values[i] = FloatFromFloat16(halves[i]);
  } else {
    for (size_t i = 0; i < halves.size(); ++i) values[i] = FloatFromBFloat16(halves[i]);
  }
  return absl::OkStatus();
}

bool AllFinite(absl::Span<const float> values) {
  // Infinity and NaN are what has all exponent bits set. No early exit: it would cost the vectors.
  constexpr uint32_t kExponent = 0x7F800000;
  bool found = false;
  for (const float value : values) {
    found |= (std::bit_cast<uint32_t>(value) & kExponent) == kExponent;
  }
  return !found;
}

absl::Status NonFiniteError(absl::Span<const float> values, size_t first_index, DType dtype) {
  const auto bad = std::find_if_not(values.begin(), values.end(),
                                    [](float value) { return std::isfinite(value); });
  return absl::InvalidArgumentError(
      absl::StrCat("value ", first_index + (bad - values.begin()), " is ", *bad,
                   dtype == DType::kF64 ? " in float32" : "", ", expected a finite number"));
}

}  // namespace

SafetensorsFile::SafetensorsFile(File file, uint64_t data_begin, TensorEntries tensors)
    : file_(std::move(file)), data_begin_(data_begin), tensors_(std::move(tensors)) {}

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  absl::StatusOr<File> file = File::Open(path);
  if (!file.ok()) return file.status();
  const absl::StatusOr<uint64_t> length = ReadHeaderLength(*file);
  if (!length.ok()) return length.status();
  std::string header(*length, '\0');
  if (absl::Status status = file->ReadAt(kLengthBytes, absl::MakeSpan(header)); !status.ok()) {
    return status;
  }
  const uint64_t data_begin = kLengthBytes + *length;
  absl::StatusOr<TensorEntries> tensors =
      ParseSafetensorsHeader(header, file->size() - data_begin, path);
  if (!tensors.ok()) return tensors.status();
  return SafetensorsFile(*std::move(file), data_begin, *std::move(tensors));
}

absl::Status SafetensorsFile::ErrorOf(std::string_view name, const absl::Status& status) const {
  return absl::Status(
      status.code(), absl::StrCat(file_.path(), ": tensor ", Quoted(name), ": ", status.message()));
}

absl::Status SafetensorsFile::CheckFloats(std::string_view name,
                                          absl::Span<const int64_t> shape) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return ErrorOf(name, absl::InvalidArgumentError("is missing"));
  const absl::Status status = CheckEntry(found->second, shape);
  return status.ok() ? status : ErrorOf(name, status);
}

absl::StatusOr<std::vector<float>> SafetensorsFile::ReadFloats(
    std::string_view name, absl::Span<const int64_t> shape) const {
  if (absl::Status status = CheckFloats(name, shape); !status.ok()) return status;
  const TensorEntry& entry = tensors_.find(name)->second;
  const uint64_t value_bytes = ValueBytes(entry.dtype);
  std::vector<float> values((entry.end - entry.begin) / value_bytes);
  for (size_t first = 0; first < values.size(); first += kPieceValues) {
    const absl::Span<float> piece = absl::MakeSpan(values).subspan(first, kPieceValues);
    const uint64_t offset = data_begin_ + entry.begin + first * value_bytes;
    if (absl::Status status = ReadPiece(file_, offset, entry.dtype, piece); !status.ok()) {
      return status;
    }
    if (!AllFinite(piece)) return ErrorOf(name, NonFiniteError(piece, first, entry.dtype));
  }
  return values;
}

}  // namespace verdict
