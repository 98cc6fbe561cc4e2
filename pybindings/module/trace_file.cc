#include "pybindings/module/trace_file.h"

#include <sqlite3.h>

#include <cstdio>
#include <map>

#include "pybindings/module/app.h"

namespace orrery::python {

namespace {

constexpr const char* kSchema =
    "CREATE TABLE event(seq INTEGER PRIMARY KEY, t_us INTEGER, lane TEXT, kind TEXT, cause INTEGER, "
    "op TEXT, text TEXT, data TEXT);"
    "CREATE TABLE lane(name TEXT PRIMARY KEY, kind TEXT, parent TEXT, hash TEXT);"
    "CREATE TABLE decision(key TEXT, value TEXT, is_default INTEGER, seq INTEGER);"
    "CREATE TABLE fault(name TEXT, kind TEXT, from_us INTEGER, to_us INTEGER, target TEXT);"
    "CREATE TABLE operation(id TEXT PRIMARY KEY, process TEXT, f TEXT, key TEXT, arg TEXT, result TEXT, "
    "outcome TEXT, invoke_us INTEGER, return_us INTEGER);"
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT);";

// One open file and one prepared statement at a time; every failure is one exception.
class Writer {
 public:
  explicit Writer(const std::string& path) : path_(path), temporary_(path + ".part") {
    std::remove(temporary_.c_str());
    check(sqlite3_open_v2(temporary_.c_str(), &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                          "unix"));
    run("PRAGMA journal_mode=OFF");
    run("PRAGMA synchronous=OFF");
    run(kSchema);
    run("BEGIN");
  }
  ~Writer() {
    sqlite3_finalize(statement_);
    sqlite3_close(db_);
    if (!finished_) std::remove(temporary_.c_str());
  }
  void prepare(const char* sql) {
    sqlite3_finalize(statement_);
    statement_ = nullptr;
    check(sqlite3_prepare_v2(db_, sql, -1, &statement_, nullptr));
  }
  Writer& text(std::string_view v) {
    check(sqlite3_bind_text(statement_, ++column_, v.data(), static_cast<int>(v.size()),
                            SQLITE_TRANSIENT));
    return *this;
  }
  Writer& number(int64_t v) {
    check(sqlite3_bind_int64(statement_, ++column_, v));
    return *this;
  }
  Writer& null() {
    ++column_;
    return *this;
  }
  void row() {
    if (sqlite3_step(statement_) != SQLITE_DONE) check(sqlite3_errcode(db_));
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    column_ = 0;
  }
  void finish() {
    sqlite3_finalize(statement_);
    statement_ = nullptr;
    run("COMMIT");
    check(sqlite3_close(db_));
    db_ = nullptr;
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0)
      throw BadInput("cannot write the trace to " + path_);
    finished_ = true;
  }

 private:
  void run(const char* sql) { check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr)); }
  void check(int code) {
    if (code != SQLITE_OK)
      throw BadInput("cannot write the trace to " + path_ + ": " + sqlite3_errstr(code));
  }
  std::string path_, temporary_;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
  int column_ = 0;
  bool finished_ = false;
};

// Joins invoke and end lines of the history into operations.
void write_operations(Writer& out, const std::vector<nlohmann::ordered_json>& history) {
  struct Open {
    std::string id;
    const nlohmann::ordered_json* invoke;
  };
  out.prepare("INSERT INTO operation VALUES(?,?,?,?,?,?,?,?,?)");
  auto write = [&](const Open& open, const nlohmann::ordered_json* end) {
    const auto& i = *open.invoke;
    std::string how = end ? end->value("e", "") : "";
    out.text(open.id).text(i.value("p", "")).text(i.value("f", ""));
    out.text(i.contains("k") ? i["k"].dump() : "").text(i.contains("v") ? i["v"].dump() : "null");
    out.text(end && how == "ok" && end->contains("v") ? (*end)["v"].dump() : "");
    out.text(how == "ok" ? "ok" : how == "fail" ? "fail" : "unknown");
    out.number(i.value("t", int64_t{0}));
    if (end) out.number(end->value("t", int64_t{0})); else out.null();
    out.row();
  };
  std::map<std::string, Open> open;  // by process
  uint64_t count = 0;
  for (const auto& line : history) {
    std::string process = line.value("p", "");
    if (line.value("e", "") == "invoke") {
      open[process] = {"op/" + std::to_string(++count), &line};
    } else if (auto it = open.find(process); it != open.end()) {
      write(it->second, &line);
      open.erase(it);
    }
  }
  for (const auto& [process, operation] : open) write(operation, nullptr);
}

}  // namespace

void write_trace_file(World& world, const fault::Injector& injector,
                      const std::vector<nlohmann::ordered_json>& history,
                      const std::string& path) {
  const Trace& trace = world.trace();
  Writer out(path);
  out.prepare("INSERT INTO event VALUES(?,?,?,?,?,?,?,?)");
  for (const RecordedEvent& e : trace.recorded()) {
    out.number(static_cast<int64_t>(e.sequence)).number(e.at.us);
    out.text(trace.lane_at(e.lane).name).text(e.kind).number(static_cast<int64_t>(e.cause));
    out.text(e.operation).text(e.text).text(e.data);
    out.row();
  }
  out.prepare("INSERT INTO lane VALUES(?,?,?,?)");
  for (const Lane& lane : trace.lanes())
    out.text(lane.name).text(lane.kind).text(trace.lane_at(lane.parent).name).text(hex64(lane.hash)).row();
  out.prepare("INSERT INTO decision VALUES(?,?,?,?)");
  for (const DecisionRecord& d : world.decision_records())
    out.text(d.key).text(std::to_string(d.value)).number(d.is_default()).number(static_cast<int64_t>(d.sequence)).row();
  out.prepare("INSERT INTO fault VALUES(?,?,?,?,?)");
  for (const auto& f : injector.faults())
    out.text(f->name).text(fault::to_string(f->kind)).number(f->at.us).number(f->end().us).text(f->where()).row();
  write_operations(out, history);
  out.prepare("INSERT INTO meta VALUES(?,?)");
  out.text("orrery").text("1").row();
  out.text("seed").text(std::to_string(world.decide().seed())).row();
  out.text("hash").text(hex64(trace.hash())).row();
  out.text("events").text(std::to_string(trace.events())).row();
  out.text("simulated_us").text(std::to_string(world.now().us)).row();
  out.finish();
}

}  // namespace orrery::python
