// SPDX-License-Identifier: Apache-2.0
// Row kernels of networks in lanes.
#include "therma/dynamics/kernels/network_lanes.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "therma/dynamics/kernels/network_lanes_simd.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "therma/dynamics/kernels/lane_bits.inl"
#include "therma/dynamics/kernels/lane_math.inl"

HWY_BEFORE_NAMESPACE();
namespace therma::kernels::HWY_NAMESPACE {
namespace {

using Tag = hn::CappedTag<float, 16>;
using Floats = hn::Vec<Tag>;
constexpr std::size_t kLanes = kGroupLanes;

// Sine and cosine of |angle| <= pi/4 by their series; what is left out is below 1e-8.
HWY_INLINE Floats sine(Tag d, Floats angle, Floats square) {
  auto series = hn::MulAdd(square, hn::Set(d, 1.0F / 362880.0F), hn::Set(d, -1.0F / 5040.0F));
  series = hn::MulAdd(square, series, hn::Set(d, 1.0F / 120.0F));
  series = hn::MulAdd(square, series, hn::Set(d, -1.0F / 6.0F));
  return hn::MulAdd(hn::Mul(square, angle), series, angle);
}
HWY_INLINE Floats cosine(Tag d, Floats square) {
  auto series = hn::MulAdd(square, hn::Set(d, 1.0F / 40320.0F), hn::Set(d, -1.0F / 720.0F));
  series = hn::MulAdd(square, series, hn::Set(d, 1.0F / 24.0F));
  series = hn::MulAdd(square, series, hn::Set(d, -0.5F));
  return hn::MulAdd(square, series, hn::Set(d, 1.0F));
}

// The formulas of lane_noise.hpp.
HWY_INLINE void normals_from_bits(const std::uint32_t* radius_bits, const std::uint32_t* angle_bits,
                                  float* first, float* second) {
  const Tag d;
  const hn::RebindToUnsigned<Tag> du;
  const hn::RebindToSigned<Tag> di;
  const auto sign_bit = hn::Set(du, 0x80000000U);
  for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(d)) {
    const auto u = unit_interval(d, hn::Load(du, radius_bits + lane));
    const auto radius = hn::Sqrt(minus_two_log(d, u));

    const auto turn = hn::Load(du, angle_bits + lane);
    const auto part = hn::ConvertTo(d, hn::BitCast(di, hn::ShiftLeft<2>(turn)));
    const auto angle = hn::Mul(part, hn::Set(d, 1.57079633F * 0x1p-32F));
    const auto square = hn::Mul(angle, angle);
    const auto s = sine(d, angle, square), c = cosine(d, square);
    // Quarter turns: (c, s), (-s, c), (-c, -s), (s, -c).
    const auto half = hn::ShiftLeft<1>(turn);
    const auto odd = hn::Ne(hn::And(half, sign_bit), hn::Zero(du));
    const auto odd_f = hn::RebindMask(d, odd);
    const auto cos_sign = hn::BitCast(d, hn::And(hn::Xor(turn, half), sign_bit));
    const auto sin_sign = hn::BitCast(d, hn::And(turn, sign_bit));
    hn::Store(hn::Mul(radius, hn::Xor(hn::IfThenElse(odd_f, s, c), cos_sign)), d, first + lane);
    hn::Store(hn::Mul(radius, hn::Xor(hn::IfThenElse(odd_f, c, s), sin_sign)), d, second + lane);
  }
}

void fill_normals(const ArsKeys& keys, const LaneDraw& at, std::uint32_t first_row,
                  std::uint32_t num_rows, LaneRow* normals) {
  alignas(64) std::uint32_t bits[2][kLanes];
  alignas(64) float spare[kLanes];  // the second draw of an odd number of rows
  LaneDraw draw = at;
  for (std::uint32_t row = 0; row < num_rows; row += 2) {
    draw.site = (first_row + row) / 2;
    draw.plane = 0;
    fill_lane_bits(keys.data(), draw, bits[0]);
    draw.plane = 1;
    fill_lane_bits(keys.data(), draw, bits[1]);
    normals_from_bits(bits[0], bits[1], normals[row].lane,
                      row + 1 < num_rows ? normals[row + 1].lane : spare);
  }
}

void sparse_row(std::span<const std::uint32_t> column, const float* value, const LaneRow* x,
                LaneRow* y) {
  const Tag d;
  const std::size_t N = hn::Lanes(d);
  // Four vectors of lanes at a time: their sums stay in registers while the row passes by.
  for (std::size_t lane = 0; lane < kLanes; lane += 4 * N) {
    float* out = y->lane + lane;
    auto y0 = hn::Load(d, out), y1 = hn::Load(d, out + N), y2 = hn::Load(d, out + 2 * N),
         y3 = hn::Load(d, out + 3 * N);
    for (std::size_t k = 0; k < column.size(); ++k) {
      const float* from = x[column[k]].lane + lane;
      const auto a = hn::Set(d, value[k]);
      y0 = hn::MulAdd(a, hn::Load(d, from), y0);
      y1 = hn::MulAdd(a, hn::Load(d, from + N), y1);
      y2 = hn::MulAdd(a, hn::Load(d, from + 2 * N), y2);
      y3 = hn::MulAdd(a, hn::Load(d, from + 3 * N), y3);
    }
    hn::Store(y0, d, out), hn::Store(y1, d, out + N);
    hn::Store(y2, d, out + 2 * N), hn::Store(y3, d, out + 3 * N);
  }
}

// Calls each(row, lane) for every vector of the rows.
template <class Each>
HWY_INLINE void for_vectors(std::uint32_t num_rows, const Each& each) {
  for (std::uint32_t row = 0; row < num_rows; ++row) {
    for (std::size_t lane = 0; lane < kLanes; lane += hn::Lanes(Tag())) each(row, lane);
  }
}

void gradient(float quadratic, float quartic, std::uint32_t num_rows, const LaneRow* x,
              LaneRow* g) {
  const Tag d;
  const auto d2 = hn::Set(d, quadratic), d4 = hn::Set(d, quartic);
  for_vectors(num_rows, [&](std::uint32_t row, std::size_t lane) HWY_ATTR {
    const auto at = hn::Load(d, x[row].lane + lane);
    const auto slope = hn::MulAdd(hn::Mul(at, at), d4, d2);
    hn::Store(hn::MulAdd(at, slope, hn::Load(d, g[row].lane + lane)), d, g[row].lane + lane);
  });
}

void overdamped(std::uint32_t num_rows, float drift, const LaneRow& sigma, const LaneRow* x,
                const LaneRow* g, const LaneRow* xi, const LaneRow* xi_next, LaneRow* x_next) {
  const Tag d;
  const auto mobility = hn::Set(d, drift);
  for_vectors(num_rows, [&](std::uint32_t row, std::size_t lane) HWY_ATTR {
    auto noise = hn::Load(d, xi[row].lane + lane);
    if (xi_next != nullptr) noise = hn::Add(noise, hn::Load(d, xi_next[row].lane + lane));
    const auto push = hn::Mul(hn::Load(d, sigma.lane + lane), noise);
    const auto move = hn::NegMulAdd(mobility, hn::Load(d, g[row].lane + lane), push);
    hn::Store(hn::Add(hn::Load(d, x[row].lane + lane), move), d, x_next[row].lane + lane);
  });
}

void baoab(std::uint32_t num_rows, const BaoabLanes& step, const LaneRow* x, const LaneRow* g,
           const LaneRow* xi, LaneRow* p, LaneRow* x_next) {
  const Tag d;
  const auto half_dt = hn::Set(d, step.half_dt), keep = hn::Set(d, step.keep);
  for_vectors(num_rows, [&](std::uint32_t row, std::size_t lane) HWY_ATTR {
    auto momentum = hn::NegMulAdd(hn::Load(d, step.kick.lane + lane),
                                  hn::Load(d, g[row].lane + lane), hn::Load(d, p[row].lane + lane));
    auto at = hn::MulAdd(half_dt, momentum, hn::Load(d, x[row].lane + lane));
    const auto push =
        hn::Mul(hn::Load(d, step.spread.lane + lane), hn::Load(d, xi[row].lane + lane));
    momentum = hn::MulAdd(keep, momentum, push);
    at = hn::MulAdd(half_dt, momentum, at);
    hn::Store(momentum, d, p[row].lane + lane);
    hn::Store(at, d, x_next[row].lane + lane);
  });
}

// sums[0 .. Lanes(d)) += terms, in double.
HWY_INLINE void add_wide(Tag d, Floats terms, double* sums) {
#if HWY_TARGET == HWY_SCALAR
  (void)d;
  *sums += hn::GetLane(terms);
#else
  const hn::Half<Tag> half;
  const hn::Rebind<double, decltype(half)> wide;
  const auto low = hn::PromoteTo(wide, hn::LowerHalf(half, terms));
  const auto high = hn::PromoteTo(wide, hn::UpperHalf(half, terms));
  double* rest = sums + hn::Lanes(d) / 2;
  hn::Store(hn::Add(hn::Load(wide, sums), low), wide, sums);
  hn::Store(hn::Add(hn::Load(wide, rest), high), wide, rest);
#endif
}

void energy(const LaneNetwork& network, std::uint32_t first_row, std::uint32_t num_rows,
            const LaneRow* x, const LaneRow* field, LaneSums& sums) {
  const Tag d;
  const auto half = hn::Set(d, 0.5F);
  const auto d2 = hn::Set(d, 0.5F * network.quadratic());
  const auto d4 = hn::Set(d, 0.25F * network.quartic());
  for_vectors(num_rows, [&](std::uint32_t row, std::size_t lane) HWY_ATTR {
    const auto at = hn::Load(d, x[row].lane + lane);
    const auto square = hn::Mul(at, at);
    const auto both =
        hn::Add(hn::Load(d, field[row].lane + lane), hn::Set(d, network.linear()[first_row + row]));
    const auto own = hn::Mul(square, hn::MulAdd(square, d4, d2));
    add_wide(d, hn::MulAdd(hn::Mul(half, at), both, own), sums.energy + lane);
  });
}

void action(std::uint32_t num_rows, const LaneRow* x, const LaneRow* g, const LaneRow* x_next,
            const LaneRow* g_next, LaneSums& sums) {
  const Tag d;
  for_vectors(num_rows, [&](std::uint32_t row, std::size_t lane) HWY_ATTR {
    const auto before = hn::Load(d, g[row].lane + lane);
    const auto after = hn::Load(d, g_next[row].lane + lane);
    const auto move =
        hn::Sub(hn::Load(d, x_next[row].lane + lane), hn::Load(d, x[row].lane + lane));
    const auto sum = hn::Add(after, before);
    add_wide(d, hn::Mul(sum, move), sums.along + lane);
    add_wide(d, hn::Mul(sum, hn::Sub(after, before)), sums.steepening + lane);
  });
}

}  // namespace
}  // namespace therma::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace therma::kernels {

