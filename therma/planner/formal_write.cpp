// SPDX-License-Identifier: Apache-2.0
// Writing: one unit of time, windows in order, JSON, and a reading for every number.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "therma/planner/formal_draft.hpp"

namespace therma::planner {
namespace {

constexpr double kNever = 1e14;  // seconds; what closes later never closes

class Writer {
 public:
  Writer(const Draft& draft, std::string_view language) : draft_(draft), language_(language) {}

  Formal run() {
    choose_unit();
    out_.kind = "schedule";
    out_.language = std::string(language_);
    out_.problem = Json{{"therma", 1}, {"kind", "schedule"}, {"time_unit", symbol(unit_)}};
    write_tasks();
    write_machines();
    write_resources();
    write_orders();
    write_goal();
    for (const auto& a : draft_.assumptions) say(a);
    unit_assumptions();
    return std::move(out_);
  }

 private:
  void say(const Bilingual& sentence) {
    const auto& text = sentence.in(language_);
    if (said_.insert(text).second) out_.assumptions.push_back(text);
  }

  // --- the unit ----------------------------------------------------------------------------------
  template <class Visit>
  void each_time(Visit&& visit) const {
    for (const auto& t : draft_.tasks) {
      visit(t.duration->low);
      visit(t.duration->high);
      if (t.release) visit(*t.release);
      if (t.deadline) visit(*t.deadline);
    }
    for (const auto& m : draft_.machines) {
      for (const auto* list : {&m.windows, &m.closed}) {
        for (const auto& w : *list) {
          visit(w.open);
          if (w.close.seconds < kNever) visit(w.close);
        }
      }
    }
    for (const auto& o : draft_.orders) {
      if (o.lag) visit(*o.lag);
    }
    for (const auto& [task, time] : draft_.relative_deadlines) visit(time);
  }

  void choose_unit() {
    bool hours = false;
    bool minutes = false;
    bool beyond_day = false;  // "by 90" is no hour of a day
    unit_ = TimeUnit::day;
    each_time([&](const Time& t) {
      hours |= !t.bare && (t.unit == TimeUnit::hour || t.clock);
      minutes |= !t.bare && t.unit <= TimeUnit::minute;
      beyond_day |= t.bare && t.seconds > 86400;
    });
    bare_scale_ = minutes && !hours && beyond_day ? 1.0 / 60.0 : 1.0;
    each_time([&](const Time& t) {
      const auto unit = t.bare ? (bare_scale_ < 1 ? TimeUnit::minute : TimeUnit::hour) : t.unit;
      unit_ = std::min(unit_, unit);
      named_.insert(unit);
      clock_ |= t.clock;
      bare_ |= t.bare;
      notes_.insert(t.note);
    });
    while (unit_ > TimeUnit::second && !is_plain())
      unit_ = static_cast<TimeUnit>(static_cast<int>(unit_) - 1);
  }

  // Are all times multiples of a hundredth of the unit?
  bool is_plain() const {
    bool plain = true;
    each_time([&](const Time& t) {
      const double hundredths = seconds(t) / seconds_in(unit_) * 100;
      plain &= std::abs(hundredths - std::round(hundredths)) < 1e-6;
    });
    return plain;
  }

  double seconds(const Time& t) const { return t.bare ? t.seconds * bare_scale_ : t.seconds; }
  double in_units(double s) const {
    const double value = s / seconds_in(unit_);
    const double rounded = std::round(value * 1e6) / 1e6;
    return std::abs(rounded - value) < 1e-9 * std::max(1.0, value) ? rounded : value;
  }

  static Json number(double value) {
    if (value == std::floor(value) && std::abs(value) < 9e15)
      return static_cast<std::int64_t>(value);
    return value;
  }

  Json time(const std::string& path, const Time& t, double plus_s = 0.0) {
    const double value = in_units(seconds(t) + plus_s);
    out_.readings.push_back({path, value, t.span});
    return number(value);
  }
  Json counted(const std::string& path, const Number& n) {
    out_.readings.push_back({path, n.value, n.span});
    return number(n.value);
  }

