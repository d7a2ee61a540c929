// How a large batch is cut.
#ifndef VERDICT_ENGINE_MODELS_SECTIONS_H_
#define VERDICT_ENGINE_MODELS_SECTIONS_H_

#include "engine/engine.h"

namespace verdict {

// A batch is computed section by section, so that the activations of one stay in the cache from
// layer to layer. A section is some texts in a row; all have about as many tokens.
//
// Returns one past the last text of the section that begins with the text `first`. It has at most
// `max_tokens` tokens, and at least one text even if that alone has more.
int SectionEnd(const Batch& batch, int first, int max_tokens);

}  // namespace verdict

#endif  // VERDICT_ENGINE_MODELS_SECTIONS_H_
