// What bindings of the platform's services (KV, R2, queues, ...) and JavaScript hand each other: a flat list of
// simple values, so that a service written in C++ need not read structured clones. A list of records is their
// fields one after the other; what they mean is between the service and its JavaScript.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "sim/core/ref.h"

namespace orrery::runtime {

struct Cell {
  enum class Kind : uint8_t { kUndefined, kNull, kBoolean, kNumber, kText, kBytes };
  Kind kind = Kind::kUndefined;
  double number = 0;   // kNumber; kBoolean as 0 or 1
  Ref<Buffer> buffer;  // kText: UTF-8; kBytes: arrives in JavaScript as an ArrayBuffer

  static Cell undefined() { return {}; }
  static Cell null() { return {Kind::kNull, 0, {}}; }
  static Cell boolean(bool b) { return {Kind::kBoolean, b ? 1.0 : 0.0, {}}; }
  static Cell of(double n) { return {Kind::kNumber, n, {}}; }
  static Cell text(std::string_view utf8) { return {Kind::kText, 0, Buffer::copy(utf8)}; }
  static Cell text(Ref<Buffer> utf8) { return {Kind::kText, 0, std::move(utf8)}; }
  static Cell bytes(Ref<Buffer> b) { return {Kind::kBytes, 0, std::move(b)}; }

  bool is_undefined() const { return kind == Kind::kUndefined; }
  bool is_number() const { return kind == Kind::kNumber; }
  bool is_true() const { return kind == Kind::kBoolean && number != 0; }
  // Empty unless text or bytes.
  std::string_view view() const { return buffer ? buffer->text() : std::string_view(); }
};

// Immutable once shared.
class Cells final : public RefCounted {
 public:
  Cells() = default;
  Cells(std::initializer_list<Cell> list) : cells_(list) {}
  Cells& add(Cell cell) {
    cells_.push_back(std::move(cell));
    return *this;
  }
  size_t size() const { return cells_.size(); }
  // Past the end: undefined.
  const Cell& at(size_t i) const {
    static const Cell kNothing;
    return i < cells_.size() ? cells_[i] : kNothing;
  }
  uint64_t bytes() const {
    uint64_t sum = 0;
    for (const Cell& c : cells_) sum += 8 + (c.buffer ? c.buffer->size() : 0);
    return sum;
  }

 private:
  std::vector<Cell> cells_;
};

}  // namespace orrery::runtime