  // --- tasks -------------------------------------------------------------------------------------
  void write_tasks() {
    const double start = opening();
    Json list = Json::array();
    for (std::size_t i = 0; i < draft_.tasks.size(); ++i) list.push_back(task(i, start));
    out_.problem["tasks"] = std::move(list);
  }

  // When work can begin at all: the first opening of a machine, or the first release.
  double opening() const {
    double first = kNever;
    for (const auto& m : draft_.machines) {
      double open = m.windows.empty() ? 0.0 : kNever;
      for (const auto& w : m.windows) open = std::min(open, seconds(w.open));
      first = std::min(first, open);
    }
    double release = kNever;
    for (const auto& t : draft_.tasks)
      release = std::min(release, t.release ? seconds(*t.release) : 0.0);
    return std::max(first, release);
  }

  Json task(std::size_t i, double start) {
    const DraftTask& t = draft_.tasks[i];
    const std::string path = fmt::format("/tasks/{}", i);
    Json out{{"id", t.id}};
    if (t.duration->range && t.duration->low.seconds != t.duration->high.seconds) {
      out["duration"] = {{"min", time(path + "/duration/min", t.duration->low)},
                         {"max", time(path + "/duration/max", t.duration->high)}};
    } else {
      out["duration"] = time(path + "/duration", t.duration->low);
    }
    if (!t.machines.empty() && t.machines.size() < draft_.machines.size()) {
      out["machines"] = Json::array();
      for (const auto m : t.machines) out["machines"].push_back(draft_.machines[m].id);
    }
    if (t.release && t.release->seconds > 0) out["release"] = time(path + "/release", *t.release);
    write_deadline(out, i, start);
    if (t.weight) out["weight"] = counted(path + "/weight", *t.weight);
    for (const auto& d : t.demands) {
      const auto& id = draft_.resources[d.resource].id;
      out["demand"][id] =
          d.amount ? counted(fmt::format("{}/demand/{}", path, pointer(id)), *d.amount) : Json(1);
    }
    return out;
  }

  static std::string pointer(const std::string& key) {
    std::string out;
    for (const char c : key) {
      if (c == '~' || c == '/') out += '~';
      out += c == '~' ? '0' : c == '/' ? '1' : c;
    }
    return out;
  }

  // Hard by default; soft where lateness is what is minimised.
  void write_deadline(Json& out, std::size_t i, double start) {
    std::optional<Time> limit = draft_.tasks[i].deadline;
    double plus = 0.0;
    for (const auto& [task, within] : draft_.relative_deadlines) {
      if (task != i) continue;
      if (!limit || seconds(within) + start < seconds(*limit) + plus) {
        limit = within;
        plus = start;
      }
    }
    if (!limit) return;
    if (plus > 0) {
      say({fmt::format("„W ciągu” liczy się od {} {}, kiedy praca może się zacząć.",
                       in_units(start), symbol(unit_)),
           fmt::format("“Within” counts from {} {}, when work can begin.", in_units(start),
                       symbol(unit_))});
    }
    const char* key = draft_.tardiness ? "due" : "deadline";
    if (draft_.tardiness)
      say({"Skoro liczą się spóźnienia, terminy wolno przekroczyć.",
           "Since lateness is minimised, deadlines may be missed."});
    out[key] = time(fmt::format("/tasks/{}/{}", i, key), *limit, plus);
  }

  // --- machines ----------------------------------------------------------------------------------
  void write_machines() {
    Json list = Json::array();
    bool once = false;
    for (std::size_t i = 0; i < draft_.machines.size(); ++i) {
      const DraftMachine& m = draft_.machines[i];
      const std::string path = fmt::format("/machines/{}", i);
      Json out{{"id", m.id}};
      const auto windows = windows_of(m);
      for (std::size_t k = 0; k < windows.size(); ++k) {
        const auto& w = windows[k];
        out["windows"].push_back(
            Json::array({time(fmt::format("{}/windows/{}/0", path, k), w.open),
                         time(fmt::format("{}/windows/{}/1", path, k), w.close)}));
      }
      once |= !m.windows.empty() && !m.daily;
      if (m.speed_span) {
        out["speed"] = number(m.speed);
        out_.readings.push_back({path + "/speed", m.speed, *m.speed_span});
      }
      list.push_back(std::move(out));
    }
    out_.problem["machines"] = std::move(list);
    if (once)
      say({"Okna maszyn są jednorazowe, nie powtarzają się codziennie.",
           "The windows of machines come once, not every day."});
  }

