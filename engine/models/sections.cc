#include "engine/models/sections.h"

#include "engine/memory/rounding.h"

namespace verdict {

int SectionEnd(const Batch& batch, int first, int max_tokens) {
  const int begin = batch.offsets[first];
  const int tokens_left = batch.tokens() - begin;
  const int enough = DivideUp(tokens_left, DivideUp(tokens_left, max_tokens));
  int end = first + 1;
  while (end < batch.texts() && batch.offsets[end] - begin < enough &&
         batch.offsets[end + 1] - begin <= max_tokens) {
    ++end;
  }
  return end;
}

}  // namespace verdict
