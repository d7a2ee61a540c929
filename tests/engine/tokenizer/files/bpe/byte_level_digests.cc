#include "tests/engine/tokenizer/files/bpe/byte_level_digests.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "engine/files/sha256.h"
#include "engine/tokenizer/bpe/byte_alphabet.h"
#include "engine/tokenizer/files/tokenizer_assembly.h"
#include "engine/unicode/utf8.h"
#include "tests/engine/fixtures/random_text.h"
#include "tests/fixtures/test_files.h"

namespace verdict {
namespace {

constexpr size_t kDigestDigits = 16;

// EXTRAS of make_byte_level.py.
constexpr const char* kExtras[] = {"<mask>", " <mask> ",     "\u3000<mask>", "<pad>",  "</s>\n",
                                   "'s",     " 'll",         "'S",           "'",      "  ",
                                   "   \n",  "\t",           "\u00a0",       "\n\n",   "\r\n",
                                   "12",     "\u0669\u00b2", "!?",           "\u0120", "@user"};

void AppendNumber(uint64_t number, std::string* bytes) {
  for (int shift = 0; shift < 32; shift += 8) bytes->push_back(static_cast<char>(number >> shift));
}

std::string Spoken(const std::string& token) {
  const std::optional<std::string> bytes = SpelledBytes(token);
  return bytes && !FindInvalidUtf8(*bytes) ? *bytes : token;
}

// The ids of `text`, perhaps with `pair`, cut to a limit, all three as `seed` says.
void AppendTruncated(const Tokenizer& tokenizer, uint64_t seed, const std::string& text,
                     const std::string& pair, std::string* bytes) {
  SplitMix64 random(seed);
  const size_t limit = 4 + random.Below(40);
  const Truncation side = random.Below(2) == 0 ? Truncation::kRight : Truncation::kLeft;
  TextInput input = {.text = text, .text_pair = {}};
  if (random.Below(2) == 1) input.text_pair = pair;
  const std::vector<int32_t> ids = tokenizer.Encode(input, limit, side).value().input_ids;
  AppendNumber(ids.size(), bytes);
  for (const int32_t id : ids) AppendNumber(static_cast<uint64_t>(id), bytes);
}

}  // namespace

const nlohmann::json& ByteLevelGoldens() {
  static const auto* const kGoldens = [] {
    std::ifstream file(SourceFile("tests/golden/tokenizer/byte_level.json"));
    return new nlohmann::json(nlohmann::json::parse(file));
  }();
  return *kGoldens;
}

absl::StatusOr<Tokenizer> TokenizerOf(const std::string& text) {
  const auto description = AssembleTokenizer({.tokenizer_json = text});
  if (!description.ok()) return description.status();
  return Tokenizer::Create(*description);
}

std::vector<std::string> WordsOf(const nlohmann::json& tokenizer_json) {
  std::vector<std::pair<int32_t, std::string>> tokens;
  for (const auto& [token, id] : tokenizer_json.at("model").at("vocab").items()) {
    tokens.emplace_back(id.get<int32_t>(), token);
  }
  std::sort(tokens.begin(), tokens.end());
  std::vector<std::string> words;
  for (const auto& [id, token] : tokens) words.push_back(Spoken(token));
  const size_t repetitions = 1 + words.size() / 100;
  for (size_t i = 0; i < repetitions; ++i) {
    words.insert(words.end(), std::begin(kExtras), std::end(kExtras));
  }
  return words;
}

std::string DigestOf(std::string_view bytes) {
  return Sha256(bytes).value().substr(0, kDigestDigits);
}

void AppendTokens(const Tokenizer& tokenizer, const std::string& text, std::string* bytes) {
  const std::vector<Token> tokens = tokenizer.Tokenize({.text = text, .text_pair = {}}, false);
  AppendNumber(tokens.size(), bytes);
  for (const Token& token : tokens) AppendNumber(static_cast<uint64_t>(token.id), bytes);
  for (const Token& token : tokens) {
    AppendNumber(token.begin, bytes);
    AppendNumber(token.end, bytes);
  }
}

std::string BlockDigest(const Tokenizer& tokenizer, const std::vector<std::string>& words,
                        uint64_t first, uint64_t count) {
  std::vector<std::string> texts;
  for (uint64_t i = 0; i < count; ++i) texts.push_back(RandomText(first + i, words));
  std::string bytes;
  for (const std::string& text : texts) AppendTokens(tokenizer, text, &bytes);
  for (uint64_t i = 0; i < count; ++i) {
    AppendTruncated(tokenizer, first + i, texts[i], texts[(i + 1) % count], &bytes);
  }
  return DigestOf(bytes);
}

}  // namespace verdict
