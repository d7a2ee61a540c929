#include "engine/tokenizer/files/bpe/bpe_json.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/tokenizer/files/bpe/merges.h"
#include "engine/unicode/byte_level_words.h"

namespace verdict {
namespace {

// A flag that files of older versions lack.
absl::StatusOr<bool> Flag(const JsonField& field, bool absent) {
  if (!field.exists()) return absent;
  return field.Bool();
}

absl::Status CheckIsEmpty(const JsonField& field) {
  if (!field.exists() || field.IsString("")) return absl::OkStatus();
  return field.Error("\"\": byte-level tokens have none");
}

absl::Status CheckSupported(const JsonField& model) {
  const JsonField dropout = model.Member("dropout");
  if (dropout.exists() && dropout.value() != 0) {
    return dropout.Error("null: with dropout, a text's tokens are random");
  }
  absl::Status status = CheckIsEmpty(model.Member("continuing_subword_prefix"));
  status.Update(CheckIsEmpty(model.Member("end_of_word_suffix")));
  const JsonField byte_fallback = model.Member("byte_fallback");
  const absl::StatusOr<bool> falls_back = Flag(byte_fallback, false);
  status.Update(falls_back.status());
  if (status.ok() && *falls_back) {
    return byte_fallback.Error("false: of BPE models only byte-level ones are supported");
  }
  return status;
}

// The one ByteLevel of `parts`, behind a Split or alone. Whether there is a Split.
absl::StatusOr<bool> CheckSequence(const JsonField& parts) {
  if (absl::Status status = parts.CheckIsArray(); !status.ok()) return status;
  const size_t size = parts.value().size();
  if (size == 1) return false;
  if (size != 2) return parts.Error("a \"ByteLevel\", or a \"Split\" and a \"ByteLevel\"");
  const JsonField split = parts.Element(0);
  if (!split.Member("type").IsString("Split")) {
    return split.Member("type").Error("\"Split\" before \"ByteLevel\"");
  }
  const JsonField regex = split.Member("pattern").Member("Regex");
  if (!regex.IsString(kByteLevelPattern)) {
    return regex.Error(absl::StrCat("GPT-2's regular expression, ", kByteLevelPattern));
  }
  const JsonField behavior = split.Member("behavior");
  if (!behavior.IsString("Isolated")) return behavior.Error("\"Isolated\"");
  const absl::StatusOr<bool> invert = Flag(split.Member("invert"), false);
  if (!invert.ok()) return invert.status();
  if (*invert) return split.Member("invert").Error("false");
  return true;
}

}  // namespace

absl::StatusOr<ByteLevelBpeOptions> ReadBpeOptions(const JsonField& model,
                                                   const Vocabulary& vocabulary) {
  if (absl::Status status = CheckSupported(model); !status.ok()) return status;
  ByteLevelBpeOptions options;
  const JsonField unk_token = model.Member("unk_token");
  if (unk_token.exists()) {
    absl::StatusOr<std::string> unk = unk_token.String();
    if (!unk.ok()) return unk.status();
    options.unk_token = *std::move(unk);
  }
  for (const auto& [name, flag] : {std::pair{"fuse_unk", &options.fuse_unk},
                                   std::pair{"ignore_merges", &options.ignore_merges}}) {
    const absl::StatusOr<bool> value = Flag(model.Member(name), false);
    if (!value.ok()) return value.status();
    *flag = *value;
  }
  absl::StatusOr<std::vector<PairMerge>> merges = ReadMerges(model.Member("merges"), vocabulary);
  if (!merges.ok()) return merges.status();
  options.merges = *std::move(merges);
  return options;
}

absl::StatusOr<ByteLevelPreTokenizer> ReadByteLevel(const JsonField& pre_tokenizer) {
  JsonField byte_level = pre_tokenizer;
  bool has_split = false;
  if (pre_tokenizer.Member("type").IsString("Sequence")) {
    const JsonField parts = pre_tokenizer.Member("pretokenizers");
    const absl::StatusOr<bool> split = CheckSequence(parts);
    if (!split.ok()) return split.status();
    has_split = *split;
    byte_level = parts.Element(has_split ? 1 : 0);
  }
  const JsonField type = byte_level.Member("type");
  if (!type.IsString("ByteLevel")) return type.Error("\"ByteLevel\"");
  const JsonField add_prefix_space = byte_level.Member("add_prefix_space");
  const absl::StatusOr<bool> prefix = add_prefix_space.Bool();
  if (!prefix.ok()) return prefix.status();
  const JsonField use_regex = byte_level.Member("use_regex");
  const absl::StatusOr<bool> regex = Flag(use_regex, true);
  if (!regex.ok()) return regex.status();
  if (*regex == has_split) {
    return use_regex.Error(has_split ? "false after \"Split\"" : "true, or a \"Split\" before it");
  }
  if (has_split && *prefix) return add_prefix_space.Error("false after \"Split\"");
  return ByteLevelPreTokenizer{.add_prefix_space = *prefix};
}

}  // namespace verdict
