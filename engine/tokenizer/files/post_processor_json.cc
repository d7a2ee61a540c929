#include "engine/tokenizer/files/post_processor_json.h"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "engine/tokenizer/tokenizer_description.h"

namespace verdict {
namespace {

// Far more than any model's; each is a token of every input.
constexpr size_t kMostSpecialTokens = 16;
// Files have one or two.
constexpr size_t kMostProcessors = 8;

template <typename T>
absl::Status Read(absl::StatusOr<T> value, T* target) {
  if (!value.ok()) return value.status();
  *target = *std::move(value);
  return absl::OkStatus();
}

// A token as a pair: its text and its id.
absl::Status ReadTokenPair(const JsonField& field, SpecialToken* token) {
  absl::Status status = Read(field.Element(0).String(), &token->content);
  status.Update(Read(field.Element(1).WholeNumber(kMaxId), &token->id));
  return status;
}

absl::Status ReadEnds(const JsonField& processor, SpecialToken* cls, SpecialToken* sep) {
  absl::Status status = ReadTokenPair(processor.Member("cls"), cls);
  status.Update(ReadTokenPair(processor.Member("sep"), sep));
  return status;
}

// The trim that a ByteLevel or a RobertaProcessing asks for; none if it says trim_offsets false.
absl::StatusOr<std::optional<OffsetTrim>> ReadTrim(const JsonField& processor) {
  OffsetTrim trim;
  const absl::StatusOr<bool> is_on = processor.Member("trim_offsets").Bool();
  absl::Status status = is_on.status();
  status.Update(Read(processor.Member("add_prefix_space").Bool(), &trim.add_prefix_space));
  if (!status.ok()) return status;
  return *is_on ? std::optional(trim) : std::nullopt;
}

// The tokens that stand for a template's special token `name`.
absl::Status ReadTemplateToken(const JsonField& special_tokens, const std::string& name,
                               std::vector<SpecialToken>* tokens) {
  const JsonField ids = special_tokens.Member(name).Member("ids");
  if (!ids.CheckIsArray().ok() || ids.value().size() != 1) return ids.Error("an array of one id");
  SpecialToken& token = tokens->emplace_back();
  token.content = name;
  return Read(ids.Element(0).WholeNumber(kMaxId), &token.id);
}

// The template `pieces`: special tokens, then each of `sequences` with special tokens after it.
// `expected` is how BERT has it, for messages.
absl::Status ReadFrame(const JsonField& pieces, const JsonField& special_tokens,
                       const std::vector<std::string>& sequences, const std::string& expected,
                       InputFrame* frame) {
  if (!pieces.CheckIsArray().ok() ||
      pieces.value().size() > kMostSpecialTokens + sequences.size()) {
    return pieces.Error(expected);
  }
  size_t texts = 0;
  for (size_t i = 0; i < pieces.value().size(); ++i) {
    const JsonField sequence = pieces.Element(i).Member("Sequence").Member("id");
    if (sequence.exists()) {
      if (texts == sequences.size() || !sequence.IsString(sequences[texts])) break;
      ++texts;
      continue;
    }
    const auto name = pieces.Element(i).Member("SpecialToken").Member("id").String();
    if (!name.ok()) return pieces.Error(expected);
    std::vector<SpecialToken>* const tokens =
        texts == 0 ? &frame->before : (texts < sequences.size() ? &frame->between : &frame->after);
    absl::Status status = ReadTemplateToken(special_tokens, *name, tokens);
    if (!status.ok()) return status;
  }
  // Without a token that goes before them, a model would have nothing to classify by.
  const bool is_whole = texts == sequences.size() && !frame->before.empty() &&
                        frame->size() + texts == pieces.value().size();
  return is_whole ? absl::OkStatus() : pieces.Error(expected);
}

absl::Status ReadTemplate(const JsonField& processor, PostProcessor* read) {
  const JsonField special_tokens = processor.Member("special_tokens");
  absl::Status status = ReadFrame(processor.Member("single"), special_tokens, {"A"},
                                  "special tokens around A, as [CLS] A [SEP]", &read->single);
  if (!status.ok()) return status;
  return ReadFrame(processor.Member("pair"), special_tokens, {"A", "B"},
                   "special tokens around A and B, as [CLS] A [SEP] B [SEP]", &read->pair);
}

class Reader {
 public:
  absl::Status Add(const JsonField& processor) {
    const JsonField type = processor.Member("type");
    if (type.IsString("Sequence")) return AddSequence(processor.Member("processors"));
    if (++processors_ > kMostProcessors) {
      return type.Error(absl::StrCat("at most ", kMostProcessors, " post-processors"));
    }
    // Tokens that another one adds would no longer be the texts' own.
    if (has_frame_) return type.Error("nothing after the one that adds special tokens");
    if (type.IsString("ByteLevel")) return AddTrim(processor);
    has_frame_ = true;
    if (type.IsString("TemplateProcessing")) return ReadTemplate(processor, &read_);
    SpecialToken cls;
    SpecialToken sep;
    if (type.IsString("BertProcessing")) {
      absl::Status status = ReadEnds(processor, &cls, &sep);
      SetFrames(BertPostProcessor(cls, sep));
      return status;
    }
    if (type.IsString("RobertaProcessing")) {
      absl::Status status = ReadEnds(processor, &cls, &sep);
      SetFrames(RobertaPostProcessor(cls, sep));
      status.Update(AddTrim(processor));
      return status;
    }
    return type.Error(
        "\"TemplateProcessing\", \"BertProcessing\", \"RobertaProcessing\", \"ByteLevel\" or a "
        "\"Sequence\" of them");
  }

  absl::StatusOr<PostProcessor> Finish(const JsonField& processor) {
    if (!has_frame_) {
      return processor.Error(
          "one that adds special tokens: \"TemplateProcessing\", \"BertProcessing\" or "
          "\"RobertaProcessing\"");
    }
    return std::move(read_);
  }

 private:
  absl::Status AddSequence(const JsonField& processors) {
    if (absl::Status status = processors.CheckIsArray(); !status.ok()) return status;
    for (size_t i = 0; i < processors.value().size(); ++i) {
      if (absl::Status status = Add(processors.Element(i)); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status AddTrim(const JsonField& processor) {
    const absl::StatusOr<std::optional<OffsetTrim>> trim = ReadTrim(processor);
    if (!trim.ok()) return trim.status();
    if (*trim) read_.trims.push_back(**trim);
    return absl::OkStatus();
  }

  void SetFrames(PostProcessor frames) {
    read_.single = std::move(frames.single);
    read_.pair = std::move(frames.pair);
  }

  PostProcessor read_;
  size_t processors_ = 0;
  bool has_frame_ = false;
};

}  // namespace

absl::StatusOr<PostProcessor> ReadPostProcessor(const JsonField& processor) {
  Reader reader;
  if (absl::Status status = reader.Add(processor); !status.ok()) return status;
  return reader.Finish(processor);
}

}  // namespace verdict
