// SPDX-License-Identifier: Apache-2.0
// k-means over sketched rows, and the statistics of the nodes.
#include "therma/llm/heads/token_tree.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "therma/core/error.hpp"
#include "therma/core/random/rng.hpp"

namespace therma::llm {
namespace {

constexpr std::uint32_t kSketch = 64;  // dimensions
constexpr std::uint32_t kIterations = 6;
constexpr std::uint32_t kSamplesPerNode = 32;
constexpr std::uint32_t kGrain = 64;
constexpr std::uint32_t kMostOfMean = 4;  // size of a node over the mean size
constexpr std::uint64_t kSeed = 0x7472656573;

using Points = kernels::AlignedVector<float>;  // [point, kSketch]

std::vector<TokenId> real_tokens(const HeadMatrix& matrix) {
  std::vector<TokenId> tokens;
  for (TokenId v = 0; v < std::min(matrix.num_tokens, matrix.weights.rows); ++v) {
    if (!std::ranges::binary_search(matrix.masked, v)) tokens.push_back(v);
  }
  if (tokens.empty()) fail(ErrorCode::invalid_argument, "head: no row stands for a token");
  return tokens;
}

// Every column is added to one of 64 sums with a random sign: distances are kept on average
// (Charikar, Chen and Farach-Colton, ICALP 2002).
Points sketch(const MatrixView& W, std::span<const TokenId> tokens, const Team& team) {
  const Rng rng = Rng(kSeed).child("sketch");
  std::vector<std::uint32_t> sum_of(W.columns);
  std::vector<float> sign(W.columns);
  for (std::uint32_t j = 0; j < W.columns; ++j) {
    const auto bits = rng.bits({.site = j});
    sum_of[j] = static_cast<std::uint32_t>(bits % kSketch);
    sign[j] = (bits >> 63) != 0 ? 1.0F : -1.0F;
  }
  Points points(tokens.size() * kSketch, 0.0F);
  team.split(static_cast<std::uint32_t>(tokens.size()), kGrain, [&](auto begin, auto end) {
    std::vector<float> row(W.columns);
    for (auto i = begin; i < end; ++i) {
      dequantise(W.type, W.row(tokens[i]), row);
      float* const point = points.data() + std::size_t{i} * kSketch;
      for (std::uint32_t j = 0; j < W.columns; ++j) point[sum_of[j]] += sign[j] * row[j];
    }
  });
  return points;
}

struct Clusters {
  Points centres;                   // [node, kSketch]
  std::vector<float> half_squares;  // [node]: |centre|^2 / 2
};

void measure(Clusters& clusters) {
  const std::size_t nodes = clusters.centres.size() / kSketch;
  clusters.half_squares.resize(nodes);
  for (std::size_t k = 0; k < nodes; ++k) {
    const float* const c = clusters.centres.data() + k * kSketch;
    clusters.half_squares[k] = 0.5F * std::inner_product(c, c + kSketch, c, 0.0F);
  }
}

MatrixView view(const Points& points) {
  return {.type = DType::f32,
          .rows = static_cast<std::uint32_t>(points.size() / kSketch),
          .columns = kSketch,
          .bytes = reinterpret_cast<const std::byte*>(points.data())};
}

// The nearest centre of each point: the least |c|^2 / 2 - x . c, the first of equals.
std::vector<std::uint32_t> nearest(const Points& points, std::span<const std::uint32_t> chosen,
                                   const Clusters& clusters, const Team& team) {
  std::vector<std::uint32_t> node(chosen.size());
  const MatrixView centres = view(clusters.centres);
  team.split(static_cast<std::uint32_t>(chosen.size()), kGrain, [&](auto begin, auto end) {
    Activation point;
    std::vector<float> gain(centres.rows);
    for (auto i = begin; i < end; ++i) {
      point.assign({points.data() + std::size_t{chosen[i]} * kSketch, kSketch}, false);
      multiply_rows(centres, 0, centres.rows, point, Product::exact, gain.data());
      for (std::uint32_t k = 0; k < centres.rows; ++k) gain[k] -= clusters.half_squares[k];
      node[i] = static_cast<std::uint32_t>(std::ranges::max_element(gain) - gain.begin());
    }
  });
  return node;
}

// A node that lost all its points keeps its centre.
void move_centres(const Points& points, std::span<const std::uint32_t> chosen,
                  std::span<const std::uint32_t> node, Clusters& clusters) {
  std::vector<double> sums(clusters.centres.size(), 0.0);
  std::vector<std::uint32_t> counts(clusters.half_squares.size(), 0);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    ++counts[node[i]];
    for (std::uint32_t j = 0; j < kSketch; ++j) {
      sums[std::size_t{node[i]} * kSketch + j] +=
          static_cast<double>(points[std::size_t{chosen[i]} * kSketch + j]);
    }
  }
  for (std::size_t at = 0; at < sums.size(); ++at) {
    const auto count = counts[at / kSketch];
    if (count > 0) clusters.centres[at] = static_cast<float>(sums[at] / count);
  }
}

// `count` of [0, size) at equal distances.
std::vector<std::uint32_t> spread_out(std::uint32_t count, std::uint32_t size) {
  std::vector<std::uint32_t> at(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    at[i] = static_cast<std::uint32_t>(std::uint64_t{i} * size / count);
  }
  return at;
}

Clusters cluster(const Points& points, std::uint32_t nodes, const Team& team) {
  const auto size = static_cast<std::uint32_t>(points.size() / kSketch);
  const auto sample = spread_out(std::min(size, nodes * kSamplesPerNode), size);
  Clusters clusters{.centres = Points(std::size_t{nodes} * kSketch), .half_squares = {}};
  for (std::uint32_t k = 0; const auto i : spread_out(nodes, size)) {
    std::copy_n(points.data() + std::size_t{i} * kSketch, kSketch,
                clusters.centres.data() + std::size_t{k++} * kSketch);
  }
  for (std::uint32_t t = 0; t < kIterations; ++t) {
    measure(clusters);
    move_centres(points, sample, nearest(points, sample, clusters, team), clusters);
  }
  measure(clusters);
  return clusters;
}

// Leaves by node; nodes that are too large are cut up, empty ones are left out.
void fill(TokenTree& tree, std::span<const TokenId> tokens, std::span<const std::uint32_t> node,
          std::uint32_t nodes) {
  std::vector<std::vector<TokenId>> leaves(nodes);
  for (std::size_t i = 0; i < tokens.size(); ++i) leaves[node[i]].push_back(tokens[i]);
  const std::size_t most = kMostOfMean * (tokens.size() / nodes + 1);
  tree.first.push_back(0);
  for (const auto& all : leaves) {
    const std::size_t parts = (all.size() + most - 1) / most;
    for (std::size_t p = 0; p < parts; ++p) {
      for (std::size_t i = all.size() * p / parts; i < all.size() * (p + 1) / parts; ++i) {
        tree.node_of[all[i]] = tree.num_nodes();
        tree.tokens.push_back(all[i]);
      }
      tree.first.push_back(static_cast<std::uint32_t>(tree.tokens.size()));
    }
  }
}

void describe_node(TokenTree& tree, std::uint32_t node, const MatrixView& W) {
  const std::size_t hidden = W.columns;
  std::vector<float> row(hidden);
  std::vector<double> sums(hidden, 0.0), squares(hidden, 0.0);
  const auto tokens = tree.of(node);
  for (const TokenId v : tokens) {
    dequantise(W.type, W.row(v), row);
    for (std::size_t j = 0; j < hidden; ++j) {
      const double w = static_cast<double>(row[j]);
      sums[j] += w;
      squares[j] += w * w;
    }
  }
  const double count = static_cast<double>(tokens.size());
  for (std::size_t j = 0; j < hidden; ++j) {
    const double mean = sums[j] / count;
    tree.means[node * hidden + j] = static_cast<float>(mean);
    tree.variances[node * hidden + j] =
        static_cast<float>(std::max(0.0, squares[j] / count - mean * mean));
  }
}

std::vector<std::uint32_t> nearest_nodes(const TokenTree& tree, std::uint32_t node) {
  const auto distance = [&](std::uint32_t other) {
    double sum = 0.0;
    for (std::size_t j = 0; j < tree.hidden; ++j) {
      const double d = static_cast<double>(tree.means[std::size_t{node} * tree.hidden + j]) -
                       static_cast<double>(tree.means[std::size_t{other} * tree.hidden + j]);
      sum += d * d;
    }
    return sum;
  };
  std::vector<std::pair<double, std::uint32_t>> others;
  for (std::uint32_t k = 0; k < tree.num_nodes(); ++k) {
    if (k != node) others.emplace_back(distance(k), k);
  }
  const auto count = std::min<std::size_t>(TokenTree::kNeighbours, others.size());
  std::ranges::partial_sort(others, others.begin() + static_cast<std::ptrdiff_t>(count));
  std::vector<std::uint32_t> nodes;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back(others[i].second);
  return nodes;
}

}  // namespace

