#include "server/contract/validation.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "engine/unicode/utf8.h"
#include "server/contract/error_reason.h"
#include "verdict/unchecked/v1/classifier.pb.h"

namespace verdict {
namespace {

absl::Status BadField(const std::string& field, absl::string_view what) {
  return InvalidRequest(v1::BAD_FIELD, field, absl::StrCat(field, what));
}

absl::Status CheckText(std::string_view text, const std::string& field) {
  if (text.empty()) return BadField(field, " is empty; expected a text");
  if (const std::optional<size_t> offset = FindInvalidUtf8(text)) {
    return BadField(field, absl::StrCat(" is not valid UTF-8: byte ", *offset, " of ", text.size(),
                                        " begins no character; encode the text as UTF-8"));
  }
  return absl::OkStatus();
}

absl::Status UnknownValue(const std::string& field, int value, int greatest) {
  return BadField(field, absl::StrCat(" is ", value, "; expected 0 to ", greatest));
}

}  // namespace

absl::StatusOr<Truncation> CheckTruncation(int truncation, const std::string& field,
                                           const ClassifyDefaults& defaults) {
  switch (truncation) {
    case unchecked::v1::TRUNCATION_UNSPECIFIED:
      return defaults.truncation;
    case unchecked::v1::ERROR:
      return Truncation::kError;
    case unchecked::v1::RIGHT:
      return Truncation::kRight;
    case unchecked::v1::LEFT:
      return Truncation::kLeft;
    case unchecked::v1::HEAD_TAIL:
      return Truncation::kHeadTail;
    default:
      return UnknownValue(field, truncation, unchecked::v1::Truncation_MAX);
  }
}

absl::StatusOr<ClassifyOptions> CheckOptions(const unchecked::v1::Options& options,
                                             const ClassifyDefaults& defaults) {
  ClassifyOptions checked{.top_k = options.top_k() == 0 ? defaults.top_k() : options.top_k(),
                          .activation = defaults.activation,
                          .return_logits = options.return_logits()};
  switch (options.activation()) {
    case unchecked::v1::ACTIVATION_UNSPECIFIED:
      break;
    case unchecked::v1::SOFTMAX:
      if (defaults.labels == 1) {
        return BadField("options.activation",
                        " is SOFTMAX, which is 1 for every text, as the model has one label; "
                        "expected SIGMOID or NONE");
      }
      checked.activation = Activation::kSoftmax;
      break;
    case unchecked::v1::SIGMOID:
      checked.activation = Activation::kSigmoid;
      break;
    case unchecked::v1::NONE:
      checked.activation = Activation::kNone;
      break;
    default:
      return UnknownValue("options.activation", options.activation(),
                          unchecked::v1::Activation_MAX);
  }
  const absl::StatusOr<Truncation> truncation =
      CheckTruncation(options.truncation(), "options.truncation", defaults);
  if (!truncation.ok()) return truncation.status();
  checked.truncation = *truncation;
  return checked;
}

absl::StatusOr<TextInput> CheckInput(const unchecked::v1::Input& input, const std::string& field,
                                     const RequestLimits& limits) {
  const size_t bytes = input.text().size() + input.text_pair().size();
  if (bytes > limits.max_text_bytes) {
    return InvalidRequest(
        v1::TEXT_TOO_LONG, absl::StrCat(field, ".text"),
        absl::StrCat(field, input.has_text_pair() ? ".text and .text_pair have " : ".text has ",
                     bytes, " bytes; --max-text-bytes allows ", limits.max_text_bytes,
                     ": cut or split it"),
        MetLimit{.option = "--max-text-bytes", .limit = limits.max_text_bytes, .found = bytes});
  }
  absl::Status status = CheckText(input.text(), absl::StrCat(field, ".text"));
  if (!status.ok()) return status;
  TextInput checked{.text = input.text(), .text_pair = std::nullopt};
  if (input.has_text_pair()) {
    status = CheckText(input.text_pair(), absl::StrCat(field, ".text_pair"));
    if (!status.ok()) return status;
    checked.text_pair = input.text_pair();
  }
  return checked;
}

int MaxRequestBytes(const RequestLimits& limits) {
  constexpr size_t kFramingBytes = 64;  // of one input
  const size_t bytes = limits.max_inputs * (limits.max_text_bytes + kFramingBytes);
  return static_cast<int>(
      std::clamp<size_t>(bytes, size_t{4} << 20, std::numeric_limits<int>::max()));
}

absl::Status CheckInputCount(size_t count, const RequestLimits& limits) {
  if (count == 0) return BadField("inputs", " is empty; expected at least one");
  if (count > limits.max_inputs) {
    return InvalidRequest(
        v1::TOO_MANY_INPUTS, "inputs",
        absl::StrCat("inputs has ", count, " texts; --max-inputs allows ", limits.max_inputs,
                     ": split them into several calls"),
        MetLimit{.option = "--max-inputs", .limit = limits.max_inputs, .found = count});
  }
  return absl::OkStatus();
}

}  // namespace verdict
