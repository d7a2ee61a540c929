#include "engine/tokenizer/tokenizer.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "engine/tokenizer/added_tokens.h"
#include "engine/tokenizer/bpe/byte_level_bpe.h"
#include "engine/tokenizer/post_processor.h"
#include "engine/tokenizer/subword_model.h"
#include "engine/tokenizer/tokenizer_description.h"
#include "engine/tokenizer/truncation.h"
#include "engine/tokenizer/wordpiece.h"
#include "engine/unicode/byte_level_words.h"
#include "engine/unicode/normalizer_sequence.h"
#include "engine/unicode/utf8.h"
#include "engine/unicode/words.h"

namespace verdict {
namespace {

// Where the scalar value at text[begin] ends.
uint32_t EndOfScalar(std::string_view text, uint32_t begin) {
  return begin + (IsAscii(text[begin]) ? 1 : DecodeUtf8(text, begin).length);
}

// An added token with the white space at its ends: it may have taken some along.
struct AddedEdges {
  size_t token = 0;  // its place among the text's tokens
  EdgeSpaces spaces;
};

// One text's tokens, and the buffers that making them takes.
struct TextRun {
  explicit TextRun(std::string_view text) : text(text) {
    // What prose needs; only odder texts grow the buffers.
    tokens.reserve(text.size() / 3);
    words.reserve(text.size() / 3);
  }

  std::string_view text;
  std::vector<Token> tokens;
  std::vector<WordTokens> words;
  NormalizedText normalized;
  NormalizedText prefixed;  // a stretch of `normalized` behind a space
  std::vector<Piece> pieces;
  std::vector<AddedEdges> added;  // where offsets are trimmed

  // Adds the token for bytes [begin, end) of `from`, which is of text.substr(base).
  void AddNormalized(int32_t id, size_t base, const NormalizedText& from, size_t begin,
                     size_t end) {
    const auto first = static_cast<uint32_t>(base + from.origins[begin]);
    const auto last = static_cast<uint32_t>(base + from.origins[end - 1]);
    tokens.push_back({.id = id, .begin = first, .end = EndOfScalar(text, last)});
  }

