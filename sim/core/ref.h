// Reference counting for one thread: messages in flight and pages shared between disks.
// Counts are plain integers: a world is single-threaded by construction.
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sim/core/pool.h"

namespace orrery {

class RefCounted : public Pooled {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;
  void add_reference() const { ++references_; }
  void drop_reference() const {
    if (--references_ == 0) delete this;
  }
  uint32_t references() const { return references_; }

 protected:
  virtual ~RefCounted() = default;

 private:
  mutable uint32_t references_ = 0;
};

// Shared ownership of a RefCounted object (or of anything with add_reference/drop_reference).
template <class T>
class Ref {
 public:
  Ref() = default;
  Ref(std::nullptr_t) {}
  explicit Ref(T* p) : p_(p) { if (p_) p_->add_reference(); }
  Ref(const Ref& o) : p_(o.p_) { if (p_) p_->add_reference(); }
  Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(const Ref<U>& o) : Ref(o.get()) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Ref(Ref<U>&& o) noexcept : p_(o.release()) {}
  Ref& operator=(Ref o) noexcept { std::swap(p_, o.p_); return *this; }
  ~Ref() { if (p_) p_->drop_reference(); }

  T* get() const { return p_; }
  T* operator->() const { return p_; }
  T& operator*() const { return *p_; }
  explicit operator bool() const { return p_ != nullptr; }
  bool operator==(const Ref& o) const { return p_ == o.p_; }
  // Gives up ownership without dropping the reference.
  T* release() { return std::exchange(p_, nullptr); }

 private:
  T* p_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
  return Ref<T>(new T(std::forward<Args>(args)...));
}

// An immutable-once-shared run of bytes in one allocation. Fill it right after `make`, before any
// other reference exists; afterwards it may be shared by any number of disks and messages.
class Buffer {
 public:
  static Ref<Buffer> make(uint32_t size) {
    void* memory = pool_allocate(sizeof(Buffer) + size);
    return Ref<Buffer>(new (memory) Buffer(size));
  }
  static Ref<Buffer> copy(const void* data, uint32_t size) {
    Ref<Buffer> b = make(size);
    if (size) std::memcpy(b->data(), data, size);
    return b;
  }
  static Ref<Buffer> copy(std::string_view s) {
    return copy(s.data(), static_cast<uint32_t>(s.size()));
  }

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
  const uint8_t* data() const { return reinterpret_cast<const uint8_t*>(this + 1); }
  uint32_t size() const { return size_; }
  std::span<const uint8_t> bytes() const { return {data(), size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data()), size_}; }

  void add_reference() const { ++references_; }
  void drop_reference() const {
    if (--references_ == 0) pool_release(const_cast<Buffer*>(this), sizeof(Buffer) + size_);
  }
  bool shared() const { return references_ > 1; }

 private:
  explicit Buffer(uint32_t size) : size_(size) {}
  mutable uint32_t references_ = 0;
  uint32_t size_;
};
static_assert(sizeof(Buffer) == 8);

}  // namespace orrery
