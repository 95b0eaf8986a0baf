// SPDX-License-Identifier: Apache-2.0
// JSPLIB, Taillard's, and the machine formats of the benchmark collection.
#include "therma/problems/schedule/parse_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "therma/core/error.hpp"
#include "therma/problems/schedule/check.hpp"

namespace therma::schedule {
namespace {

struct Number {
  std::int64_t value = 0;
  std::uint32_t line = 0;
};

// The numbers of a file. Lines that start with '#' are comments; a line with a letter in it is a
// heading, as Taillard's files have.
class Numbers {
 public:
  Numbers(std::string_view text, std::string_view where) : where_(where) {
    for (std::uint32_t line = 1; !text.empty(); ++line) {
      const auto end = std::min(text.find('\n'), text.size());
      read_line(text.substr(0, end), line);
      text.remove_prefix(std::min(end + 1, text.size()));
      last_line_ = line;
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return numbers_.size(); }
  [[nodiscard]] std::int64_t operator[](std::size_t i) const { return numbers_[i].value; }
  [[nodiscard]] bool has_headings() const noexcept { return has_headings_; }
  [[nodiscard]] std::uint32_t line(std::size_t i) const { return numbers_[i].line; }
  [[nodiscard]] std::uint32_t last_line() const noexcept { return last_line_; }

  template <class... Args>
  [[noreturn]] void bad(std::uint32_t line, fmt::format_string<Args...> format,
                        Args&&... args) const {
    fail(ErrorCode::bad_data, "{}:{}: {}", where_, line,
         fmt::format(format, std::forward<Args>(args)...));
  }

  // Taillard's header holds seeds and bounds behind the two sizes: only those two count.
  void drop_rest_of_header() {
    const auto is_later = [&](const Number& n) { return n.line > numbers_[0].line; };
    const auto body = std::ranges::find_if(numbers_, is_later);
    numbers_.erase(numbers_.begin() + std::min<std::ptrdiff_t>(2, body - numbers_.begin()), body);
  }

 private:
  void read_line(std::string_view text, std::uint32_t line) {
    if (!text.empty() && text[0] == '#') return;
    const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
    const auto first = text.find_first_not_of(" \t\r,");
    if (first != std::string_view::npos && is_letter(text[first])) {
      if (text.substr(first).starts_with("Times") || text.substr(first).starts_with("Machines") ||
          text.substr(first).starts_with("Nb of jobs")) {
        has_headings_ = true;
        return;
      }
    }
    while (true) {
      text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
      if (text.empty()) return;
      const auto word = text.substr(0, text.find_first_of(" \t\r"));
      std::int64_t value = 0;
      const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
      if (error != std::errc{} || stop != word.data() + word.size()) {
        bad(line, "must be a whole number, got \"{}\"", shown(word));
      }
      numbers_.push_back({value, line});
      text.remove_prefix(word.size());
    }
  }

  static std::string shown(std::string_view word) {
    std::string out;
    for (const char c : word.substr(0, 20)) {
      out += c >= 0x20 && c < 0x7f ? std::string(1, c)
                                   : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return out + (word.size() > 20 ? "…" : "");
  }

  std::string_view where_;
  std::vector<Number> numbers_;
  bool has_headings_ = false;
  std::uint32_t last_line_ = 1;
};

struct Sizes {
  std::size_t jobs = 0;
  std::size_t machines = 0;
};

// The header: two positive counts within the caps.
Sizes read_sizes(const Numbers& numbers, Format format) {
  if (numbers.size() < 2) {
    numbers.bad(numbers.last_line(), "must start with the numbers of jobs and machines, got {}",
                numbers.size() == 0 ? "no number at all" : "one number");
  }
  const bool machines_first = format == Format::pcmax;
  const auto jobs = numbers[machines_first ? 1 : 0];
  const auto machines = numbers[machines_first ? 0 : 1];
  if (jobs < 1 || machines < 1) {
    numbers.bad(numbers.line(0), "the numbers of jobs and machines must be >= 1, got {} and {}",
                jobs, machines);
  }
  const auto most_jobs = static_cast<std::int64_t>(kMaxTasks);
  const auto most_machines = static_cast<std::int64_t>(kMaxMachines);
  if (jobs > most_jobs || machines > most_machines) {
    numbers.bad(numbers.line(0), "at most {} jobs and {} machines are allowed, got {} and {}",
                most_jobs, most_machines, jobs, machines);
  }
  return {static_cast<std::size_t>(jobs), static_cast<std::size_t>(machines)};
}

// How many numbers a file of that format and size has, header included; 0 where it cannot be told
// because the file ends too early.
std::size_t expected_count(const Numbers& numbers, Format format, Sizes size) {
  switch (format) {
    case Format::rmwin: {
      std::size_t at = 2;
      for (std::size_t k = 0; k < size.machines; ++k) {
        if (at >= numbers.size() || numbers[at] < 0 ||
            numbers[at] > static_cast<std::int64_t>(numbers.size())) {
          return 0;
        }
        at += 1 + 2 * static_cast<std::size_t>(numbers[at]);
      }
      return at + size.jobs * (3 + size.machines);
    }
    case Format::rcmax:
      return 2 + size.jobs * size.machines;
    case Format::pcmax:
      return 2 + size.jobs;
    default:
      return 2 + 2 * size.jobs * size.machines;
  }
}

Problem empty_problem(const Numbers& numbers, Sizes size, std::size_t num_tasks) {
  if (num_tasks > kMaxTasks || num_tasks * size.machines > kMaxDurations) {
    numbers.bad(numbers.line(0), "at most {} tasks and {} tasks times machines are allowed",
                kMaxTasks, kMaxDurations);
  }
  Problem problem;
  problem.time_unit = "units";
  for (std::size_t k = 0; k < size.machines; ++k) {
    problem.machines.push_back({fmt::format("m{}", k), {{}}, 1.0});
  }
  problem.tasks.resize(num_tasks);
  for (auto& task : problem.tasks) task.duration_on.assign(size.machines, kNotEligible);
  return problem;
}

Ticks duration_at(const Numbers& numbers, std::size_t at) {
  if (numbers[at] < 0 || numbers[at] > kMaxTicks) {
    numbers.bad(numbers.line(at), "a duration must be >= 0 and at most {}, got {}", kMaxTicks,
                numbers[at]);
  }
  return numbers[at];
}

// Where job shop files keep the machine (numbered from `base`) and the duration of an operation.
struct Layout {
  std::size_t machine;
  std::size_t duration;
  std::int64_t base;
};
Layout layout_of(Format format, Sizes size, std::size_t job, std::size_t step) {
  const auto index = job * size.machines + step;
  if (format == Format::taillard) {
    return {2 + size.jobs * size.machines + index, 2 + index, 1};
  }
  return {2 + 2 * index, 2 + 2 * index + 1, 0};
}

// A job may visit a machine twice in JSPLIB's layout; in Taillard's each row is a permutation.
bool is_valid_job_shop(const Numbers& numbers, Format format, Sizes size) {
  const auto m = static_cast<std::int64_t>(size.machines);
  std::vector<std::size_t> seen(size.machines, size.jobs);
  for (std::size_t job = 0; job < size.jobs; ++job) {
    for (std::size_t step = 0; step < size.machines; ++step) {
      const auto at = layout_of(format, size, job, step);
      const auto machine = numbers[at.machine] - at.base;
      if (machine < 0 || machine >= m || numbers[at.duration] < 0) return false;
      auto& last_seen = seen[static_cast<std::size_t>(machine)];
      if (format == Format::taillard && last_seen == job) return false;
      last_seen = job;
    }
  }
  return true;
}

Problem read_job_shop(const Numbers& numbers, Format format, Sizes size) {
  auto problem = empty_problem(numbers, size, size.jobs * size.machines);
  for (std::size_t job = 0; job < size.jobs; ++job) {
    for (std::size_t step = 0; step < size.machines; ++step) {
      const auto index = job * size.machines + step;
      const auto at = layout_of(format, size, job, step);
      const auto machine = numbers[at.machine] - at.base;
      if (machine < 0 || machine >= static_cast<std::int64_t>(size.machines)) {
        numbers.bad(numbers.line(at.machine), "job {}: machine must be in [{}, {}], got {}", job,
                    at.base, static_cast<std::int64_t>(size.machines) - 1 + at.base,
                    numbers[at.machine]);
      }
      auto& task = problem.tasks[index];
      task.id = fmt::format("j{}.{}", job, step);
      task.work = duration_at(numbers, at.duration);
      task.duration_on[static_cast<std::size_t>(machine)] = *task.work;
      if (step > 0) {
        const auto after = static_cast<std::uint32_t>(index);
        problem.precedences.push_back({after - 1, after, 0});
      }
    }
  }
  return problem;
}

// Reads the windows of one machine from `at` on; returns where the next one starts.
std::size_t read_windows(const Numbers& numbers, std::size_t at, Machine& machine) {
  const auto count = static_cast<std::size_t>(numbers[at]);
  if (count == 0) numbers.bad(numbers.line(at), "machine {} has no window", machine.id);
  machine.windows.clear();
  for (std::size_t w = 0; w < count; ++w) {
    machine.windows.push_back({numbers[at + 1 + 2 * w], numbers[at + 2 + 2 * w]});
  }
  return at + 1 + 2 * count;
}

Problem read_machines(const Numbers& numbers, Format format, Sizes size) {
  auto problem = empty_problem(numbers, size, size.jobs);
  std::size_t at = 2;
  if (format == Format::rmwin) {
    for (auto& machine : problem.machines) at = read_windows(numbers, at, machine);
  }
  for (std::size_t job = 0; job < size.jobs; ++job) {
    auto& task = problem.tasks[job];
    task.id = fmt::format("j{}", job);
    if (format == Format::rmwin) {
      task.release = duration_at(numbers, at++);
      task.due = duration_at(numbers, at++);
      task.weight = static_cast<double>(duration_at(numbers, at++));
    }
    for (auto& duration : task.duration_on) {
      const bool is_barred = format == Format::rmwin && numbers[at] == -1;
      duration = is_barred ? kNotEligible : duration_at(numbers, at);
      if (format != Format::pcmax) ++at;
    }
    if (format == Format::pcmax) task.work = numbers[at++];
  }
  return problem;
}

Problem read_as(const Numbers& numbers, Format format, std::string_view hint) {
  const auto size = read_sizes(numbers, format);
  const auto expected = expected_count(numbers, format, size);
  if (numbers.size() < expected || expected == 0) {
    numbers.bad(numbers.last_line(), "ends after {} numbers; {} jobs on {} machines take {}{}",
                numbers.size(), size.jobs, size.machines,
                expected == 0 ? std::string("more") : fmt::format("{}", expected), hint);
  }
  if (numbers.size() > expected) {
    numbers.bad(numbers.line(expected), "{} jobs on {} machines take {} numbers, got {}{}",
                size.jobs, size.machines, expected, numbers.size(), hint);
  }
  const bool is_job_shop = format == Format::jsplib || format == Format::taillard;
  return is_job_shop ? read_job_shop(numbers, format, size) : read_machines(numbers, format, size);
}

// Formats whose count fits, and, for the two of equal count, whose machine numbers do.
std::vector<Format> fitting(const Numbers& numbers) {
  std::vector<Format> fits;
  if (numbers.size() < 2) return fits;
  for (const auto format :
       {Format::jsplib, Format::taillard, Format::rmwin, Format::rcmax, Format::pcmax}) {
    const auto size = read_sizes(numbers, format);
    if (expected_count(numbers, format, size) != numbers.size()) continue;
    const bool is_job_shop = format == Format::jsplib || format == Format::taillard;
    if (is_job_shop && !is_valid_job_shop(numbers, format, size)) continue;
    fits.push_back(format);
  }
  return fits;
}

}  // namespace

ParsedProblem parse_numbers(std::string_view text, std::string_view where, Format format) {
  Numbers numbers(text, where);
  std::string_view hint;
  if (numbers.has_headings()) {
    if (format == Format::automatic) format = Format::taillard;
    if (numbers.size() > 2) numbers.drop_rest_of_header();
  }
  if (format == Format::automatic) {
    const auto fits = fitting(numbers);
    if (fits.size() > 1) {
      const auto name = [](Format f) { return enum_names(f)[static_cast<std::size_t>(f)]; };
      fail(ErrorCode::bad_data, "{}: reads as {} and as {}; name one with --format", where,
           name(fits[0]), name(fits[1]));
    }
    format = fits.empty() ? Format::jsplib : fits[0];
    if (fits.empty()) hint = " (read as jsplib; another format can be named with --format)";
  }
  auto problem = read_as(numbers, format, hint);
  check_problem(problem, where);
  return {std::move(problem), format, {}};
}

}  // namespace therma::schedule
