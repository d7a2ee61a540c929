#include "engine/machine/memory_limit.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/engine/machine/container_files.h"

namespace verdict {
namespace {

constexpr char kVersion2Mount[] =
    "30 23 0:26 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw,nsdelegate\n";
constexpr char kVersion1Mount[] =
    "32 31 0:29 / /sys/fs/cgroup/memory ro,nosuid master:9 - cgroup cgroup rw,memory\n";
constexpr char kMachine[] = "MemTotal:        1000 kB\nMemFree:  5 kB\nSwapTotal:     24 kB\n";

class MemoryLimitTest : public ContainerFilesTest {
 protected:
  uint64_t Bytes() const { return FindMemoryLimit(root_).value_or(MemoryLimit()).bytes; }
};

TEST_F(MemoryLimitTest, NothingReadableLimitsNothing) {
  EXPECT_EQ(FindMemoryLimit(root_), std::nullopt);
  EXPECT_TRUE(CheckMemory({.weights = uint64_t{1} << 60}, FindMemoryLimit(root_)).ok());
}

TEST_F(MemoryLimitTest, TheMachineHasItsMemoryAndItsSwap) {
  Write("/proc/meminfo", kMachine);
  EXPECT_EQ(Bytes(), 1024u * 1024);
}

TEST_F(MemoryLimitTest, AGroupOfEitherVersionMayAllowLess) {
  Write("/proc/meminfo", kMachine);
  InGroups("0::/a\n4:memory:/b\n", std::string(kVersion2Mount) + kVersion1Mount);
  Write("/sys/fs/cgroup/a/memory.max", "500000\n");
  EXPECT_EQ(Bytes(), 500'000u);
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "400000\n");
  EXPECT_EQ(Bytes(), 400'000u);
  Write("/sys/fs/cgroup/memory.max", "300000\n");
  EXPECT_EQ(Bytes(), 300'000u);
}

TEST_F(MemoryLimitTest, AGroupWithoutALimitLeavesTheMachines) {
  Write("/proc/meminfo", kMachine);
  InGroups("0::/\n4:memory:/\n", std::string(kVersion2Mount) + kVersion1Mount);
  Write("/sys/fs/cgroup/memory.max", "max\n");
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(Bytes(), 1024u * 1024);
}

TEST(CheckMemoryTest, LoadingAndComputingAreNotAtTheSameTime) {
  const MemoryLimit limit = {.bytes = 300, .source = "this machine has"};
  EXPECT_TRUE(CheckMemory({.weights = 200, .loading = 100, .buffers = 100}, limit).ok());
  EXPECT_FALSE(CheckMemory({.weights = 200, .loading = 101, .buffers = 0}, limit).ok());
  EXPECT_FALSE(CheckMemory({.weights = 200, .loading = 0, .buffers = 101}, limit).ok());
}

TEST(CheckMemoryTest, TheRefusalHasTheSumsAndTheLimit) {
  EXPECT_EQ(std::string(
                CheckMemory({.weights = 4'000'000'000, .loading = 1'000'000, .buffers = 20'000'000},
                            MemoryLimit{.bytes = 512'000'000, .source = "its control group allows"})
                    .message()),
            "needs about 4020 MB of memory (4000 MB of weights, 1 MB more to load them, 20 MB to "
            "compute), but its control group allows 512 MB: give it more, or lower --max-tokens, "
            "--max-batch-tokens or --threads");
}

}  // namespace
}  // namespace verdict
