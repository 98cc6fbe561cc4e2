#include "conformance/properties/journal.h"

#include <sstream>

namespace orrery::properties {

Journal::Counts& Journal::Counts::operator+=(const Counts& other) {
  turns += other.turns;
  sections += other.sections;
  nested += other.nested;
  stays += other.stays;
  let_in += other.let_in;
  return *this;
}

void Journal::read(std::string_view line) {
  if (!line.starts_with("mark ") || !contradiction_.empty()) return;
  std::istringstream in{std::string(line.substr(5))};
  std::string name, what;
  int64_t clock = 0;
  int a = 0, b = 0;
  in >> name >> clock >> what >> a >> b;
  Instance& instance = instances_[name];
  instance.marks.push_back(std::string(line.substr(6 + name.size())));
  const std::string why = judge(instance, clock, what, a, b);
  if (why.empty()) return;
  contradiction_ = why + "; the instance's marks:";
  for (const std::string& mark : instance.marks) contradiction_ += "\n  " + mark;
}

int Journal::living(const Instance& instance, int section) {
  while (instance.ended.contains(section)) section = instance.parent.at(section);
  return section;
}

// One turn of a section may have its lock when the section ends: it keeps it, and its parent is locked until it is
// over (1.6).
bool Journal::had_lock(Instance& instance, int section) {
  for (; instance.ended.contains(section); section = instance.parent.at(section))
    if (instance.passing.erase(section)) return true;
  return false;
}

std::string Journal::begin_turn(Instance& instance, int64_t clock, bool goes_back) {
  ++counts_.turns;
  instance.clock = clock;
  if (instance.failed) return "a turn began after a section had failed (1.7)";
  if (!instance.staying.empty()) return "a turn began while another awaited storage or nothing (0.2)";
  if (instance.exited && !goes_back) return "a turn came between a section's end and its caller (1.6)";
  return {};
}

std::string Journal::judge(Instance& instance, int64_t clock, std::string_view what, int a, int b) {
  const int innermost = instance.open.back();
  std::string why;
  if (what == "turn") {
    const bool had = (instance.exited || !instance.asked[innermost].empty()) && had_lock(instance, a);
    why = begin_turn(instance, clock, had);
    if (!why.empty()) return why;
    if (b > 0 && instance.open.size() == 1) ++counts_.let_in;
    if (living(instance, a) != innermost) return "a turn of outside began while a section was open (1.5)";
    if (!instance.asked[innermost].empty() && !had) return "a turn went ahead of a section that was asked for (1.1)";
    return {};
  }
  if (what == "enter") {
    why = begin_turn(instance, clock, false);
    if (!why.empty()) return why;
    ++counts_.sections;
    if (innermost) ++counts_.nested;
    if (living(instance, instance.parent[a]) != innermost)
      return "a section began within another of outside (1.5)";
    std::deque<int>& queue = instance.asked[innermost];
    if (queue.empty() || queue.front() != a)
      return "sections began in another order than they were asked for (1.5)";
    queue.pop_front();
    instance.open.push_back(a);
    return {};
  }
  if (what == "back") {
    why = begin_turn(instance, clock, true);
    if (!why.empty()) return why;
    if (instance.exited != a) return "a section's caller went on before its end";
    instance.exited = 0;
    return {};
  }
  if (clock != instance.clock) return "the clock moved within a turn (0.3)";
  if (what == "ask") {
    instance.parent[a] = living(instance, b);
    instance.asked[instance.parent[a]].push_back(a);
  } else if (what == "exit") {
    if (innermost != a) return "a section ended that was not the innermost";
    instance.exited = a;
    instance.open.pop_back();
    instance.ended.insert(a);
    instance.passing.insert(a);
    std::deque<int>& outer = instance.asked[instance.open.back()];
    for (int section : instance.asked[a]) outer.push_back(section);
    instance.asked.erase(a);
  } else if (what == "fail") {
    instance.failed = true;
  } else if (what == "stay") {
    ++counts_.stays;
    instance.staying.insert(a);
  } else if (what == "stayed") {
    if (instance.staying.erase(a) == 0) return "an await ended twice";
  }
  return {};
}

}  // namespace orrery::properties
