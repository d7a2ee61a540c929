// Runs a test once for each instruction set that this CPU has and Highway compiled for.
#ifndef VERDICT_TESTS_ENGINE_HIGHWAY_TARGETS_H_
#define VERDICT_TESTS_ENGINE_HIGHWAY_TARGETS_H_

#include "engine/kernels/row_kernels.h"
#include "gtest/gtest.h"
#include "hwy/highway.h"

namespace verdict {

template <class Body>
void ForEachHighwayTarget(const Body& body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    ASSERT_STREQ(HighwayTarget(), hwy::TargetName(target));
    body();
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_HIGHWAY_TARGETS_H_
