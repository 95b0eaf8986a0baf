// SPDX-License-Identifier: Apache-2.0
// The table of a head sweep as a picture: a line of perplexities for each noise floor.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "therma/engine/language/head_sweep.hpp"

namespace therma {
namespace {

constexpr double kWidth = 720, kHeight = 420, kLeft = 70, kRight = 150, kTop = 50, kBottom = 60;
constexpr std::array<std::string_view, 6> kColours = {"#1b6ca8", "#d1495b", "#2e933c",
                                                      "#edae49", "#6a4c93", "#00798c"};

std::string bits_label(std::uint32_t bits) {
  return bits == 0 ? "none" : fmt::format("{} bits", bits);
}

// In the order of their first row.
template <class Value, class Of>
std::vector<Value> distinct(const HeadSweepReport& report, const Of& of) {
  std::vector<Value> out;
  for (const auto& row : report.rows) {
    if (std::ranges::find(out, of(row)) == out.end()) out.push_back(of(row));
  }
  return out;
}

class Plot {
 public:
  explicit Plot(const HeadSweepReport& report)
      : report_(report),
        bits_(distinct<std::uint32_t>(report, [](const auto& row) { return row.dac_bits; })),
        noise_(distinct<double>(report, [](const auto& row) { return row.noise_floor; })) {
    low_ = high_ = std::log10(report.ideal_perplexity);
    for (const auto& row : report.rows) {
      if (!std::isfinite(row.perplexity)) continue;
      low_ = std::min(low_, std::log10(row.perplexity));
      high_ = std::max(high_, std::log10(row.perplexity));
    }
    const double margin = std::max(0.02, 0.08 * (high_ - low_));
    low_ -= margin, high_ += margin;
  }

  [[nodiscard]] std::string svg() {
    out_ = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" font-family=\"sans-serif\" font-size=\"13\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
        kWidth, kHeight);
    text(kLeft, 24, "start", "Perplexity of a text against the limits of the head", "#222", 16);
    axes();
    for (std::size_t k = 0; k < noise_.size(); ++k) line(k);
    ideal();
    return out_ + "</svg>\n";
  }

 private:
  [[nodiscard]] double x(std::size_t bits) const {
    const auto steps = static_cast<double>(std::max<std::size_t>(1, bits_.size() - 1));
    return kLeft + 20 + static_cast<double>(bits) / steps * (kWidth - kLeft - kRight - 40);
  }
  [[nodiscard]] double y(double perplexity) const {
    const double share = (std::log10(perplexity) - low_) / (high_ - low_);
    return kHeight - kBottom - share * (kHeight - kTop - kBottom);
  }
  void text(double at_x, double at_y, std::string_view anchor, std::string_view words,
            std::string_view colour, int size = 13) {
    out_ += fmt::format(
        "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\" "
        "font-size=\"{}\">{}</text>\n",
        at_x, at_y, anchor, colour, size, words);
  }
  void stroke(double x1, double y1, double x2, double y2, std::string_view colour,
              std::string_view dash = "") {
    out_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\"{}/>\n", x1, y1,
        x2, y2, colour, dash.empty() ? "" : fmt::format(" stroke-dasharray=\"{}\"", dash));
  }

  // Round numbers 1, 2, 5 times powers of ten.
  void axes() {
    const double end = kWidth - kRight;
    stroke(kLeft, kHeight - kBottom, end, kHeight - kBottom, "#444");
    stroke(kLeft, kTop, kLeft, kHeight - kBottom, "#444");
    int shown = 0;
    for (int power = static_cast<int>(std::floor(low_)); power <= high_; ++power) {
      for (const double digit : {1.0, 1.5, 2.0, 3.0, 5.0, 7.0}) {
        const double value = digit * std::pow(10.0, power);
        if (std::log10(value) < low_ || std::log10(value) > high_) continue;
        stroke(kLeft, y(value), end, y(value), "#e4e4e4");
        text(kLeft - 8, y(value) + 4, "end", fmt::format("{:g}", value), "#444");
        ++shown;
      }
    }
    if (shown < 2)
      text(kLeft - 8, y(report_.ideal_perplexity) + 4, "end",
           fmt::format("{:.4g}", report_.ideal_perplexity), "#444");
    for (std::size_t k = 0; k < bits_.size(); ++k) {
      text(x(k), kHeight - kBottom + 20, "middle", bits_label(bits_[k]), "#444");
    }
    text((kLeft + end) / 2, kHeight - 16, "middle", "bits of the converters", "#444");
  }

  void line(std::size_t noise) {
    const auto colour = kColours[noise % kColours.size()];
    std::string points;
    for (const auto& row : report_.rows) {
      if (row.noise_floor != noise_[noise] || !std::isfinite(row.perplexity)) continue;
      const auto at =
          static_cast<std::size_t>(std::ranges::find(bits_, row.dac_bits) - bits_.begin());
      points += fmt::format("{:.1f},{:.1f} ", x(at), y(row.perplexity));
      out_ += fmt::format(
          "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"><title>{}, noise {:g} kT: "
          "perplexity {:.4g}, TV {:.4f}</title></circle>\n",
          x(at), y(row.perplexity), colour, bits_label(row.dac_bits), row.noise_floor,
          row.perplexity, row.tv);
    }
    out_ +=
        fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n",
                    points, colour);
    text(kWidth - kRight + 12, kTop + 20 * static_cast<double>(noise) + 8, "start",
         fmt::format("noise {:g} kT", noise_[noise]), colour);
  }

  void ideal() {
    const double level = y(report_.ideal_perplexity);
    stroke(kLeft, level, kWidth - kRight, level, "#888", "5 4");
    text(kWidth - kRight + 12, level + 4, "start",
         fmt::format("ideal {:.3g}", report_.ideal_perplexity), "#666");
  }

  const HeadSweepReport& report_;
  std::vector<std::uint32_t> bits_;
  std::vector<double> noise_;
  double low_ = 0.0;  // log10 of the perplexity
  double high_ = 1.0;
  std::string out_;
};

}  // namespace

std::string plot_svg(const HeadSweepReport& report) { return Plot(report).svg(); }

}  // namespace therma
