// A reader of TOML 1.0. Not a library's, because tomlplusplus 3.3 runs into unreachable code and
// failed assertions on some damaged input (even on a stray letter outside ASCII), which would end
// the process.
//
// Method: tables are built as a tree of nodes that remember how they came to be, as TOML's rules
// about what may be extended depend on that; at the end the tree becomes a Value.
#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <utility>

#include "platform/config/cursor.h"
#include "platform/config/document.h"
#include "platform/config/toml_scalar.h"

namespace orrery::config {

namespace {

constexpr int kNestingMax = 200;

enum class Origin {
  kPath,    // on the way to a header: may still get a header of its own
  kHeader,  // has had its header
  kDotted,  // made by a dotted key: later dotted keys may add to it
  kTables,  // a list of tables, each [[header]] adds one
  kValue,   // a value, inline tables and lists included: nothing adds to it
};

struct Node {
  struct Entry {
    std::string key;
    Place place;
    std::unique_ptr<Node> node;
  };

  Origin origin = Origin::kPath;
  Place place{};
  Value value{};                                // kValue that is no inline table
  bool is_table = true;                         // false: `value` holds
  std::vector<Entry> entries{};                 // of a table, in order
  std::map<std::string, size_t> index{};        // key -> entry
  std::vector<std::unique_ptr<Node>> tables{};  // kTables

  Node* find(const std::string& key) {
    const auto found = index.find(key);
    return found == index.end() ? nullptr : entries[found->second].node.get();
  }
  Node* add(const std::string& key, Place at, Origin made) {
    index.emplace(key, entries.size());
    entries.push_back({key, at, std::make_unique<Node>()});
    Node* node = entries.back().node.get();
    node->origin = made;
    node->place = at;
    return node;
  }
};

Value value_of(Node& node) {
  if (!node.is_table) return std::move(node.value);
  Value out;
  out.place = node.place;
  if (node.origin == Origin::kTables) {
    out.kind = Value::Kind::kArray;
    for (const auto& table : node.tables) out.items.push_back(value_of(*table));
    return out;
  }
  out.kind = Value::Kind::kTable;
  for (Node::Entry& entry : node.entries) {
    out.members.push_back({std::move(entry.key), entry.place, value_of(*entry.node)});
  }
  return out;
}

struct KeyPart {
  std::string text;
  Place place;
};

class TomlReader {
 public:
  TomlReader(std::string_view text, const std::string& file) : at_(text, "TOML", file) {
    root_.origin = Origin::kHeader;
    root_.place = {1, 1};
  }

  Result<Value> read() {
    Node* table = &root_;
    while (skip_lines() && !at_.at_end()) {
      const bool good = at_.peek() == '[' ? read_header(table) : read_assignment(*table, 0);
      if (!good || !end_line()) break;
    }
    if (at_.error()) return *at_.error();
    return value_of(root_);
  }

 private:
  void skip_blanks() {
    while (at_.peek() == ' ' || at_.peek() == '\t') at_.skip();
  }
  void skip_comment() {
    if (at_.peek() != '#') return;
    while (!at_.at_end() && at_.peek() != '\n') at_.skip();
  }
  // Blanks, comments and line breaks.
  bool skip_lines() {
    while (!at_.at_end()) {
      skip_blanks();
      skip_comment();
      if (!at_.take("\n") && !at_.take("\r\n")) break;
    }
    return true;
  }
  bool end_line() {
    skip_blanks();
    skip_comment();
    if (at_.at_end() || at_.take("\n") || at_.take("\r\n")) return true;
    return at_.fail("the line should end here, but there is " + at_.shown());
  }

  bool read_key(std::vector<KeyPart>& out) {
    while (true) {
      skip_blanks();
      KeyPart part{.text = {}, .place = at_.here()};
      if (at_.peek() == '"' || at_.peek() == '\'') {
        if (!read_toml_line_string(at_, part.text)) return false;
      } else {
        while (std::isalnum(static_cast<unsigned char>(at_.peek())) != 0 || at_.peek() == '_' ||
               at_.peek() == '-') {
          part.text += at_.peek();
          at_.skip();
        }
        if (part.text.empty()) return at_.fail("a key is expected here, not " + at_.shown());
      }
      out.push_back(std::move(part));
      if (out.size() > kNestingMax) return at_.fail("nested too deeply");
      skip_blanks();
      if (!at_.take(".")) return true;
    }
  }