  std::vector<DayWindow> windows_of(const DraftMachine& m) {
    auto windows = m.windows;
    if (m.daily) repeat(windows);
    if (!m.closed.empty()) {
      if (windows.empty()) {
        Time zero = m.closed[0].open;
        zero.seconds = 0;
        zero.bare = false;
        Time end = m.closed[0].close;
        end.seconds = horizon();
        end.bare = false;
        windows.push_back({zero, end});
      }
      for (const auto& gap : m.closed) windows = without(windows, gap);
    }
    std::ranges::sort(windows, {}, [&](const DayWindow& w) { return seconds(w.open); });
    std::vector<DayWindow> merged;
    for (const auto& w : windows) {
      if (!merged.empty() && seconds(w.open) <= seconds(merged.back().close)) {
        if (seconds(w.close) > seconds(merged.back().close)) merged.back().close = w.close;
      } else {
        merged.push_back(w);
      }
    }
    return merged;
  }

  void repeat(std::vector<DayWindow>& windows) {
    const std::size_t days = std::clamp<std::size_t>(draft_.tasks.size(), 2, 60);
    const auto one_day = windows;
    for (std::size_t d = 1; d < days; ++d) {
      for (auto w : one_day) {
        for (auto* t : {&w.open, &w.close})
          t->seconds += 86400.0 * static_cast<double>(d) / (t->bare ? bare_scale_ : 1.0);
        windows.push_back(w);
      }
    }
    say({fmt::format("Codzienne okna powtórzono przez {} dni.", days),
         fmt::format("Daily windows are repeated for {} days.", days)});
  }

  std::vector<DayWindow> without(const std::vector<DayWindow>& windows,
                                 const DayWindow& gap) const {
    std::vector<DayWindow> out;
    for (const auto& w : windows) {
      if (seconds(w.open) < seconds(gap.open)) {
        out.push_back({w.open, seconds(gap.open) < seconds(w.close) ? gap.open : w.close});
      }
      if (seconds(gap.close) < seconds(w.close)) {
        out.push_back({seconds(gap.close) > seconds(w.open) ? gap.close : w.open, w.close});
      }
    }
    return out;
  }

  // Later than any plan needs: all work in a row on the slowest machine, after all that delays it.
  double horizon() {
    double slowest = 1.0;
    double latest = 0.0;
    double work = 0.0;
    for (const auto& m : draft_.machines) {
      slowest = std::min(slowest, m.speed);
      for (const auto* list : {&m.windows, &m.closed}) {
        for (const auto& w : *list) {
          latest = std::max(latest, seconds(w.open));
          if (w.close.seconds < kNever) latest = std::max(latest, seconds(w.close));
        }
      }
    }
    for (const auto& t : draft_.tasks) {
      work += t.duration->high.seconds;
      if (t.release) latest = std::max(latest, seconds(*t.release));
    }
    for (const auto& o : draft_.orders) work += o.lag ? o.lag->seconds : 0.0;
    const double end = latest + work / slowest;
    const double whole = std::ceil(end / seconds_in(unit_)) * seconds_in(unit_);
    say({fmt::format(
             "Okna bez końca zamknięto w chwili {} {}, później niż potrzebuje jakikolwiek plan.",
             in_units(whole), symbol(unit_)),
         fmt::format("Windows without an end close at {} {}, later than any plan needs.",
                     in_units(whole), symbol(unit_))});
    return whole;
  }

