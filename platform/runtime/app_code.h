// The code of one Worker version as the runtime wants it: bundled and instrumented modules, bindings and
// flags. Shared by all isolates of the version in this process; immutable apart from the caches that V8
// made of it. Where it comes from (wrangler files, esbuild) is platform/config's business.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "platform/runtime/source_position.h"
#include "sim/core/ref.h"

namespace orrery::runtime {

enum class ModuleKind : uint8_t { kEsModule, kWasm, kText, kData, kJson };

struct CodeModule {
  std::string name;  // as imported, without leading "./": "index.js", "lib/add.wasm"
  ModuleKind kind = ModuleKind::kEsModule;
  std::string content;
};

enum class BindingKind : uint8_t {
  kText,            // value: the text (vars and secrets)
  kJson,            // value: JSON text
  kData,            // value: bytes, given as ArrayBuffer
  kWasmModule,      // value: module name
  kDurableObject,   // class_name, script (empty: this Worker)
  kService,         // script, entrypoint, value: JSON text of props
  kKv,              // value: the namespace's id (empty: the binding's name)
  kUnsupported,     // kind_name: using it throws a clear error
};

struct Binding {
  std::string name{};
  BindingKind kind = BindingKind::kText;
  std::string value{};
  std::string class_name{};
  std::string script{};
  std::string entrypoint{};
  std::string kind_name{};
};

// Maps a place in a bundled module (from 1) to the user's source; false when there is none.
using PositionLookup =
    std::function<bool(const std::string& module, int line, int column, SourcePosition& out)>;

class AppCode final : public RefCounted {
 public:
  AppCode();
  ~AppCode() override;

  std::string name;                       // the Worker's name
  std::string main;                       // name of the entry module
  std::vector<CodeModule> modules;
  std::vector<Binding> bindings;
  std::vector<std::string> flags;         // compatibility flags that are on, by date or by name
  PositionLookup lookup;                  // may be empty
  size_t blocks = 0;                      // of the entry module, for coverage

  bool has_flag(std::string_view flag) const;

  // What V8 compiled from it; filled by the first isolate, read by the later ones.
  struct Cache;
  Cache& cache() const { return *cache_; }

 private:
  std::unique_ptr<Cache> cache_;
};

}  // namespace orrery::runtime
