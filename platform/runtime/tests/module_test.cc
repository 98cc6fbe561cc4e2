// The kinds of modules, and what start-up reports.
#include <gtest/gtest.h>

#include "platform/runtime/tests/fake_host.h"

namespace orrery::runtime {
namespace {

// (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
const std::string kAddWasm("\0asm\1\0\0\0\1\7\1\x60\2\x7f\x7f\1\x7f\3\2\1\0\7\7\1\3add\0\0\n\t\1\7\0 \0 \1j\v", 41);

TEST(Modules, LoadsTextDataJsonWasmAndOtherModules) {
  Ref<AppCode> app = test_app(
      "import text from './a.txt'; import data from './b.bin'; import json from './c.json'; import wasm from './lib/add.wasm';\n"
      "import { x } from './lib/x.js';\n"
      "export default { async fetch(r, env) { const { add } = (await WebAssembly.instantiate(wasm)).exports;\n"
      "return new Response([text, new Uint8Array(data).join('-'), json.k, add(2, 3), x, env.W === wasm].join()); } };");
  app->modules.push_back({"a.txt", ModuleKind::kText, "t\xc3\xa4xt"});
  app->modules.push_back({"b.bin", ModuleKind::kData, std::string("\1\2", 2)});
  app->modules.push_back({"c.json", ModuleKind::kJson, "{\"k\":[1]}"});
  app->modules.push_back({"lib/add.wasm", ModuleKind::kWasm, kAddWasm});
  app->modules.push_back({"lib/x.js", ModuleKind::kEsModule, "export { y as x } from '../y.js';"});
  app->modules.push_back({"y.js", ModuleKind::kEsModule, "export const y = 'why';"});
  for (int i = 0; i < 2; ++i) {  // the second isolate takes the compiled module of the first
    Rig rig(app);
    ASSERT_TRUE(rig.started) << rig.started.error->stack;
    EXPECT_EQ(rig.get(), "t\xc3\xa4xt,1-2,1,5,why,false");
  }
}

TEST(Modules, ImportsDynamically) {
  Ref<AppCode> app = test_app("export default { async fetch() { const { y } = await import('./y.js'); let e; try { await import('./no.js'); } catch (x) { e = x.message.split('\\n')[0]; } return new Response(y + e); } };");
  app->modules.push_back({"y.js", ModuleKind::kEsModule, "export const y = 'why ';"});
  Rig rig(app);
  EXPECT_EQ(rig.get(), "why No such module \"./no.js\".");
}

TEST(Modules, NamesAModuleThatIsNotThere) {
  Rig rig("import fs from 'node:fs'; export default {};");
  ASSERT_EQ(rig.started.kind, TurnKind::kException);
  EXPECT_NE(rig.started.error->message.find("No such module \"node:fs\""), std::string::npos);
  EXPECT_NE(rig.started.error->message.find("node:fs is not supported yet"), std::string::npos);
}

TEST(Modules, ReportsAStartUpExceptionWithItsPlace) {
  Rig rig("const a = 1;\nfunction boom() { throw new TypeError('no'); }\nboom();");
  ASSERT_EQ(rig.started.kind, TurnKind::kException);
  EXPECT_EQ(rig.started.error->stack, "TypeError: no\n    at boom (index.js:3:25)\n    at index.js:4:1");
}

TEST(Modules, ReportsASyntaxErrorWithItsPlace) {
  Rig rig("const a = ;\n");
  ASSERT_EQ(rig.started.kind, TurnKind::kException);
  EXPECT_EQ(rig.started.error->text(), "SyntaxError: Unexpected token ';'");
  EXPECT_NE(rig.started.error->stack.find("index.js:2:11"), std::string::npos) << rig.started.error->stack;
}

TEST(Modules, AllowsTopLevelAwaitThatNeedsNoIo) {
  Rig rig("const v = await Promise.resolve(5); export default { fetch() { return new Response('v' + v); } };");
  ASSERT_TRUE(rig.started) << rig.started.error->stack;
  EXPECT_EQ(rig.get(), "v5");
}

TEST(Modules, RefusesTopLevelAwaitThatCannotEnd) {
  Rig rig("await new Promise(() => {}); export default {};");
  ASSERT_EQ(rig.started.kind, TurnKind::kException);
  EXPECT_TRUE(rig.started.error->message.starts_with("Top-level await in module is unsettled")) << rig.started.error->message;
}

TEST(Modules, RefusesToCompileWasmFromBytes) {
  Rig rig("export default { async fetch() { try { await WebAssembly.compile(new Uint8Array([0,97,115,109,1,0,0,0])); return new Response('compiled'); } catch (e) { return new Response(e.name); } } };");
  EXPECT_EQ(rig.get(), "CompileError");
}

}  // namespace
}  // namespace orrery::runtime
