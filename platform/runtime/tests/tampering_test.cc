// User code that patches the built-ins: the bridge neither hangs nor breaks, and the isolate goes on.
#include <gtest/gtest.h>

#include "platform/runtime/tests/fake_host.h"

namespace orrery::runtime {
namespace {

// Runs `patch` inside a handler, then shows that events, outgoing calls and errors still work.
void expect_survives(const std::string& patch, const std::string& answer = "ok") {
  Rig rig("export default { async fetch(request) {\n if (request.url.endsWith('patch')) {\n" + patch + "\n return new Response('ok'); }\n"
          "const r = await fetch('https://o.example/'); return new Response('got ' + r.status); } };");
  ASSERT_TRUE(rig.started) << rig.started.error->stack;
  ASSERT_TRUE(rig.fetch(1, "https://example.com/patch")) << patch;
  if (!answer.empty()) {
    EXPECT_EQ(rig.text(1), answer) << patch;
  }
  ASSERT_TRUE(rig.fetch(2)) << patch;
  ASSERT_EQ(rig.host.fetches.size(), 1u) << patch << rig.text(2);
  HttpResponse response;
  ASSERT_TRUE(rig.isolate.settle_fetch(rig.context, rig.host.fetches[0].operation, response));
  if (answer.empty()) return;
  EXPECT_EQ(rig.text(2), "got 200") << patch;
}

TEST(Tampering, SurvivesPatchedPromises) {
  expect_survives("Promise.prototype.then = () => { throw new Error('then'); };");
  expect_survives("Promise.resolve = () => 5; globalThis.Promise = class {};");
}
TEST(Tampering, SurvivesAThenOnEveryObject) {
  expect_survives("Object.prototype.then = function () {};", "");
  expect_survives("Object.prototype.then = function (resolve) { resolve(5); };", "");
  expect_survives("Object.defineProperty(Object.prototype, 'then', { get() { throw new Error('then'); } });", "");
}
TEST(Tampering, SurvivesPatchedContainers) {
  expect_survives("Array.prototype.push = Array.prototype.map = null; Map.prototype.get = Map.prototype.set = () => { throw 1; };");
  expect_survives("Array.prototype[Symbol.iterator] = null; Function.prototype.call = Function.prototype.apply = null;");
  expect_survives("Object.defineProperty(Array.prototype, '0', { set() { throw 1; } }); Object.defineProperty(Object.prototype, '1', { set() { throw 1; } });");
  expect_survives("Reflect.apply = Reflect.construct = null; Object.prototype.get = () => { throw 1; };");
  expect_survives("globalThis.Response = null; globalThis.Request = null;", "");
}

TEST(Tampering, SurvivesGettersThatThrowOnTheAnswer) {
  Rig rig("export default { fetch(request) { const r = new Response('x'); for (const k of ['status', 'statusText', 'headers', 'body', 'then'])"
          "Object.defineProperty(r, k, { get() { throw new Error('getter ' + k); } }); return r; } };");
  const std::string answer = rig.get();
  EXPECT_TRUE(answer == "x" || answer.starts_with("error: Error: getter")) << answer;
}

TEST(Tampering, SurvivesErrorsThatThrowWhenLookedAt) {
  Rig rig("export default { fetch() { throw { get name() { throw 1; }, get message() { throw 2; }, get stack() { throw 3; }, toString() { throw 4; } }; } };");
  EXPECT_EQ(rig.get(), "error: Error: [object Object]");
  Rig symbol("export default { fetch() { throw Symbol('s'); } };");
  EXPECT_EQ(symbol.get(), "error: Error: Symbol(s)");
  Rig proxy("export default { fetch() { throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } }); } };");
  EXPECT_TRUE(proxy.get().starts_with("error: "));
}

TEST(Tampering, EndsAnErrorWhoseGetterNeverEnds) {
  Isolate::Options options;
  options.cpu_limit = millis(50);
  Rig rig("export default { fetch() { throw { get message() { for (;;) M(); } }; } };", options);
  EXPECT_EQ(rig.get(), "turn: Error: Worker exceeded CPU time limit.");
}

}  // namespace
}  // namespace orrery::runtime
