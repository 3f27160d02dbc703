// SPDX-License-Identifier: MIT
// What Linux tells of memory and cgroups, read from folders that are laid out as /proc and /sys are.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

extern "C" {
#include "base/system.h"
}

namespace
{

constexpr uint64_t MiB = 1 << 20;

class System : public ::testing::Test
{
  protected:
    std::string root = ::testing::TempDir() + "libllm-system-" + std::to_string(getpid());

    void SetUp() override
    {
        std::filesystem::remove_all(root);
        write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:          204800 kB\n"
                              "MemAvailable:    8388608 kB\nBuffers:               0 kB\n");
        write("proc/self/cgroup", "0::/\n");
    }

    void TearDown() override { std::filesystem::remove_all(root); }

    void write(const std::string &path, const std::string &text)
    {
        std::filesystem::create_directories(std::filesystem::path(root + "/" + path).parent_path());
        std::ofstream(root + "/" + path) << text;
    }

    ll_memory memory() { return ll_system_memory(root.c_str()); }
};

TEST_F(System, CopiesOfFilesAreAvailable)
{
    EXPECT_EQ(memory().total, 16384 * MiB);
    EXPECT_EQ(memory().available, 8192 * MiB);
}

TEST_F(System, TheNarrowestGroupCounts)
{
    write("proc/self/cgroup", "0::/box/inner\n");
    write("sys/fs/cgroup/box/memory.max", "4294967296\n");
    write("sys/fs/cgroup/box/memory.current", "3221225472\n");
    write("sys/fs/cgroup/box/memory.stat", "anon 1073741824\ninactive_file 1073741824\nactive_file 1073741824\n");
    write("sys/fs/cgroup/box/inner/memory.max", "max\n");
    write("sys/fs/cgroup/box/inner/memory.current", "3221225472\n");
    EXPECT_EQ(memory().total, 4096 * MiB);
    EXPECT_EQ(memory().available, 3072 * MiB) << "what copies of files take is given up";
}

TEST_F(System, InAContainerThePathIsOfTheHost)
{
    write("proc/self/cgroup", "5:cpuset:/\n4:memory:/docker/0123\n1:name=systemd:/\n0::/\n");
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
    write("sys/fs/cgroup/memory/memory.usage_in_bytes", "1610612736\n");
    EXPECT_EQ(memory().total, 1024 * MiB);
    EXPECT_EQ(memory().available, 0u);
    write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(memory().total, 16384 * MiB);
    EXPECT_EQ(memory().available, 8192 * MiB);
}

TEST_F(System, GroupsUpToTheRootOfTheirMount)
{
    std::vector<std::string> seen;
    write("proc/self/cgroup", "nonsense\n3:cpuset,cpu,cpuacct:/a/b/\n2:cpuacct:/other\n0::/c\n:\n7:cpu\n");
    ll_system_cgroups(
        root.c_str(), "cpu",
        [](const char *folder, bool v2, void *user) {
            static_cast<std::vector<std::string> *>(user)->push_back((v2 ? "2 " : "1 ") + std::string(folder));
        },
        &seen);
    const std::string v1 = "1 " + root + "/sys/fs/cgroup/cpu", v2 = "2 " + root + "/sys/fs/cgroup";
    EXPECT_EQ(seen, (std::vector<std::string>{v1 + "/a/b", v1 + "/a", v1, v2 + "/c", v2}));
}

TEST_F(System, WithoutProcTheKernelIsAsked)
{
    std::filesystem::remove_all(root);
    EXPECT_EQ(memory().total, (uint64_t)sysconf(_SC_PAGESIZE) * (uint64_t)sysconf(_SC_PHYS_PAGES));
    EXPECT_GT(memory().available, 0u);
    EXPECT_GT(ll_system_memory("").available, 0u);
}

TEST_F(System, FilesThatAreNoNumbers)
{
    char text[8];
    write("x", "12345678");
    EXPECT_FALSE(ll_system_text(root.c_str(), "x", text, sizeof text)) << "longer than the place for it";
    write("x", "");
    EXPECT_FALSE(ll_system_text(root.c_str(), "x", text, sizeof text));
    uint64_t value = 7;
    for (const char *bad : {"", "max", "-1", " 1", "99999999999999999999999"}) {
        const char *p = bad;
        EXPECT_FALSE(ll_system_number(&p, &value)) << bad;
        EXPECT_EQ(p, bad);
    }
    EXPECT_EQ(value, 7u);
}

} // namespace