std::size_t TokenTree::bytes() const noexcept {
  return (tokens.size() + first.size() + node_of.size() + means.size() + variances.size() +
          neighbours.size() * kNeighbours) *
         sizeof(float);
}

TokenTree build_token_tree(const HeadMatrix& matrix, std::uint32_t nodes, const Team& team) {
  const auto tokens = real_tokens(matrix);
  const auto size = static_cast<std::uint32_t>(tokens.size());
  if (nodes == 0) {
    nodes = std::min(512U, static_cast<std::uint32_t>(std::ceil(std::sqrt(double{1} * size))));
  }
  nodes = std::min(nodes, size);
  const auto points = sketch(matrix.weights, tokens, team);
  const auto clusters = cluster(points, nodes, team);

  TokenTree tree;
  tree.hidden = matrix.weights.columns;
  tree.node_of.assign(matrix.weights.rows, TokenTree::kNoNode);
  fill(tree, tokens, nearest(points, spread_out(size, size), clusters, team), nodes);
  const std::size_t numbers = std::size_t{tree.num_nodes()} * tree.hidden;
  tree.means.resize(numbers);
  tree.variances.resize(numbers);
  tree.neighbours.resize(tree.num_nodes());
  team.split(tree.num_nodes(), 1, [&](auto begin, auto end) {
    for (auto node = begin; node < end; ++node) describe_node(tree, node, matrix.weights);
  });
  team.split(tree.num_nodes(), 1, [&](auto begin, auto end) {
    for (auto node = begin; node < end; ++node) tree.neighbours[node] = nearest_nodes(tree, node);
  });
  return tree;
}

