// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "therma/core/archive.hpp"
#include "therma/core/error.hpp"

namespace therma {
namespace {

std::string example() {
  ArchiveWriter out("kind", 3, 2);
  out.put(1.5);
  out.put_all<std::int8_t>(std::array<std::int8_t, 3>{1, -1, 1});
  out.put_bytes("name");
  return std::move(out).bytes();
}

TEST(Archive, GivesBackWhatWasPut) {
  const auto bytes = example();
  ArchiveReader in(bytes, "kind", 3, 2);
  EXPECT_EQ(in.get<double>(), 1.5);
  std::array<std::int8_t, 3> spins{};
  in.get_all<std::int8_t>(spins);
  EXPECT_EQ(spins, (std::array<std::int8_t, 3>{1, -1, 1}));
  EXPECT_EQ(in.get_bytes(), "name");
  in.finish();
}

TEST(Archive, TellsItsSizesWhereTheReaderDoesNotKnowThem) {
  const auto bytes = example();
  const ArchiveReader in(bytes, "kind");
  EXPECT_EQ(in.size(), 3U);
  EXPECT_EQ(in.count(), 2U);
}

TEST(Archive, RefusesAnotherKindOtherSizesAndWhatIsNone) {
  const auto bytes = example();
  EXPECT_THROW(ArchiveReader(bytes, "other", 3, 2), Error);
  EXPECT_THROW(ArchiveReader(bytes, "kind", 4, 2), Error);
  EXPECT_THROW(ArchiveReader(bytes, "kind", 3, 3), Error);
  EXPECT_THROW(ArchiveReader("", "kind", 3, 2), Error);
  EXPECT_THROW(ArchiveReader("not a checkpoint at all", "kind", 3, 2), Error);
}

TEST(Archive, RefusesEveryShorterText) {
  const auto whole = example();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto read = [&] {
      ArchiveReader in(std::string_view(whole).substr(0, length), "kind", 3, 2);
      (void)in.get<double>();
      std::array<std::int8_t, 3> spins{};
      in.get_all<std::int8_t>(spins);
      (void)in.get_bytes();
      in.finish();
    };
    EXPECT_THROW(read(), Error) << length;
  }
}

TEST(Archive, RefusesBytesThatNobodyReads) {
  const auto bytes = example() + "x";
  ArchiveReader in(bytes, "kind", 3, 2);
  (void)in.get<double>();
  EXPECT_THROW(in.finish(), Error);
}

TEST(Archive, AsksForRoomBeforeItIsMade) {
  const auto bytes = example();
  const ArchiveReader in(bytes, "kind");
  EXPECT_NO_THROW(in.require(3, 1));
  EXPECT_THROW(in.require(std::uint64_t{1} << 60, 64), Error);  // the product would overflow
}

TEST(Seal, HoldsWhatItSealed) {
  for (const std::size_t length : {0U, 1U, 7U, 8U, 9U, 100U}) {
    const std::string text(length, 'a');
    const auto sealed = seal(text);
    EXPECT_EQ(unseal(sealed), text);
  }
}

TEST(Seal, NoticesEveryFlippedBitAndEveryCut) {
  const auto sealed = seal("a checkpoint of some length");
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    auto damaged = sealed;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_THROW((void)unseal(damaged), Error) << bit;
  }
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_THROW((void)unseal(std::string_view(sealed).substr(0, length)), Error) << length;
  }
  EXPECT_THROW((void)unseal(sealed + std::string(8, '\0')), Error);
}

}  // namespace
}  // namespace therma
