// SPDX-License-Identifier: Apache-2.0
// Lattices: where their bits are, what their energy is, what they convert to.
#include "therma/energy/lattice.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma {
namespace {

// The same random spins packed and one by one.
struct Random {
  LatticeSpins packed;
  std::vector<Spin> spins;
};
Random random_spins(const LatticeProgram& program, std::uint64_t seed) {
  const Rng rng(seed);
  Random random{program.make_spins(), std::vector<Spin>(program.size(), kDown)};
  for (std::uint64_t site = 0; site < program.size(); ++site) {
    if (rng.bits({.site = static_cast<std::uint32_t>(site)}) >> 62 == 0) continue;  // 3/4 up
    const auto at = program.layout().place(site);
    auto& byte = random.packed.colour[at.colour][at.byte];
    byte = static_cast<std::uint8_t>(byte | 1U << at.bit);
    random.spins[site] = kUp;
  }
  for (auto& colour : random.packed.colour) program.layout().copy_edges(colour);
  return random;
}

const LatticeModel kModels[] = {
    {.shape = {2, 2}},
    {.shape = {4, 6}, .coupling = -0.5},
    {.shape = {16, 16}, .offset = 3.0},
    {.shape = {6, 50}, .bond_seed = 1},
    {.shape = {8, 132}, .coupling = 0.25, .bond_seed = 2, .field = -0.75},
    {.shape = {4, 1100}, .field = 1.5},
    {.shape = {2, 2, 4}, .coupling = 0.7},
    {.shape = {4, 6, 8}, .bond_seed = 3},
    {.shape = {6, 2, 130}, .bond_seed = 4, .field = 0.5, .offset = -1.0},
};

TEST(Lattice, GivesEverySiteABitOfItsOwn) {
  for (const auto& model : kModels) {
    const LatticeProgram program(model);
    std::set<std::tuple<unsigned, std::uint64_t, unsigned>> seen;
    for (std::uint64_t site = 0; site < program.size(); ++site) {
      const auto at = program.layout().place(site);
      EXPECT_LT(at.byte, program.layout().colour_bytes);
      EXPECT_TRUE(seen.insert({at.colour, at.byte, at.bit}).second) << site;
    }
  }
}

TEST(Lattice, HasTheEnergyOfItsBondsOneByOne) {
  for (const auto& model : kModels) {
    const LatticeProgram program(model);
    const auto listed = program.to_ising();
    for (const std::uint64_t seed : {1U, 2U}) {
      const auto random = random_spins(program, seed);
      EXPECT_NEAR(program.energy(random.packed), energy(listed, random.spins),
                  1e-9 * static_cast<double>(program.size()));
      std::uint64_t up = 0;
      for (const Spin spin : random.spins) up += spin == kUp;
      EXPECT_EQ(program.num_up(random.packed), up);
    }
  }
}

// By the definition of the torus: each site has one bond to the next one along each axis.
TEST(Lattice, ListsOneBondPerSiteAndAxis) {
  const std::uint32_t nz = 4, ny = 6, nx = 8;
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> expected, found;
  const auto add = [](auto& bonds, std::uint32_t a, std::uint32_t b) {
    ++bonds[{std::min(a, b), std::max(a, b)}];
  };
  for (std::uint32_t z = 0; z < nz; ++z) {
    for (std::uint32_t y = 0; y < ny; ++y) {
      for (std::uint32_t x = 0; x < nx; ++x) {
        const auto site = [&](std::uint32_t k, std::uint32_t j, std::uint32_t i) {
          return (k % nz * ny + j % ny) * nx + i % nx;
        };
        add(expected, site(z, y, x), site(z, y, x + 1));
        add(expected, site(z, y, x), site(z, y + 1, x));
        add(expected, site(z, y, x), site(z + 1, y, x));
      }
    }
  }
  const LatticeProgram program({.shape = {nz, ny, nx}, .coupling = 2.0});
  const auto listed = program.to_ising();
  for (const auto& bond : listed.couplings) {
    EXPECT_EQ(bond.value, 2.0);
    add(found, bond.i, bond.j);
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(program.num_bonds(), listed.couplings.size());
}

// 524,288 bonds: the number of negative ones is within 5.5 standard deviations (362 each) of half
// with odds 1 - 4e-8.
TEST(Lattice, DrawsBondsOfBothSignsWithEqualOdds) {
  const auto negative = [](std::uint64_t seed) {
    const LatticeProgram program({.shape = {512, 512}, .bond_seed = seed});
    std::vector<bool> signs;
    for (const auto& bond : program.to_ising().couplings) signs.push_back(bond.value < 0.0);
    return signs;
  };
  const auto a = negative(1), b = negative(2);
  EXPECT_EQ(a, negative(1));
  const auto count = std::ranges::count(a, true);
  EXPECT_NEAR(static_cast<double>(count), 262'144.0, 5.5 * 362.0);
  std::int64_t differ = 0;
  for (std::size_t k = 0; k < a.size(); ++k) differ += a[k] != b[k];
  EXPECT_NEAR(static_cast<double>(differ), 262'144.0, 5.5 * 362.0);
}

// A site past number 65,536 and past 2^31 bits of a buffer's addressing: places do not repeat.
TEST(Lattice, HoldsTwoToThe31Sites) {
  const LatticeProgram program({.shape = {32768, 65536}});
  EXPECT_EQ(program.size(), std::uint64_t{1} << 31);
  const auto& layout = program.layout();
  const auto last = layout.place(program.size() - 1);  // x and y odd: colour 0
  EXPECT_EQ(last.colour, 0U);
  EXPECT_EQ(last.byte, LatticeLayout::kMargin + 32768 * 4096 + 4095);
  EXPECT_LT(last.byte, layout.colour_bytes);
  EXPECT_NE(layout.place(65'536).byte, layout.place(0).byte);
  EXPECT_NE(layout.place(65'536 * 2).byte, layout.place(0).byte);
  EXPECT_EQ(program.energy(LatticeProgram::Counts{}), -2.0 * std::ldexp(1.0, 31));
}

TEST(Lattice, TakesABitPerSpinAndPerBond) {
  const auto bits = [](const LatticeModel& model) {
    const LatticeProgram program(model);
    return 8.0 * static_cast<double>(packed_bytes(program.layout())) /
           static_cast<double>(program.size());
  };
  EXPECT_LT(bits({.shape = {31624, 31624}}), 1.005);  // 10^9 sites: 126 MB
  EXPECT_LT(bits({.shape = {1000, 1000, 1000}}), 1.03);
  EXPECT_LT(bits({.shape = {4096, 4096}}), 1.001);
  const LatticeProgram glass({.shape = {512, 512}, .bond_seed = 1});
  std::size_t bond_bytes = 0;
  for (unsigned d = 0; d < glass.num_neighbours(); ++d) {
    bond_bytes += glass.bonds(static_cast<LatticeProgram::Direction>(d)).size();
  }
  EXPECT_LT(8.0 * static_cast<double>(bond_bytes) / static_cast<double>(glass.num_bonds()), 1.02);
}

TEST(Lattice, RejectsBadModelsInOneSentence) {
  const auto message = [](const LatticeModel& model) {
    try {
      (void)compile(model);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_data);
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message({}), "lattice: expected two or three extents, got 0");
  EXPECT_EQ(message({.shape = {4, 5}}),
            "lattice: extents must be even, so that two colours suffice on the torus; got 4 x 5");
  EXPECT_EQ(message({.shape = {4, 0}}),
            "lattice: extents must be even, so that two colours suffice on the torus; got 4 x 0");
  EXPECT_EQ(message({.shape = {65536, 65536}}), "lattice: 2^31 sites at most, got 65536 x 65536");
  EXPECT_EQ(message({.shape = {std::uint64_t{1} << 62, 1 << 30}}),
            "lattice: 2^31 sites at most, got 4611686018427387904 x 1073741824");
  EXPECT_EQ(message({.shape = {4, 4}, .field = std::numeric_limits<double>::infinity()}),
            "lattice: coupling, field and offset must be finite numbers, got 1, inf, 0");
  EXPECT_THROW((void)LatticeProgram({.shape = {8192, 4096}}).to_ising(), Error);
}

}  // namespace
}  // namespace therma