std::vector<double> node_log_masses(const TokenTree& tree, const Activation& hidden, double beta,
                                    const Team& team) {
  std::vector<float> squares(hidden.x.begin(), hidden.x.end());
  for (float& x : squares) x *= x;
  Activation squared;
  squared.assign(squares, false);
  const auto matrix = [&](const kernels::AlignedVector<float>& numbers) {
    return MatrixView{.type = DType::f32,
                      .rows = tree.num_nodes(),
                      .columns = tree.hidden,
                      .bytes = reinterpret_cast<const std::byte*>(numbers.data())};
  };
  std::vector<float> means(tree.num_nodes()), spreads(tree.num_nodes());
  team.split(tree.num_nodes(), kGrain, [&](auto begin, auto end) {
    multiply_rows(matrix(tree.means), begin, end - begin, hidden, Product::exact,
                  means.data() + begin);
    multiply_rows(matrix(tree.variances), begin, end - begin, squared, Product::exact,
                  spreads.data() + begin);
  });
  std::vector<double> masses(tree.num_nodes());
  for (std::uint32_t node = 0; node < tree.num_nodes(); ++node) {
    const double log_size = std::log(static_cast<double>(tree.of(node).size()));
    const double s = beta * std::sqrt(std::max(0.0, static_cast<double>(spreads[node])));
    const double freezing = std::sqrt(2.0 * log_size);
    masses[node] = beta * static_cast<double>(means[node]) +
                   (s < freezing ? log_size + 0.5 * s * s : s * freezing);
  }
  return masses;
}

std::vector<double> exact_node_log_masses(const TokenTree& tree, std::span<const float> energies,
                                          double beta) {
  std::vector<double> masses(tree.num_nodes());
  for (std::uint32_t node = 0; node < tree.num_nodes(); ++node) {
    float least = std::numeric_limits<float>::infinity();
    for (const TokenId v : tree.of(node)) least = std::min(least, energies[v]);
    double sum = 0.0;
    for (const TokenId v : tree.of(node)) {
      if (std::isfinite(energies[v])) {
        sum += std::exp(-beta * (static_cast<double>(energies[v]) - static_cast<double>(least)));
      }
    }
    masses[node] = std::isfinite(least) ? std::log(sum) - beta * static_cast<double>(least)
                                        : -std::numeric_limits<double>::infinity();
  }
  return masses;
}

}  // namespace therma::llm
