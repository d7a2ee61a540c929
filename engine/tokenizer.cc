#include "engine/tokenizer.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/added_tokens.h"
#include "engine/normalizer.h"
#include "engine/tokenizer_description.h"
#include "engine/tokenizer_files.h"
#include "engine/truncation.h"
#include "engine/utf8.h"
#include "engine/wordpiece.h"
#include "engine/words.h"

namespace verdict {
namespace {

// Where the scalar value at text[begin] ends.
uint32_t EndOfScalar(std::string_view text, uint32_t begin) {
  return begin + (IsAscii(text[begin]) ? 1 : DecodeUtf8(text, begin).length);
}

// One text's tokens, and the buffers that making them takes.
struct TextRun {
  explicit TextRun(std::string_view text) : text(text) {}

  std::string_view text;
  std::vector<Token> tokens;
  NormalizedText normalized;
  std::vector<Piece> pieces;

  // Adds the token for bytes [begin, end) of `normalized`, which is of text.substr(base).
  void AddNormalized(int32_t id, size_t base, size_t begin, size_t end) {
    const auto first = static_cast<uint32_t>(base + normalized.origins[begin]);
    const auto last = static_cast<uint32_t>(base + normalized.origins[end - 1]);
    tokens.push_back({.id = id, .begin = first, .end = EndOfScalar(text, last)});
  }
};

// What of a text's tokens stays: `head` first and `tail` last ones.
void AppendIds(absl::Span<const Token> tokens, size_t head, size_t tail,
               std::vector<int32_t>* ids) {
  for (const Token& token : tokens.first(head)) ids->push_back(token.id);
  for (const Token& token : tokens.last(tail)) ids->push_back(token.id);
}

// How many of `kept` tokens stay at a text's beginning; the rest stay at its end.
size_t KeptAtBeginning(size_t kept, Truncation truncation) {
  switch (truncation) {
    case Truncation::kLeft:
      return 0;
    case Truncation::kHeadTail:
      return HeadOf(kept);
    case Truncation::kRight:
    case Truncation::kError:
      break;
  }
  return kept;
}

// The added tokens that are looked for in the normalized text (else in the original), with their
// contents as they look there.
std::vector<AddedToken> Select(const std::vector<AddedToken>& added, bool is_normalized,
                               const Normalizer& normalizer) {
  std::vector<AddedToken> selected;
  for (AddedToken token : added) {
    if (token.normalized != is_normalized) continue;
    if (is_normalized) {
      NormalizedText normalized;
      normalizer.Normalize(token.content, &normalized);
      token.content = std::move(normalized.text);
    }
    selected.push_back(std::move(token));
  }
  return selected;
}

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(TokenizerDescription description)
      : normalizer(description.normalizer),
        wordpiece(description.vocabulary, description.wordpiece),
        added_to_original(Select(description.added_tokens, false, normalizer)),
        added_to_normalized(Select(description.added_tokens, true, normalizer)),
        cls(description.cls.id),
        sep(description.sep.id) {
    const auto name = [this](std::string text, int32_t id) {
      if (texts.size() <= static_cast<size_t>(id)) texts.resize(id + 1);
      texts[id] = std::move(text);
    };
    for (auto& [text, id] : description.vocabulary) name(std::move(text), id);
    for (auto& token : description.added_tokens) name(std::move(token.content), token.id);
  }

  // The tokens of `text`. Added tokens are cut out of it first, so that no step sees them.
  std::vector<Token> TokensOf(std::string_view text) const {
    TextRun run(text);
    size_t begin = 0;
    while (const auto match = added_to_original.FindNext(text, begin)) {
      AppendPlain(begin, match->begin, &run);
      run.tokens.push_back({.id = match->id,
                            .begin = static_cast<uint32_t>(match->begin),
                            .end = static_cast<uint32_t>(match->end)});
      begin = match->end;
    }
    AppendPlain(begin, text.size(), &run);
    return std::move(run.tokens);
  }

  Normalizer normalizer;
  WordPiece wordpiece;
  AddedTokens added_to_original;
  AddedTokens added_to_normalized;
  int32_t cls;
  int32_t sep;
  std::vector<std::string> texts;  // by id

