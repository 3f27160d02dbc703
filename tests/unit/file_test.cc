/* SPDX-License-Identifier: MIT
 * Opening files when the system interrupts, returns less than asked for, or fails. The system calls below stand in
 * front of the C library's own.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <vector>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" {
#include "base/host.h"
#include "format/file.h"
#include "format/read_ahead.h"
}

namespace
{

/* What the next reads do. */
struct Plan {
    size_t most = SIZE_MAX; /* bytes that one call returns */
    int n_interruptions = 0;
    int error = 0;
    off_t end = -1; /* the file looks as if it ended here */
    int n_calls = 0;
} plan;

} // namespace

extern "C" ssize_t pread(int fd, void *data, size_t size, off_t offset)
{
    plan.n_calls++;
    if (plan.n_interruptions > 0) {
        plan.n_interruptions--;
        errno = EINTR;
        return -1;
    }
    if (plan.error) {
        errno = plan.error;
        return -1;
    }
    if (plan.end >= 0 && offset >= plan.end)
        return 0;
    return syscall(SYS_pread64, fd, data, size < plan.most ? size : plan.most, offset);
}

namespace
{

class FileTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        plan = Plan();
        ll_host_init(&host_);
        for (int i = 0; i < 10000; i++)
            content_ += std::to_string(i);
        path_ = testing::TempDir() + "file_test_" + std::to_string(getpid());
        std::ofstream(path_, std::ios::binary) << content_;
    }
    void TearDown() override
    {
        ll_file_close(&file_);
        plan = Plan();
        unlink(path_.c_str());
    }
    libllm_status open(libllm_load_mode mode) { return open(path_, mode); }
    libllm_status open(const std::string &path, libllm_load_mode mode)
    {
        return ll_file_open(&host_, path.c_str(), mode, &file_, &error_);
    }
    std::string bytes() const { return std::string((const char *)file_.data, file_.size); }

    ll_host host_;
    ll_file file_ = {};
    libllm_error error_ = {};
    std::string content_, path_;
};

TEST_F(FileTest, MapsAndReads)
{
    ASSERT_EQ(open(LIBLLM_LOAD_MAP), LIBLLM_OK) << error_.message;
    EXPECT_TRUE(file_.mapped);
    EXPECT_EQ(bytes(), content_);
    EXPECT_EQ(plan.n_calls, 0);
    void *mapping = (void *)file_.data;
    unsigned char resident;
    EXPECT_EQ(mincore(mapping, 1, &resident), 0);
    ll_file_close(&file_);
    EXPECT_EQ(mincore(mapping, 1, &resident), -1) << "still mapped";
    ASSERT_EQ(open(LIBLLM_LOAD_READ), LIBLLM_OK) << error_.message;
    EXPECT_FALSE(file_.mapped);
    EXPECT_EQ(bytes(), content_);
    EXPECT_GT(plan.n_calls, 0);
}

TEST_F(FileTest, ReadAheadFetchesWhatIsMissingAndNothingElse)
{
    const size_t size = 24 << 20;
    std::ofstream(path_, std::ios::binary) << std::string(size, 'x');
    int fd = ::open(path_.c_str(), O_RDONLY);
    ASSERT_GE(fd, 0);
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
    ASSERT_EQ(open(LIBLLM_LOAD_MAP), LIBLLM_OK) << error_.message;
    std::vector<unsigned char> resident(size / (size_t)sysconf(_SC_PAGESIZE));
    auto missing = [&] {
        EXPECT_EQ(mincore((void *)file_.data, size, resident.data()), 0);
        return std::count_if(resident.begin(), resident.end(), [](unsigned char page) { return !(page & 1); });
    };
    if (missing() < (long)resident.size() / 2)
        GTEST_SKIP() << "this file system keeps files in memory";
    ll_read_ahead ahead;
    ll_read_ahead_start(&ahead, &file_, 1);
    ASSERT_NE(ahead.pid, 0);
    for (int wait = 0; wait < 500 && missing() > 0; wait++)
        usleep(10000);
    EXPECT_EQ(missing(), 0);
    ll_read_ahead_stop(&ahead);
    ll_read_ahead_start(&ahead, &file_, 1);
    EXPECT_EQ(ahead.pid, 0) << "of a file that is in memory";
    ll_read_ahead_stop(&ahead);
}

TEST_F(FileTest, ReadsGoOnAfterInterruptionsAndShortReads)
{
    plan.most = 777;
    plan.n_interruptions = 5;
    ASSERT_EQ(open(LIBLLM_LOAD_READ), LIBLLM_OK) << error_.message;
    EXPECT_EQ(bytes(), content_);
    EXPECT_GE(plan.n_calls, (int)(content_.size() / 777) + 5);
}

