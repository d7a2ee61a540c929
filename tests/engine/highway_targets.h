// Runs a test once for each instruction set that this CPU has and Highway compiled for.
#ifndef VERDICT_TESTS_ENGINE_HIGHWAY_TARGETS_H_
#define VERDICT_TESTS_ENGINE_HIGHWAY_TARGETS_H_

#include "gtest/gtest.h"
#include "hwy/targets.h"

namespace verdict {

template <class Body>
void ForEachHighwayTarget(const Body& body) {
  for (uint64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    const auto target = static_cast<int64_t>(rest & -rest);
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_HIGHWAY_TARGETS_H_