 private:
  // Bytes [base, end) of the text, none of them an added token.
  void AppendPlain(size_t base, size_t end, TextRun* run) const {
    if (base == end) return;
    normalizer.Normalize(run->text.substr(base, end - base), &run->normalized);
    const std::string_view normalized = run->normalized.text;
    size_t begin = 0;
    while (const auto match = added_to_normalized.FindNext(normalized, begin)) {
      AppendWords(base, begin, match->begin, run);
      run->AddNormalized(match->id, base, match->begin, match->end);
      begin = match->end;
    }
    AppendWords(base, begin, normalized.size(), run);
  }

  // Bytes [begin, end) of the normalized text.
  void AppendWords(size_t base, size_t begin, size_t end, TextRun* run) const {
    const std::string_view normalized = run->normalized.text;
    WordReader reader(normalized.substr(begin, end - begin));
    for (std::string_view word = reader.Next(); !word.empty(); word = reader.Next()) {
      const size_t offset = static_cast<size_t>(word.data() - normalized.data());
      wordpiece.Split(word, &run->pieces);
      for (const Piece& piece : run->pieces) {
        run->AddNormalized(piece.id, base, offset + piece.begin, offset + piece.end);
      }
    }
  }
};

absl::StatusOr<Tokenizer> Tokenizer::Load(const std::string& directory) {
  absl::StatusOr<TokenizerDescription> description = ReadTokenizerFiles(directory);
  if (!description.ok()) return description.status();
  return Create(*std::move(description));
}

absl::StatusOr<Tokenizer> Tokenizer::Create(TokenizerDescription description) {
  if (absl::Status status = CheckConsistent(description); !status.ok()) return status;
  return Tokenizer(std::make_unique<const Parts>(std::move(description)));
}

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

absl::StatusOr<Encoding> Tokenizer::Encode(const TextInput& input, size_t max_tokens,
                                           Truncation truncation) const {
  const size_t special_tokens = input.text_pair ? 3 : 2;
  if (max_tokens < special_tokens) {
    return absl::InvalidArgumentError(absl::StrCat("expected room for at least ", special_tokens,
                                                   " tokens, found a limit of ", max_tokens));
  }
  const std::vector<Token> text = parts_->TokensOf(input.text);
  std::vector<Token> pair;
  if (input.text_pair) pair = parts_->TokensOf(*input.text_pair);

  Encoding encoding;
  encoding.total_tokens = text.size() + pair.size() + special_tokens;
  if (encoding.total_tokens > max_tokens && truncation == Truncation::kError) {
    return absl::InvalidArgumentError(absl::StrCat("the input has ", encoding.total_tokens,
                                                   " tokens, the limit is ", max_tokens));
  }
  const TextTokens kept =
      LongestFirst({.text = text.size(), .text_pair = pair.size()}, max_tokens - special_tokens);
  encoding.input_ids.reserve(std::min(encoding.total_tokens, max_tokens));
  const auto append = [&](absl::Span<const Token> tokens, size_t count) {
    const size_t head = count < tokens.size() ? KeptAtBeginning(count, truncation) : count;
    AppendIds(tokens, head, count - head, &encoding.input_ids);
    encoding.input_ids.push_back(parts_->sep);
  };
  encoding.input_ids.push_back(parts_->cls);
  append(text, kept.text);
  if (input.text_pair) append(pair, kept.text_pair);
  return encoding;
}

std::vector<Token> Tokenizer::Tokenize(const TextInput& input, bool add_special_tokens) const {
  std::vector<Token> tokens;
  const auto add_special = [&](int32_t id) {
    if (add_special_tokens) tokens.push_back({.id = id});
  };
  add_special(parts_->cls);
  const auto append = [&](std::string_view text) {
    const std::vector<Token> added = parts_->TokensOf(text);
    tokens.insert(tokens.end(), added.begin(), added.end());
    add_special(parts_->sep);
  };
  append(input.text);
  if (input.text_pair) append(*input.text_pair);
  return tokens;
}

std::string_view Tokenizer::text(int32_t id) const {
  if (id < 0 || id >= vocab_size()) return {};
  return parts_->texts[id];
}

int32_t Tokenizer::vocab_size() const { return static_cast<int32_t>(parts_->texts.size()); }

}  // namespace verdict