TEST_F(FileTest, AReadErrorIsSaidInWords)
{
    plan.error = EIO;
    EXPECT_EQ(open(LIBLLM_LOAD_READ), LIBLLM_ERROR_IO);
    EXPECT_EQ(std::string(error_.message), path_ + ": cannot be read: Input/output error");
    EXPECT_EQ(file_.data, nullptr);
}

TEST_F(FileTest, AFileThatShrinksMeanwhileIsAnError)
{
    plan.end = 1000;
    plan.most = 1000;
    EXPECT_EQ(open(LIBLLM_LOAD_READ), LIBLLM_ERROR_IO);
    EXPECT_NE(strstr(error_.message, "ended at offset 1000 of"), nullptr) << error_.message;
}

TEST_F(FileTest, EmptyFilesOpen)
{
    ASSERT_EQ(truncate(path_.c_str(), 0), 0);
    for (libllm_load_mode mode : {LIBLLM_LOAD_MAP, LIBLLM_LOAD_READ}) {
        ASSERT_EQ(open(mode), LIBLLM_OK);
        EXPECT_EQ(file_.size, 0u);
        EXPECT_EQ(file_.data, nullptr);
        ll_file_close(&file_);
    }
}

TEST_F(FileTest, WhatIsNotThereIsNotFound)
{
    EXPECT_EQ(open(path_ + ".not", LIBLLM_LOAD_MAP), LIBLLM_ERROR_NOT_FOUND);
    EXPECT_EQ(std::string(error_.message), path_ + ".not: cannot be opened: No such file or directory");
    EXPECT_EQ(error_.status, LIBLLM_ERROR_NOT_FOUND);
}

TEST_F(FileTest, LongPathsLeaveRoomForTheReason)
{
    std::string path = path_ + "/" + std::string(2000, 'p') + "\xC3\xA9" + std::string(190, 'q') + "/end.gguf";
    EXPECT_EQ(open(path, LIBLLM_LOAD_MAP), LIBLLM_ERROR_IO);
    EXPECT_EQ(strncmp(error_.message, "...q", 4), 0) << error_.message;
    EXPECT_NE(strstr(error_.message, "/end.gguf: cannot be opened: "), nullptr) << error_.message;
}

/* GG22 of the list of hostile cases. A FIFO must not block. */
TEST_F(FileTest, GG22_OnlyRegularFiles)
{
    std::string fifo = path_ + ".fifo", loop = path_ + ".loop";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    ASSERT_EQ(symlink(loop.c_str(), loop.c_str()), 0);
    for (libllm_load_mode mode : {LIBLLM_LOAD_MAP, LIBLLM_LOAD_READ})
        for (const auto &[path, reason] : std::initializer_list<std::pair<std::string, const char *>>{
                 {fifo, "is not a regular file"},
                 {"/dev/zero", "is not a regular file"},
                 {testing::TempDir(), "is a folder, expected a regular file"},
                 {loop, "cannot be opened: Too many levels of symbolic links"},
             }) {
            EXPECT_EQ(open(path, mode), LIBLLM_ERROR_IO) << path;
            EXPECT_EQ(std::string(error_.message), path + ": " + reason);
        }
    unlink(fifo.c_str());
    unlink(loop.c_str());
}

/* GG22: 10 TB of holes can be mapped, but are not read. */
TEST_F(FileTest, GG22_SparseFiles)
{
    if (truncate(path_.c_str(), 10LL << 40) != 0)
        GTEST_SKIP() << "no sparse files of 10 TB here: " << strerror(errno);
    EXPECT_EQ(open(LIBLLM_LOAD_READ), LIBLLM_ERROR_OUT_OF_MEMORY);
    EXPECT_NE(strstr(error_.message, "more than the memory of this machine"), nullptr) << error_.message;
    EXPECT_EQ(plan.n_calls, 0);
    libllm_status status = open(LIBLLM_LOAD_MAP);
    EXPECT_TRUE(status == LIBLLM_OK || status == LIBLLM_ERROR_OUT_OF_MEMORY) << error_.message;
}

TEST_F(FileTest, DescriptorsAreGivenBack)
{
    int before = ::open("/dev/null", O_RDONLY);
    close(before);
    open(LIBLLM_LOAD_MAP);
    ll_file_close(&file_);
    open(LIBLLM_LOAD_READ);
    ll_file_close(&file_);
    open(testing::TempDir(), LIBLLM_LOAD_MAP);
    int after = ::open("/dev/null", O_RDONLY);
    close(after);
    EXPECT_EQ(before, after);
}

} // namespace
