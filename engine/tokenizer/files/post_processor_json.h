// The post-processor of a tokenizer.json.
#ifndef VERDICT_ENGINE_TOKENIZER_FILES_POST_PROCESSOR_JSON_H_
#define VERDICT_ENGINE_TOKENIZER_FILES_POST_PROCESSOR_JSON_H_

#include "absl/status/statusor.h"
#include "engine/files/json_field.h"
#include "engine/tokenizer/post_processor.h"

namespace verdict {

// Reads TemplateProcessing, BertProcessing, RobertaProcessing, or a Sequence of ByteLevels and one
// of them. What a template says of token types is ignored.
//
// INVALID_ARGUMENT: malformed or another one; the message names the field.
absl::StatusOr<PostProcessor> ReadPostProcessor(const JsonField& processor);

}  // namespace verdict

#endif  // VERDICT_ENGINE_TOKENIZER_FILES_POST_PROCESSOR_JSON_H_
