// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "therma/core/error.hpp"
#include "therma/engine/samples/netcdf.hpp"
#include "therma/engine/samples/npz.hpp"
#include "therma/engine/samples/table.hpp"

namespace therma {
namespace {

// Two chains of two draws of three spins.
struct Draws {
  std::vector<std::int8_t> a = {1, -1, 1, 1, 1, 1};
  std::vector<std::int8_t> b = {-1, -1, -1, 1, -1, -1};
  std::vector<double> energy_a = {-1.5, 0.25};
  std::vector<double> energy_b = {2.0, -3.0};

  [[nodiscard]] SampleTable table() const {
    return {.num_draws = 2,
            .num_variables = 3,
            .states = SampleTable::Discrete{a, b},
            .energies = {energy_a, energy_b},
            .facts = {{"model", "ring:n=3"}}};
  }
};

// The check value of CRC-32/ISO-HDLC.
TEST(Crc32, HasTheKnownCheckValue) {
  EXPECT_EQ(crc32("123456789"), 0xcbf43926U);
  EXPECT_EQ(crc32(""), 0U);
  EXPECT_EQ(crc32("6789", crc32("12345")), 0xcbf43926U);
}

// Format 1.0: magic, version, length, a header that ends at a multiple of 64 with a line end.
TEST(Npy, HasAnAlignedHeaderBeforeItsBytes) {
  const std::uint64_t shape[] = {2, 3};
  const auto array = npy_array("|i1", shape, "abcdef");
  EXPECT_EQ(array.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const auto length = static_cast<std::size_t>(static_cast<unsigned char>(array[8])) +
                      256 * static_cast<std::size_t>(static_cast<unsigned char>(array[9]));
  EXPECT_EQ((10 + length) % 64, 0U);
  EXPECT_EQ(array[9 + length], '\n');
  EXPECT_NE(array.find("{'descr': '|i1', 'fortran_order': False, 'shape': (2, 3, ), }"),
            std::string::npos);
  EXPECT_EQ(array.substr(10 + length), "abcdef");
}

TEST(Zip, EqualContentGivesEqualBytes) {
  const Draws draws;
  EXPECT_EQ(samples_as_npz(draws.table()), samples_as_npz(draws.table()));
}

TEST(Csv, HasALineForEachDraw) {
  const Draws draws;
  EXPECT_EQ(samples_as_csv(draws.table()),
            "chain,draw,energy,x0,x1,x2\n"
            "0,0,-1.5,1,-1,1\n"
            "0,1,0.25,1,1,1\n"
            "1,0,2,-1,-1,-1\n"
            "1,1,-3,1,-1,-1\n");
}

TEST(Csv, QuotesLabelsThatNeedIt) {
  const Draws draws;
  auto table = draws.table();
  table.labels = {"a,b", "say \"x\"", "plain"};
  EXPECT_TRUE(samples_as_csv(table).starts_with(
      "chain,draw,energy,\"a,b\",\"say \"\"x\"\"\",plain\n0,0,-1.5"));
}

TEST(Csv, RefusesMoreThanTextIsGoodFor) {
  SampleTable table{.num_draws = std::uint64_t{1} << 20, .num_variables = 1 << 10};
  table.energies.resize(1);
  EXPECT_THROW(static_cast<void>(samples_as_csv(table)), Error);
}

TEST(SampleFormat, ComesFromTheSuffix) {
  EXPECT_EQ(sample_format_of("a/b.csv"), SampleFormat::csv);
  EXPECT_EQ(sample_format_of("b.npz"), SampleFormat::npz);
  EXPECT_THROW(static_cast<void>(sample_format_of("b.txt")), Error);
  EXPECT_THROW(static_cast<void>(sample_format_of("csv")), Error);
}

TEST(Netcdf, AppearsWholeOrNotAtAll) {
  if (!netcdf_available()) GTEST_SKIP() << "no netCDF library on this machine";
  const Draws draws;
  const auto folder = std::filesystem::temp_directory_path() / "therma_netcdf_test";
  std::filesystem::create_directory(folder);
  const auto path = folder / "draws.nc";
  write_netcdf(path, draws.table());
  EXPECT_GT(std::filesystem::file_size(path), 0U);
  EXPECT_THROW(write_netcdf(folder / "no" / "such.nc", draws.table()), Error);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace therma
