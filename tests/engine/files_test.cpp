// SPDX-License-Identifier: Apache-2.0
#include "therma/engine/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "therma/core/error.hpp"

namespace therma {
namespace {

namespace fs = std::filesystem;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("therma_files_") + std::to_string(::getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  [[nodiscard]] std::size_t num_files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  fs::path folder_;
};

template <class Action>
ErrorCode code_of(Action action) {
  try {
    action();
  } catch (const Error& e) {
    return e.code();
  }
  ADD_FAILURE() << "no error was thrown";
  return ErrorCode::internal;
}

TEST_F(Files, AreReplacedWholeAndKeepTheirMode) {
  const auto path = folder_ / "plan.json";
  write_file(path, "one");
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  write_file(path, "two");
  EXPECT_EQ(read_file(path), "two");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(num_files(), 1U);  // no temporary file is left
}

TEST_F(Files, BehindALinkAreReplacedAndTheLinkStays) {
  write_file(folder_ / "real.json", "one");
  fs::create_symlink(folder_ / "real.json", folder_ / "link.json");
  write_file(folder_ / "link.json", "two");
  EXPECT_TRUE(fs::is_symlink(folder_ / "link.json"));
  EXPECT_EQ(read_file(folder_ / "real.json"), "two");
}

TEST_F(Files, ThatCannotBeWrittenAreFoundBeforehand) {
  const auto code = ErrorCode::io;
  EXPECT_EQ(code_of([&] { check_writable(folder_ / "none" / "plan.json"); }), code);
  EXPECT_EQ(code_of([&] { check_writable(folder_); }), code);
  EXPECT_EQ(code_of([&] { write_file(folder_, "x"); }), code);
  check_writable(folder_ / "plan.json");
  EXPECT_EQ(num_files(), 0U);
}

TEST_F(Files, ThatAreMissingOrFoldersAreErrorsOfTheWorld) {
  EXPECT_EQ(code_of([&] { (void)read_file(folder_ / "none"); }), ErrorCode::io);
  EXPECT_EQ(code_of([&] { (void)read_file(folder_); }), ErrorCode::io);
}

TEST_F(Files, WithoutEndAreNotReadForever) {
  EXPECT_EQ(code_of([] { (void)read_file("/dev/zero"); }), ErrorCode::bad_data);
}

TEST_F(Files, AreTakenForWhatTheyHold) {
  write_file(folder_ / "order.txt", "Plan 3 tasks of 2 h on 2 machines.");
  write_file(folder_ / "ft.txt", "2 2\n0 3 1 2\n1 2 0 4\n");
  EXPECT_TRUE(source_from_argument((folder_ / "order.txt").string()).is_prose);
  EXPECT_FALSE(source_from_argument((folder_ / "ft.txt").string()).is_prose);
}

TEST(SourceFromArgument, TakesAPathThatIsMissingForAPath) {
  for (const auto* argument : {"none/such", "plan.json", "ft10x", "gap1.txt#3"}) {
    EXPECT_EQ(code_of([&] { (void)source_from_argument(argument); }), ErrorCode::io) << argument;
  }
}

TEST(SourceFromArgument, TakesWordsForASentence) {
  for (const auto* argument :
       {"Plan 3 tasks on 2 machines.", "zaplanuj", "cutting 2h, welding 1.5h", ""}) {
    EXPECT_TRUE(source_from_argument(argument).is_prose) << argument;
  }
}

TEST(IsProse, TellsSentencesFromProblems) {
  EXPECT_TRUE(is_prose("Zaplanuj 3 zadania: spawanie 2h, malowanie 90 minut"));
  EXPECT_FALSE(is_prose("  {\"therma\": 1}"));
  EXPECT_FALSE(is_prose("# 2x2\n2 2\n0 3 1 2\n1 2 0 4"));
}

}  // namespace
}  // namespace therma