  // --- the rest ----------------------------------------------------------------------------------
  void write_resources() {
    if (draft_.resources.empty()) return;
    Json list = Json::array();
    for (std::size_t i = 0; i < draft_.resources.size(); ++i) {
      const auto& r = draft_.resources[i];
      list.push_back({{"id", r.id},
                      {"capacity", counted(fmt::format("/resources/{}/capacity", i), r.capacity)}});
    }
    out_.problem["resources"] = std::move(list);
  }

  void write_orders() {
    if (draft_.orders.empty()) return;
    Json list = Json::array();
    for (std::size_t i = 0; i < draft_.orders.size(); ++i) {
      const auto& o = draft_.orders[i];
      Json order{{"before", draft_.tasks[o.before].id}, {"after", draft_.tasks[o.after].id}};
      if (o.lag) order["lag"] = time(fmt::format("/precedence/{}/lag", i), *o.lag);
      list.push_back(std::move(order));
    }
    out_.problem["precedence"] = std::move(list);
  }

  void write_goal() {
    Json goal = Json::object();
    if (draft_.makespan || !draft_.tardiness) goal["makespan"] = 1.0;
    if (draft_.tardiness) goal["tardiness"] = 1.0;
    if (draft_.makespan && draft_.tardiness)
      say({"Oba cele mają wagę 1.", "Both goals have weight 1."});
    if (!draft_.preferences.empty()) {
      Json list = Json::array();
      for (const auto& p : draft_.preferences) {
        list.push_back({{"task", draft_.tasks[p.task].id},
                        {"machine", draft_.machines[p.machine].id},
                        {"weight", 1.0}});
      }
      out_.problem["preferences"] = std::move(list);
      goal["preference"] = 0.1;
      say({"Niespełnione życzenie kosztuje 0,1 jednostki czasu.",
           "A wish that is not met costs 0.1 units of time."});
    }
    out_.problem["objective"] = std::move(goal);
  }

  void unit_assumptions() {
    if (named_.size() > 1 || !named_.contains(unit_)) {
      say({fmt::format("Czasy są przeliczone na {} (doba ma 24 h, godzina 60 min).", symbol(unit_)),
           fmt::format("Times are converted to {} (a day has 24 h, an hour 60 min).",
                       symbol(unit_))});
    }
    if (clock_)
      say({"Godziny zegarowe liczą się od północy pierwszego dnia; tam jest chwila 0.",
           "Clock times count from midnight of the first day; time 0 is there."});
    if (bare_) {
      const bool minute = bare_scale_ < 1;
      say({fmt::format("Chwila bez jednostki jest w {}, liczona od chwili 0.",
                       minute ? "minutach" : "godzinach"),
           fmt::format("A moment without a unit is in {}, counted from time 0.",
                       minute ? "minutes" : "hours")});
    }
    if (notes_.contains(TimeNote::about))
      say({"„Około” odczytano jako dokładnie tyle.", "“About” is read as exactly that much."});
    if (notes_.contains(TimeNote::afternoon))
      say({"Godzina bez pory dnia, która kończy okno przed jego początkiem, jest po południu.",
           "An hour that would end a window before it begins is in the afternoon."});
    if (notes_.contains(TimeNote::overnight))
      say({"Okno przez północ zaczyna się pierwszego dnia i kończy następnego (ponad 24 h).",
           "A window over midnight begins on the first day and ends on the next (beyond 24 h)."});
    if (notes_.contains(TimeNote::whole_day))
      say({"Cała doba to okno od 0 do 24 h.", "A whole day is the window from 0 to 24 h."});
  }

  const Draft& draft_;
  std::string_view language_;
  Formal out_;
  std::set<std::string> said_;
  TimeUnit unit_ = TimeUnit::hour;
  std::set<TimeUnit> named_;
  std::set<TimeNote> notes_;
  double bare_scale_ = 1.0;
  bool clock_ = false;
  bool bare_ = false;
};

}  // namespace

Formal write_problem(const Draft& draft, std::string_view language) {
  return Writer(draft, language).run();
}

}  // namespace therma::planner
