// A file system as a container may see it: /proc and /sys/fs/cgroup below a folder of the test's.
#ifndef VERDICT_TESTS_ENGINE_MACHINE_CONTAINER_FILES_H_
#define VERDICT_TESTS_ENGINE_MACHINE_CONTAINER_FILES_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace verdict {

class ContainerFilesTest : public ::testing::Test {
 protected:
  ContainerFilesTest() { EXPECT_NE(mkdtemp(root_.data()), nullptr); }
  ~ContainerFilesTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& content) const {
    const std::filesystem::path file = root_ + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << content;
  }

  // What /proc says of the process: the groups that it is in, and what is mounted.
  void InGroups(const std::string& groups, const std::string& mounts) const {
    Write("/proc/self/cgroup", groups);
    Write("/proc/self/mountinfo", "23 1 8:1 / / rw,relatime - ext4 /dev/root rw\n" + mounts);
  }

  std::string root_ = ::testing::TempDir() + "container_XXXXXX";
};

}  // namespace verdict

#endif  // VERDICT_TESTS_ENGINE_MACHINE_CONTAINER_FILES_H_