  // Remembers what the last token, an added one, was found as.
  void KeepEdges(std::string_view found) {
    added.push_back({.token = tokens.size() - 1, .spaces = EdgeSpacesOf(found)});
  }
};

// What of a text's tokens stays: its `head` first and its `tail` last ones.
struct Ends {
  size_t head = 0;
  size_t tail = 0;
};

void AppendIds(absl::Span<const Token> tokens, const Ends& ends, std::vector<int32_t>* ids) {
  for (const Token& token : tokens.first(ends.head)) ids->push_back(token.id);
  for (const Token& token : tokens.last(ends.tail)) ids->push_back(token.id);
}

void AppendIds(const std::vector<SpecialToken>& tokens, std::vector<int32_t>* ids) {
  for (const SpecialToken& token : tokens) ids->push_back(token.id);
}

void MarkCut(const Ends& ends, absl::Span<Token> tokens) {
  for (Token& token : tokens.subspan(ends.head, tokens.size() - ends.head - ends.tail)) {
    token.cut = true;
  }
}

// The number of tokens that tells which of two texts is the longer.
size_t ComparedTokens(const TextRun& run, size_t limit, Truncation truncation) {
  switch (truncation) {
    case Truncation::kRight:
      return TokensReadFromBegin(run.words, run.tokens.size(), limit);
    case Truncation::kLeft:
      return TokensReadFromEnd(run.words, run.tokens.size(), limit);
    case Truncation::kHeadTail:
    case Truncation::kError:
      break;
  }
  return run.tokens.size();
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

Ends KeptEnds(size_t tokens, size_t kept, Truncation truncation) {
  const size_t head = kept < tokens ? KeptAtBeginning(kept, truncation) : kept;
  return {.head = head, .tail = kept - head};
}

// What stays of an input.
struct KeptInput {
  Ends text;
  Ends text_pair;
};

// REQUIRES: `special_tokens` fit into `max_tokens`.
KeptInput Keep(const TextRun& text, const TextRun& pair, size_t special_tokens,
               const TokenLimit& limit) {
  const TextTokens kept =
      LongestFirst({.text = ComparedTokens(text, limit.max_tokens, limit.truncation),
                    .text_pair = ComparedTokens(pair, limit.max_tokens, limit.truncation)},
                   limit.max_tokens - special_tokens);
  return {.text = KeptEnds(text.tokens.size(), kept.text, limit.truncation),
          .text_pair = KeptEnds(pair.tokens.size(), kept.text_pair, limit.truncation)};
}

// The added tokens that are looked for in the normalized text (else in the original), with their
// contents as they look there.
std::vector<AddedToken> Select(const std::vector<AddedToken>& added, bool is_normalized,
                               const NormalizerSequence& normalizer) {
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

// Replaces `*prefixed` by a space and bytes [begin, end) of `text`. The space is from where the
// first of them is from.
void PutSpaceBefore(const NormalizedText& text, size_t begin, size_t end,
                    NormalizedText* prefixed) {
  prefixed->text.assign(1, ' ');
  prefixed->text.append(text.text, begin, end - begin);
  prefixed->origins.assign(1, text.origins[begin]);
  prefixed->origins.insert(prefixed->origins.end(),
                           text.origins.begin() + static_cast<std::ptrdiff_t>(begin),
                           text.origins.begin() + static_cast<std::ptrdiff_t>(end));
}

std::unique_ptr<const SubwordModel> MakeModel(const Vocabulary& vocabulary,
                                              const WordPieceOptions& options) {
  return std::make_unique<WordPiece>(vocabulary, options);
}

std::unique_ptr<const SubwordModel> MakeModel(const Vocabulary& vocabulary,
                                              const ByteLevelBpeOptions& options) {
  return std::make_unique<ByteLevelBpe>(vocabulary, options);
}

}  // namespace

struct Tokenizer::Parts {
  explicit Parts(const TokenizerDescription& description)
      : normalizer(description.normalizer),
        pre_tokenizer(description.pre_tokenizer),
        model(std::visit(
            [&](const auto& options) { return MakeModel(description.vocabulary, options); },
            description.model)),
        added_to_original(Select(description.added_tokens, false, normalizer)),
        added_to_normalized(Select(description.added_tokens, true, normalizer)),
        post_processor(description.post_processor),
        model_max_length(description.model_max_length),
        warnings(description.warnings) {
    const auto name = [this](const std::string& text, int32_t id) {
      if (texts.size() <= static_cast<size_t>(id)) texts.resize(id + 1);
      texts[id] = text;
    };
    // An empty line of vocab.txt has a number, but no text has it as a token.
    for (const auto& entry : description.vocabulary.entries()) {
      if (!entry.text.empty()) name(entry.text, entry.id);
    }
    for (const auto& token : description.added_tokens) name(token.content, token.id);
  }

  // Makes the tokens of run->text. Added tokens are cut out first, so that no step sees them.
  void Run(TextRun* run) const {
    size_t begin = 0;
    AddedTokens::Reader added(added_to_original, run->text);
    while (const auto match = added.Next()) {
      AppendPlain(begin, match->begin, run);
      run->tokens.push_back({.id = match->id,
                             .begin = static_cast<uint32_t>(match->begin),
                             .end = static_cast<uint32_t>(match->end)});
      if (trims()) run->KeepEdges(run->text.substr(match->begin, match->end - match->begin));
      begin = match->end;
    }
    AppendPlain(begin, run->text.size(), run);
  }

  // Trims the offsets of run->tokens.
  void Trim(TextRun* run) const {
    for (const OffsetTrim& trim : post_processor.trims) {
      auto added = run->added.begin();
      for (size_t i = 0; i < run->tokens.size(); ++i) {
        Token& token = run->tokens[i];
        const bool is_added = added != run->added.end() && added->token == i;
        const EdgeSpaces spaces = is_added ? (added++)->spaces : EdgeSpacesOf(texts[token.id]);
        if (spaces.leading == 0 && spaces.trailing == 0) continue;
        const ByteRange range =
            Trimmed(run->text, {.begin = token.begin, .end = token.end}, spaces, i == 0, trim);
        token.begin = static_cast<uint32_t>(range.begin);
        token.end = static_cast<uint32_t>(range.end);
      }
    }
  }

  const InputFrame& FrameOf(const TextInput& input) const {
    return input.text_pair ? post_processor.pair : post_processor.single;
  }

  NormalizerSequence normalizer;
  std::variant<BertPreTokenizer, ByteLevelPreTokenizer> pre_tokenizer;
  std::unique_ptr<const SubwordModel> model;
  AddedTokens added_to_original;
  AddedTokens added_to_normalized;
  PostProcessor post_processor;
  std::optional<size_t> model_max_length;
  std::vector<std::string> warnings;
  std::vector<std::string> texts;  // by id

 private:
  bool trims() const { return !post_processor.trims.empty(); }

  // Bytes [base, end) of the text, none of them an added token.
  void AppendPlain(size_t base, size_t end, TextRun* run) const {
    if (base >= end) return;
    normalizer.Normalize(run->text.substr(base, end - base), &run->normalized);
    const std::string_view normalized = run->normalized.text;
    size_t begin = 0;
    AddedTokens::Reader added(added_to_normalized, normalized);
    while (const auto match = added.Next()) {
      PreTokenize(base, begin, match->begin, run);
      run->AddNormalized(match->id, base, run->normalized, match->begin, match->end);
      if (trims()) run->KeepEdges(normalized.substr(match->begin, match->end - match->begin));
      begin = match->end;
    }
    PreTokenize(base, begin, normalized.size(), run);
  }

  // Bytes [begin, end) of the normalized text, which no added token interrupts.
  void PreTokenize(size_t base, size_t begin, size_t end, TextRun* run) const {
    if (begin >= end) return;
    const std::string_view text = std::string_view(run->normalized.text).substr(begin, end - begin);
    const auto* const byte_level = std::get_if<ByteLevelPreTokenizer>(&pre_tokenizer);
    if (byte_level == nullptr) {
      AppendWords(WordReader(text), base, run->normalized, run);
    } else if (byte_level->add_prefix_space && text.front() != ' ') {
      PutSpaceBefore(run->normalized, begin, end, &run->prefixed);
      AppendWords(ByteLevelWordReader(run->prefixed.text), base, run->prefixed, run);
    } else {
      AppendWords(ByteLevelWordReader(text), base, run->normalized, run);
    }
  }

  // The words that `reader` finds in `from`.
  template <typename Reader>
  void AppendWords(Reader reader, size_t base, const NormalizedText& from, TextRun* run) const {
    for (std::string_view word = reader.Next(); !word.empty(); word = reader.Next()) {
      const auto offset = static_cast<size_t>(word.data() - from.text.data());
      const size_t first_token = run->tokens.size();
      model->Split(word, &run->pieces);
      for (const Piece& piece : run->pieces) {
        run->AddNormalized(piece.id, base, from, offset + piece.begin, offset + piece.end);
      }
      run->words.push_back({.begin = first_token, .end = run->tokens.size()});
    }
  }
};

absl::StatusOr<Tokenizer> Tokenizer::Create(const TokenizerDescription& description) {
  if (absl::Status status = CheckConsistent(description); !status.ok()) return status;
  return Tokenizer(std::make_unique<const Parts>(description));
}

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

absl::StatusOr<Encoding> Tokenizer::Encode(const TextInput& input, size_t max_tokens,
                                           Truncation truncation) const {
  const InputFrame& frame = parts_->FrameOf(input);
  const size_t special_tokens = frame.size();
  if (max_tokens < special_tokens) {
    return absl::InvalidArgumentError(absl::StrCat("expected room for at least ", special_tokens,
                                                   " tokens, found a limit of ", max_tokens));
  }
  TextRun text(input.text);
  parts_->Run(&text);
  TextRun pair(input.text_pair.value_or(""));
  parts_->Run(&pair);

  Encoding encoding;
  encoding.total_tokens = text.tokens.size() + pair.tokens.size() + special_tokens;
  if (encoding.total_tokens > max_tokens && truncation == Truncation::kError) {
    return absl::InvalidArgumentError(absl::StrCat("the input has ", encoding.total_tokens,
                                                   " tokens, the limit is ", max_tokens));
  }
  const KeptInput kept =
      Keep(text, pair, special_tokens, {.max_tokens = max_tokens, .truncation = truncation});
  encoding.input_ids.reserve(std::min(encoding.total_tokens, max_tokens));
  AppendIds(frame.before, &encoding.input_ids);
  AppendIds(text.tokens, kept.text, &encoding.input_ids);
  AppendIds(frame.between, &encoding.input_ids);
  if (input.text_pair) encoding.before_pair = encoding.input_ids.size();
  AppendIds(pair.tokens, kept.text_pair, &encoding.input_ids);
  AppendIds(frame.after, &encoding.input_ids);
  return encoding;
}

std::vector<Token> Tokenizer::Tokenize(const TextInput& input, bool add_special_tokens,
                                       const TokenLimit& limit) const {
  TextRun text(input.text);
  parts_->Run(&text);
  parts_->Trim(&text);
  TextRun pair(input.text_pair.value_or(""));
  parts_->Run(&pair);
  parts_->Trim(&pair);
  const InputFrame& frame = parts_->FrameOf(input);
  const size_t special_tokens = frame.size();
  if (limit.truncation != Truncation::kError && limit.max_tokens >= special_tokens) {
    const KeptInput kept = Keep(text, pair, special_tokens, limit);
    MarkCut(kept.text, absl::MakeSpan(text.tokens));
    MarkCut(kept.text_pair, absl::MakeSpan(pair.tokens));
  }

  std::vector<Token> tokens;
  const auto append_special = [&](const std::vector<SpecialToken>& special) {
    if (!add_special_tokens) return;
    for (const SpecialToken& token : special) tokens.push_back({.id = token.id});
  };
  append_special(frame.before);
  tokens.insert(tokens.end(), text.tokens.begin(), text.tokens.end());
  append_special(frame.between);
  tokens.insert(tokens.end(), pair.tokens.begin(), pair.tokens.end());
  append_special(frame.after);
  return tokens;
}

std::string_view Tokenizer::text(int32_t id) const {
  if (id < 0 || id >= vocab_size()) return {};
  return parts_->texts[id];
}

int32_t Tokenizer::vocab_size() const { return static_cast<int32_t>(parts_->texts.size()); }

std::optional<size_t> Tokenizer::model_max_length() const { return parts_->model_max_length; }

const std::vector<std::string>& Tokenizer::warnings() const { return parts_->warnings; }

}  // namespace verdict
