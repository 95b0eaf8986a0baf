// SPDX-License-Identifier: Apache-2.0
// Files in memory, and everything that is no such file.
#include "therma/llm/load/mapped_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/llm/load/support.hpp"

namespace therma::llm {
namespace {

using namespace testing;

std::string not_mapped(const fs::path& path) {
  const auto message = refusal([&] { const MappedFile file(path); }, ErrorCode::io);
  EXPECT_TRUE(message.starts_with(path.string())) << message;
  EXPECT_EQ(refusal([&] { (void)read_text(path, 100); }, ErrorCode::io), message);
  return message;
}

TEST(MappedFile, HoldsTheBytesUntilItIsMovedAway) {
  const Folder folder;
  MappedFile file(folder.write("a", "abc"));
  const MappedFile other(std::move(file));
  ASSERT_EQ(other.bytes().size(), 3);
  EXPECT_EQ(other.bytes()[2], std::byte{'c'});
  EXPECT_TRUE(file.bytes().empty());  // NOLINT(bugprone-use-after-move): what the move promises
}

TEST(MappedFile, FollowsALinkToAFile) {
  const Folder folder;
  fs::create_symlink(folder.write("blob", "abc"), folder.path() / "link");
  EXPECT_EQ(MappedFile(folder.path() / "link").bytes().size(), 3);
}

TEST(MappedFile, RefusesWhatIsNotThere) {
  const Folder folder;
  EXPECT_PRED2(contains, not_mapped(folder.path() / "none"), "No such file");
  fs::create_symlink(folder.path() / "none", folder.path() / "dangling");
  EXPECT_PRED2(contains, not_mapped(folder.path() / "dangling"), "No such file");
  fs::create_symlink(folder.path() / "loop", folder.path() / "loop");
  EXPECT_PRED2(contains, not_mapped(folder.path() / "loop"), "symbolic links");
}

TEST(MappedFile, RefusesAFolderAPipeAndADeviceWithoutWaitingForThem) {
  const Folder folder;
  EXPECT_PRED2(contains, not_mapped(folder.path()), "must be a file, but is a folder");
  const auto pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_PRED2(contains, not_mapped(pipe), "must be a file, but is a pipe");
  EXPECT_PRED2(contains, not_mapped("/dev/zero"), "must be a file, but is a pipe");
}

TEST(MappedFile, RefusesAnEmptyFileWhichReadsAsEmptyText) {
  const Folder folder;
  const auto path = folder.write("empty", "");
  EXPECT_EQ(refusal([&] { const MappedFile file(path); }, ErrorCode::io),
            path.string() + ": is empty");
  EXPECT_EQ(read_text(path, 0), "");
}

TEST(ReadText, RefusesAFileBeyondItsLimit) {
  const Folder folder;
  const auto path = folder.write("a", "abcd");
  EXPECT_EQ(read_text(path, 4), "abcd");
  EXPECT_EQ(refusal([&] { (void)read_text(path, 3); }),
            path.string() + ": has 4 bytes, but at most 3 are read");
}

}  // namespace
}  // namespace therma::llm
