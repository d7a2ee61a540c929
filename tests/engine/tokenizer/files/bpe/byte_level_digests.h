// What the reference makes of random texts with byte-level tokenizers, as
// tests/golden/tokenizer/make_byte_level.py writes it: digests, one a block of texts.
#ifndef VERDICT_TESTS_ENGINE_TOKENIZER_FILES_BPE_BYTE_LEVEL_DIGESTS_H_
#define VERDICT_TESTS_ENGINE_TOKENIZER_FILES_BPE_BYTE_LEVEL_DIGESTS_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/tokenizer/tokenizer.h"

namespace verdict {

inline constexpr uint64_t kFirstSeed = 2'000'000;

// byte_level.json.
const nlohmann::json& ByteLevelGoldens();

// The tokenizer of the tokenizer.json `text`, as it is.
absl::StatusOr<Tokenizer> TokenizerOf(const std::string& text);

// The words of random texts for a tokenizer.json.
std::vector<std::string> WordsOf(const nlohmann::json& tokenizer_json);

// The start of a digest of `bytes`, as long as those of the goldens.
std::string DigestOf(std::string_view bytes);

// Adds the tokens of `text` to `*bytes`: their number, the ids, then the offsets of each.
void AppendTokens(const Tokenizer& tokenizer, const std::string& text, std::string* bytes);

// The digest of `count` random texts, with seeds from `first`: each alone, and cut to a limit.
std::string BlockDigest(const Tokenizer& tokenizer, const std::vector<std::string>& words,
                        uint64_t first, uint64_t count);

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_TOKENIZER_FILES_BPE_BYTE_LEVEL_DIGESTS_H_
