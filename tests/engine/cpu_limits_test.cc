#include "engine/cpu_limits.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

namespace verdict {
namespace {

// A file system as a container may see it.
class CpuLimitsTest : public ::testing::Test {
 protected:
  CpuLimitsTest() { EXPECT_NE(mkdtemp(root_.data()), nullptr); }
  ~CpuLimitsTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& content) {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }

  std::string root_ = ::testing::TempDir() + "cpu_limits_XXXXXX";
};

TEST_F(CpuLimitsTest, NothingReadableLimitsNothing) { EXPECT_EQ(CpuQuota(root_), std::nullopt); }

TEST_F(CpuLimitsTest, Version2IsQuotaByPeriod) {
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 1.5);
}

TEST_F(CpuLimitsTest, Version2MaxIsNoLimit) {
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(CpuQuota(root_), std::nullopt);
}

TEST_F(CpuLimitsTest, TheSmallestQuotaOfTheGroupsAboveHolds) {
  Write("/proc/self/cgroup", "0::/system.slice/verdictd.service\n");
  Write("/sys/fs/cgroup/system.slice/cpu.max", "200000 100000\n");
  Write("/sys/fs/cgroup/system.slice/verdictd.service/cpu.max", "400000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 2.0);
}

TEST_F(CpuLimitsTest, AGroupThatTheContainerCannotSeeLeavesItsRoot) {
  Write("/proc/self/cgroup", "0::/kubepods/pod123/abc\n");
  Write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 3.0);
}

TEST_F(CpuLimitsTest, Version1IsQuotaByPeriod) {
  Write("/proc/self/cgroup",
        "12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n");
  Write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_quota_us", "250000\n");
  Write("/sys/fs/cgroup/cpu/docker/abc/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(CpuQuota(root_), 2.5);
}

TEST_F(CpuLimitsTest, Version1MinusOneIsNoLimit) {
  Write("/proc/self/cgroup", "4:cpu:/\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(CpuQuota(root_), std::nullopt);
}

TEST_F(CpuLimitsTest, NonsenseIsNoLimit) {
  Write("/proc/self/cgroup", "\n:::\nno colons\n0::\n0::relative\n");
  Write("/sys/fs/cgroup/cpu.max", "a lot\n");
  EXPECT_EQ(CpuQuota(root_), std::nullopt);
}

TEST(UsableThreadsTest, AreTheQuotaRoundedDownBetweenOneAndTheCpus) {
  EXPECT_EQ(UsableThreads(std::nullopt, 8), 8);
  EXPECT_EQ(UsableThreads(0.5, 8), 1);
  EXPECT_EQ(UsableThreads(2.9, 8), 2);
  EXPECT_EQ(UsableThreads(64.0, 8), 8);
}

TEST(AffinityCpusTest, ThereIsAtLeastOne) { EXPECT_GE(AffinityCpus(), 1); }

}  // namespace
}  // namespace verdict
