// A model whose tokens can be counted by eye and whose engine is a FakeEngine.
#ifndef VERDICT_TESTS_SERVER_TINY_MODEL_H_
#define VERDICT_TESTS_SERVER_TINY_MODEL_H_

#include <vector>

#include "engine/engine.h"
#include "engine/fake_engine.h"
#include "engine/model.h"

namespace verdict {

// Every word of the vocabulary is one token; a text is told by them.
//   [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, good 5, bad 6, film 7, ##s 8
// Labels are NEGATIVE and POSITIVE, at most 8 tokens fit.
// Its engine says that it warmed up with `warm_up`.
Model TinyModel(std::vector<TimedRun> warm_up = {});

// The engine of a TinyModel.
FakeEngine& EngineOf(const Model& model);

}  // namespace verdict

#endif  // VERDICT_TESTS_SERVER_TINY_MODEL_H_
