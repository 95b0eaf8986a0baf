// SPDX-License-Identifier: Apache-2.0
#include "therma/hardware/ledger.hpp"

#include <gtest/gtest.h>

#include "therma/core/error.hpp"

namespace therma::hardware {
namespace {

// 1000 updates x 7.09 fJ + 10 reads x 1.69 pJ + 2 writes x 153.6 pJ = 7.09 + 16.9 + 307.2 pJ.
TEST(Bill, AddsCountsTimesPrices) {
  const auto bill =
      bill_of({.updates = 1000, .samples = 1, .reads = 10, .writes = 2}, prices_of("z1"), 4.0);
  ASSERT_TRUE(bill.total_j);
  EXPECT_DOUBLE_EQ(*bill.updates_j, 7.09e-12);
  EXPECT_DOUBLE_EQ(*bill.reads_j, 1.69e-11);
  EXPECT_DOUBLE_EQ(*bill.writes_j, 3.072e-10);
  EXPECT_NEAR(*bill.total_j, 3.3119e-10, 1e-18);
  EXPECT_NEAR(*bill.per_independent_j, 3.3119e-10 / 4.0, 1e-18);
  EXPECT_EQ(bill.refusal, "");
}

TEST(Bill, RefusesWhatHasNoPriceInsteadOfTakingItAsNothing) {
  const auto bill = bill_of({.updates = 1000, .reads = 1}, prices_of("dtm"), 4.0);
  EXPECT_DOUBLE_EQ(*bill.updates_j, 2e-12);
  EXPECT_FALSE(bill.reads_j);
  EXPECT_FALSE(bill.total_j);
  EXPECT_FALSE(bill.per_independent_j);
  EXPECT_EQ(bill.refusal, "dtm has no published price of a read: the run is not priced");
}

TEST(Bill, PricesARunThatUsedOnlyWhatHasAPrice) {
  const auto bill = bill_of({.updates = 1000}, prices_of("dtm"), 10.0);
  EXPECT_DOUBLE_EQ(*bill.total_j, 2e-12);
  EXPECT_DOUBLE_EQ(*bill.per_independent_j, 2e-13);
}

TEST(Bill, HasNoPriceOfAnIndependentSampleWithoutAnEffectiveSampleSize) {
  for (const auto ess : {std::optional<double>(), std::optional(0.0), std::optional(-1.0)}) {
    const auto bill = bill_of({.updates = 1}, prices_of("z1"), ess);
    EXPECT_TRUE(bill.total_j);
    EXPECT_FALSE(bill.per_independent_j);
    EXPECT_NE(bill.refusal.find("effective sample size"), std::string::npos);
  }
}

TEST(Prices, AllSayWhereTheyComeFromAndWhatTheyAre) {
  ASSERT_FALSE(device_prices().empty());
  for (const auto& device : device_prices()) {
    EXPECT_FALSE(device.source.empty());
    EXPECT_EQ(name(device.label), "projection");
  }
}

TEST(Prices, OfAnUnknownDeviceAreAnErrorThatNamesThoseKnown) {
  try {
    static_cast<void>(prices_of("abacus"));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::invalid_argument);
    EXPECT_STREQ(e.what(), "device: must be one of dtm, z1, got \"abacus\"");
  }
}

}  // namespace
}  // namespace therma::hardware