  bool fail_twice(const KeyPart& part) {
    return at_.fail_at(part.place, "\"" + part.text + "\" is there already",
                       "each key and table may be written once");
  }

  // [a.b] or [[a.b]]: the table that the following lines fill.
  bool read_header(Node*& table) {
    const Place start = at_.here();
    const bool one_of_many = at_.starts_with("[[");
    at_.skip(one_of_many ? 2 : 1);
    std::vector<KeyPart> path;
    if (!read_key(path)) return false;
    if (!at_.take(one_of_many ? "]]" : "]")) {
      return at_.fail("a header ends with " + std::string(one_of_many ? "]]" : "]") + ", not " +
                      at_.shown());
    }
    Node* node = &root_;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      Node* next = node->find(path[i].text);
      if (next == nullptr) next = node->add(path[i].text, path[i].place, Origin::kPath);
      if (next->origin == Origin::kTables) next = next->tables.back().get();
      if (next->origin == Origin::kValue) return fail_twice(path[i]);
      node = next;
    }
    const KeyPart& last = path.back();
    Node* found = node->find(last.text);
    if (one_of_many) {
      if (found == nullptr) {
        found = node->add(last.text, last.place, Origin::kTables);
      } else if (found->origin != Origin::kTables) {
        return fail_twice(last);
      }
      found->tables.push_back(std::make_unique<Node>());
      table = found->tables.back().get();
    } else {
      if (found == nullptr) {
        found = node->add(last.text, last.place, Origin::kHeader);
      } else if (found->origin != Origin::kPath) {
        return fail_twice(last);
      }
      table = found;
    }
    table->origin = Origin::kHeader;
    table->place = start;
    return true;
  }

  // key = value, in a table or an inline table.
  bool read_assignment(Node& table, int depth) {
    std::vector<KeyPart> path;
    if (!read_key(path)) return false;
    Node* node = &table;
    for (size_t i = 0; i + 1 < path.size(); ++i) {
      Node* next = node->find(path[i].text);
      if (next == nullptr) next = node->add(path[i].text, path[i].place, Origin::kDotted);
      if (next->origin != Origin::kDotted) return fail_twice(path[i]);
      node = next;
    }
    const KeyPart& last = path.back();
    if (node->find(last.text) != nullptr) return fail_twice(last);
    if (!at_.take("=")) {
      return at_.fail("= is expected after the key, not " + at_.shown());
    }
    skip_blanks();
    Node* added = node->add(last.text, last.place, Origin::kValue);
    return read_value(*added, depth + static_cast<int>(path.size()));
  }

  bool read_value(Node& out, int depth) {
    if (depth > kNestingMax) return at_.fail("nested too deeply");
    out.origin = Origin::kValue;
    out.place = at_.here();
    if (at_.peek() == '{') return read_inline_table(out, depth);
    out.is_table = false;
    out.value.place = out.place;
    if (at_.peek() == '[') return read_array(out.value, depth);
    return read_toml_scalar(at_, out.value);
  }

  bool read_array(Value& out, int depth) {
    const Place start = at_.here();
    out.kind = Value::Kind::kArray;
    at_.skip();
    while (skip_lines()) {
      if (at_.at_end()) return at_.fail_at(start, "this list does not end", "close it with ]");
      if (at_.take("]")) return true;
      Node item;
      if (!read_value(item, depth + 1)) return false;
      out.items.push_back(value_of(item));
      skip_lines();
      if (!at_.take(",") && at_.peek() != ']' && !at_.at_end()) {
        return at_.fail("a comma or ] is expected, not " + at_.shown());
      }
    }
    return false;
  }

  bool read_inline_table(Node& out, int depth) {
    at_.skip();
    skip_blanks();
    if (at_.take("}")) return true;
    while (read_assignment(out, depth)) {
      skip_blanks();
      if (at_.take("}")) return true;
      if (!at_.take(",")) {
        return at_.fail("a comma or } is expected, not " + at_.shown(),
                        "an inline table stays on one line");
      }
    }
    return false;
  }

  Cursor at_;
  Node root_;
};

}  // namespace

Result<Value> parse_toml(std::string_view text, const std::string& file) {
  return TomlReader(text, file).read();
}

}  // namespace orrery::config