HWY_EXPORT(fill_normals);
HWY_EXPORT(sparse_row);
HWY_EXPORT(gradient);
HWY_EXPORT(overdamped);
HWY_EXPORT(baoab);
HWY_EXPORT(energy);
HWY_EXPORT(action);

void fill_lane_normals(const ArsKeys& keys, const LaneDraw& at, std::uint32_t first_row,
                       std::uint32_t num_rows, LaneRow* normals) noexcept {
  HWY_DYNAMIC_DISPATCH(fill_normals)(keys, at, first_row, num_rows, normals);
}

void add_sparse_row(std::span<const std::uint32_t> column, const float* value, const LaneRow* x,
                    LaneRow* y) noexcept {
  HWY_DYNAMIC_DISPATCH(sparse_row)(column, value, x, y);
}

void complete_gradient(const LaneNetwork& network, std::uint32_t num_rows, const LaneRow* x,
                       LaneRow* g) noexcept {
  HWY_DYNAMIC_DISPATCH(gradient)(network.quadratic(), network.quartic(), num_rows, x, g);
}

void move_overdamped(std::uint32_t num_rows, float drift, const LaneRow& sigma, const LaneRow* x,
                     const LaneRow* g, const LaneRow* xi, const LaneRow* xi_next,
                     LaneRow* x_next) noexcept {
  HWY_DYNAMIC_DISPATCH(overdamped)(num_rows, drift, sigma, x, g, xi, xi_next, x_next);
}

void move_baoab(std::uint32_t num_rows, const BaoabLanes& step, const LaneRow* x, const LaneRow* g,
                const LaneRow* xi, LaneRow* p, LaneRow* x_next) noexcept {
  HWY_DYNAMIC_DISPATCH(baoab)(num_rows, step, x, g, xi, p, x_next);
}

void sum_energy(const LaneNetwork& network, std::uint32_t first_row, std::uint32_t num_rows,
                const LaneRow* x, const LaneRow* field, LaneSums& sums) noexcept {
  HWY_DYNAMIC_DISPATCH(energy)(network, first_row, num_rows, x, field, sums);
}

void sum_action(std::uint32_t num_rows, const LaneRow* x, const LaneRow* g, const LaneRow* x_next,
                const LaneRow* g_next, LaneSums& sums) noexcept {
  HWY_DYNAMIC_DISPATCH(action)(num_rows, x, g, x_next, g_next, sums);
}

}  // namespace therma::kernels
#endif
