#include "platform/config/migrations.h"

#include <algorithm>
#include <set>

namespace orrery::config {

namespace {

class MigrationReader {
 public:
  MigrationReader(ClassTable& out, Findings& findings) : out_(out), findings_(findings) {}

  void read_migration(TableReader& reader) {
    const std::string tag = reader.required_text("tag", "for example tag = \"v1\"");
    if (!tag.empty() && !tags_.insert(tag).second) {
      fail(reader.place_of("tag"), "two migrations have the tag \"" + tag + "\"",
           "each migration needs a tag of its own");
    }
    Json record{{"tag", tag}};
    for (const PlacedText& name : noted(record, reader, "new_sqlite_classes")) {
      make(name, StorageKind::kSqlite);
    }
    for (const PlacedText& name : noted(record, reader, "new_classes")) {
      make(name, StorageKind::kKv);
    }
    Json renames = Json::array();
    for (TableReader& rename : reader.tables("renamed_classes")) {
      const std::string from = rename.required_text("from");
      const std::string to = rename.required_text("to");
      rename.warn_of_unknown_keys();
      this->rename(from, {to, rename.place()});
      renames.push_back({{"from", from}, {"to", to}});
    }
    if (!renames.empty()) record["renamed_classes"] = std::move(renames);
    Json transfers = Json::array();
    for (TableReader& transfer : reader.tables("transferred_classes")) {
      const std::string from = transfer.required_text("from");
      const std::string script = transfer.required_text("from_script");
      const std::string to = transfer.required_text("to");
      transfer.warn_of_unknown_keys();
      // The storage is the old owner's, which this file does not tell; new classes are SQLite's.
      make({to, transfer.place()}, StorageKind::kSqlite);
      transfers.push_back({{"from", from}, {"from_script", script}, {"to", to}});
    }
    if (!transfers.empty()) record["transferred_classes"] = std::move(transfers);
    for (const PlacedText& name : noted(record, reader, "deleted_classes")) remove(name);
    reader.warn_of_unknown_keys();
    out_.migrations.push_back(std::move(record));
  }

  void read_export(const Member& member) {
    const Value& value = member.value;
    if (!value.is_table()) {
      return findings_.fail(ConfigErrorKind::kWrongType, value.place,
                            "\"exports." + member.key + "\" must be a table, but is " +
                                std::string(description_of(value.kind)));
    }
    TableReader reader(value, "exports." + member.key, findings_);
    if (reader.required_text("type") != "durable-object") return;
    const std::string storage = reader.text("storage").value_or("sqlite");
    const std::string state = reader.text("state").value_or("created");
    reader.accept({"renamed_to", "transferred_to", "transfer_from"});
    reader.warn_of_unknown_keys();
    if (storage != "sqlite" && storage != "legacy-kv") {
      return findings_.fail(ConfigErrorKind::kBadValue, reader.place_of("storage"),
                            "unknown storage \"" + storage + "\" of class \"" + member.key + "\"",
                            "use \"sqlite\" or \"legacy-kv\"");
    }
    static const std::set<std::string> kStates{"created", "deleted", "renamed", "transferred",
                                               "expecting-transfer"};
    if (!kStates.contains(state)) {
      return findings_.fail(ConfigErrorKind::kBadValue, reader.place_of("state"),
                            "unknown state \"" + state + "\" of class \"" + member.key + "\"",
                            "use created, deleted, renamed, transferred or expecting-transfer");
    }
    if (state != "created" && state != "expecting-transfer") return;
    if (out_.find(member.key) != nullptr) return;  // a migration made it already
    make({member.key, member.place},
         storage == "sqlite" ? StorageKind::kSqlite : StorageKind::kKv);
  }

 private:
  void fail(Place place, std::string message, std::string hint) {
    findings_.fail(ConfigErrorKind::kBadMigration, place, std::move(message), std::move(hint));
  }

  // A list of class names, kept in the record too.
  std::vector<PlacedText> noted(Json& record, TableReader& reader, const char* key) {
    std::vector<PlacedText> names = reader.texts(key);
    if (!names.empty()) record[key] = reader.plain_texts(key);
    return names;
  }

  void make(const PlacedText& name, StorageKind storage) {
    if (out_.find(name.text) != nullptr) {
      return fail(name.place,
                  "a migration makes the class \"" + name.text + "\", which exists already",
                  "each class is made once; remove it here or in the earlier migration");
    }
    out_.classes.push_back({.name = name.text, .storage = storage, .place = name.place});
  }

  std::vector<DurableObjectClass>::iterator find(const std::string& name) {
    return std::find_if(out_.classes.begin(), out_.classes.end(),
                        [&](const DurableObjectClass& known) { return known.name == name; });
  }

  void rename(const std::string& from, const PlacedText& to) {
    const auto found = find(from);
    if (found == out_.classes.end()) {
      return fail(to.place, "a migration renames the class \"" + from + "\", which does not exist",
                  "make it in an earlier migration, or correct the name");
    }
    if (out_.find(to.text) != nullptr) {
      return fail(to.place, "a migration renames \"" + from + "\" to \"" + to.text +
                                "\", which exists already",
                  "delete that class in an earlier migration, or choose another name");
    }
    found->name = to.text;
    found->place = to.place;
  }

  void remove(const PlacedText& name) {
    const auto found = find(name.text);
    if (found == out_.classes.end()) {
      return fail(name.place, "a migration deletes the class \"" + name.text +
                                  "\", which does not exist",
                  "make it in an earlier migration, or correct the name");
    }
    out_.classes.erase(found);
  }

  ClassTable& out_;
  Findings& findings_;
  std::set<std::string> tags_;
};

}  // namespace

const DurableObjectClass* ClassTable::find(std::string_view name) const {
  for (const DurableObjectClass& known : classes) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

ClassTable read_classes(TableReader& top, Findings& findings) {
  ClassTable out;
  MigrationReader reader(out, findings);
  for (TableReader& migration : top.tables("migrations")) reader.read_migration(migration);
  if (const Value* exports = top.table("exports")) {
    for (const Member& member : exports->members) reader.read_export(member);
  }
  return out;
}

}  // namespace orrery::config
