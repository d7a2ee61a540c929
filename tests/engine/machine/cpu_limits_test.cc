#include "engine/machine/cpu_limits.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "tests/engine/machine/container_files.h"

namespace verdict {
namespace {

constexpr char kVersion2Mount[] =
    "30 23 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate\n";
constexpr char kVersion1Mount[] =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:9 - cgroup cgroup rw,cpu,cpuacct\n";

class CpuLimitsTest : public ContainerFilesTest {
 protected:
  void WriteVersion1(const std::string& group, const std::string& quota) {
    Write(group + "/cpu.cfs_quota_us", quota + "\n");
    Write(group + "/cpu.cfs_period_us", "100000\n");
  }
};

TEST_F(CpuLimitsTest, NothingReadableLimitsNothing) { EXPECT_EQ(CpuQuota(root_), std::nullopt); }

TEST_F(CpuLimitsTest, NothingMountedLimitsNothing) {
  InGroups("0::/\n", "");
  Write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(CpuQuota(root_), std::nullopt);
}

TEST_F(CpuLimitsTest, Version2IsQuotaByPeriod) {
  InGroups("0::/\n", kVersion2Mount);
  Write("/sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 1.5);
  EXPECT_EQ(UsableThreads(CpuQuota(root_), 8), 1);
}

TEST_F(CpuLimitsTest, LessThanOneCpuIsStillOneThread) {
  InGroups("0::/\n", kVersion2Mount);
  Write("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 0.5);
  EXPECT_EQ(UsableThreads(CpuQuota(root_), 8), 1);
}

TEST_F(CpuLimitsTest, ThePeriodNeedNotBeATenthOfASecond) {
  InGroups("0::/\n", kVersion2Mount);
  Write("/sys/fs/cgroup/cpu.max", "75000 25000\n");
  EXPECT_EQ(CpuQuota(root_), 3.0);
}

TEST_F(CpuLimitsTest, Version2MaxIsNoLimit) {
  InGroups("0::/\n", kVersion2Mount);
  Write("/sys/fs/cgroup/cpu.max", "max 100000\n");
  EXPECT_EQ(CpuQuota(root_), std::nullopt);
}

TEST_F(CpuLimitsTest, TheSmallestQuotaOfTheGroupsAboveHolds) {
  InGroups("0::/system.slice/verdictd.service\n", kVersion2Mount);
  Write("/sys/fs/cgroup/system.slice/cpu.max", "200000 100000\n");
  Write("/sys/fs/cgroup/system.slice/verdictd.service/cpu.max", "400000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 2.0);
}

TEST_F(CpuLimitsTest, AGroupAboveWithoutAQuotaHidesNoneFurtherUp) {
  InGroups("0::/kubepods/pod123/abc\n", kVersion2Mount);
  Write("/sys/fs/cgroup/kubepods/cpu.max", "300000 100000\n");
  Write("/sys/fs/cgroup/kubepods/pod123/cpu.max", "max 100000\n");
  Write("/sys/fs/cgroup/kubepods/pod123/abc/cpu.max", "max 100000\n");
  EXPECT_EQ(CpuQuota(root_), 3.0);
}

TEST_F(CpuLimitsTest, AnotherGroupsQuotaIsNotOurs) {
  InGroups("0::/a/b\n", kVersion2Mount);
  Write("/sys/fs/cgroup/a/b/cpu.max", "400000 100000\n");
  Write("/sys/fs/cgroup/a/c/cpu.max", "100000 100000\n");
  Write("/sys/fs/cgroup/a/b/child/cpu.max", "100000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 4.0);
}

TEST_F(CpuLimitsTest, AGroupThatTheContainerCannotSeeLeavesItsRoot) {
  InGroups("0::/kubepods/pod123/abc\n", kVersion2Mount);
  Write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 3.0);
}

TEST_F(CpuLimitsTest, AGroupOutsideTheNamespaceLeavesItsRoot) {
  InGroups("0::/../other\n", kVersion2Mount);
  Write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  Write("/sys/fs/other/cpu.max", "100000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 3.0);
}

// Docker without a namespace of groups: the container's group alone, named as the host names it.
TEST_F(CpuLimitsTest, AGroupIsFoundBelowTheRootOfItsMount) {
  InGroups("0::/docker/abc/inner\n",
           "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  Write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  Write("/sys/fs/cgroup/inner/cpu.max", "200000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 2.0);
}

TEST_F(CpuLimitsTest, ANameThatBeginsLikeTheRootIsNotBelowIt) {
  InGroups("0::/docker/abcdef\n", "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
  Write("/sys/fs/cgroup/cpu.max", "400000 100000\n");
  Write("/sys/fs/cgroupdef/cpu.max", "100000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 4.0);
}

TEST_F(CpuLimitsTest, ItIsReadWhereverItIsMounted) {
  InGroups("0::/a\n", "30 23 0:26 / /run/control\\040groups rw shared:4 - cgroup2 none rw\n");
  Write("/run/control groups/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 2.0);
}

TEST_F(CpuLimitsTest, Version1IsQuotaByPeriod) {
  InGroups("12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n",
           kVersion1Mount);
  WriteVersion1("/sys/fs/cgroup/cpu,cpuacct/docker/abc", "250000");
  EXPECT_EQ(CpuQuota(root_), 2.5);
}

TEST_F(CpuLimitsTest, Version1CountsTheGroupsAboveToo) {
  InGroups("4:cpu,cpuacct:/kubepods/pod123/abc\n", kVersion1Mount);
  WriteVersion1("/sys/fs/cgroup/cpu,cpuacct/kubepods/pod123", "150000");
  WriteVersion1("/sys/fs/cgroup/cpu,cpuacct/kubepods/pod123/abc", "-1");
  EXPECT_EQ(CpuQuota(root_), 1.5);
}

TEST_F(CpuLimitsTest, Version1MinusOneIsNoLimit) {
  InGroups("4:cpu,cpuacct:/\n", kVersion1Mount);
  WriteVersion1("/sys/fs/cgroup/cpu,cpuacct", "-1");
  EXPECT_EQ(CpuQuota(root_), std::nullopt);
}

TEST_F(CpuLimitsTest, OfVersion1OnlyTheHierarchyWithCpuCounts) {
  InGroups("5:cpuset:/a\n4:cpu:/a\n",
           "33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
           "34 31 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n");
  WriteVersion1("/sys/fs/cgroup/cpuset/a", "100000");
  WriteVersion1("/sys/fs/cgroup/cpu/a", "300000");
  EXPECT_EQ(CpuQuota(root_), 3.0);
}

// Hybrid: version 2 is there for systemd, the controllers are in version 1.
TEST_F(CpuLimitsTest, InAHybridVersion1LimitsBesideVersion2) {
  InGroups("4:cpu,cpuacct:/docker/abc\n0::/docker/abc\n",
           std::string(kVersion1Mount) +
               "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
  WriteVersion1("/sys/fs/cgroup/cpu,cpuacct/docker/abc", "250000");
  Write("/sys/fs/cgroup/unified/docker/abc/cgroup.procs", "1\n");
  EXPECT_EQ(CpuQuota(root_), 2.5);
}

TEST_F(CpuLimitsTest, AnInvalidQuotaIsNoLimit) {
  InGroups("0::/a\n", kVersion2Mount);
  for (const char* line : {"a lot", "", "100000", "nan 100000", "100000 0", "-1 100000", "0 100000",
                           "100000 100000 100000", "99999999999999999999 100000"}) {
    Write("/sys/fs/cgroup/a/cpu.max", line);
    EXPECT_EQ(CpuQuota(root_), std::nullopt) << line;
  }
}

TEST_F(CpuLimitsTest, MalformedFilesAreIgnored) {
  InGroups("\n:::\nno colons\n0::\n0::relative\n0::/a (deleted)\n0::/a\n",
           "\n- cgroup2 cgroup2 rw\n1 2 3 4 5 6 -\n1 2 3 / /sys/fs/cgroup rw - cgroup2\n"
           "1 2 3 /\\ /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n" +
               std::string(kVersion2Mount));
  Write("/sys/fs/cgroup/a/cpu.max", "200000 100000\n");
  EXPECT_EQ(CpuQuota(root_), 2.0);
}

TEST(UsableThreadsTest, AreTheQuotaRoundedDownBetweenOneAndTheCpus) {
  EXPECT_EQ(UsableThreads(std::nullopt, 8), 8);
  EXPECT_EQ(UsableThreads(0.5, 8), 1);
  EXPECT_EQ(UsableThreads(2.9, 8), 2);
  EXPECT_EQ(UsableThreads(3.0, 8), 3);
}

TEST(UsableThreadsTest, AreNoMoreThanACpusetSmallerThanTheQuotaHas) {
  EXPECT_EQ(UsableThreads(4.0, 2), 2);
  EXPECT_EQ(UsableThreads(64.0, 8), 8);
  EXPECT_EQ(UsableThreads(1e300, 8), 8);
}

TEST(AffinityCpusTest, AreThoseThatTheThreadMayRunOn) {
  EXPECT_GE(AffinityCpus(), 1);
  int pinned = 0;
  // A thread of its own, for the mask would stay with this one.
  std::thread([&pinned] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    pinned = AffinityCpus();
  }).join();
  EXPECT_EQ(pinned, 1);
}

}  // namespace
}  // namespace verdict
