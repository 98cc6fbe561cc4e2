// Prints one line that stands for everything a run of JavaScript can show: collections, weak references, map
// order, stacks, dates, Intl, sorting, Math, meter units. determinism_test.cc compares it between processes.
// "spare": the isolates are made ahead, and a forked child uses them. "text": also what was hashed last.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "platform/runtime/spare_isolates.h"
#include "platform/runtime/tests/fake_host.h"

using namespace orrery::runtime;

constexpr char kSource[] = R"(
const f = (n) => { M(); return n < 2 ? n : f(n - 1) + f(n - 2); };
let depth = 0; const deep = () => { depth++; deep(); };
export default { async fetch(request, env, ctx) {
  const out = [Date.now(), String(new Date()), new Date().toLocaleString(), new Intl.NumberFormat().format(1234.5)];
  const refs = [], map = new Map(), registry = new FinalizationRegistry((x) => out.push('f' + x));
  for (let i = 0; i < 30000; i++) {
    M();
    const o = { i, s: 'k' + Math.random(), big: new Array(20).fill(i) };
    if (i % 50 === 0) { refs.push(new WeakRef(o)); registry.register(o, i); }
    map.set(o.s, o); if (i % 97 === 0) map.clear();
    if (i % 100 === 0) await null;
  }
  out.push(refs.map((r) => (r.deref() ? 1 : 0)).join(''), [...map.keys()].join());
  out.push(f(20), Math.sin(1e6), Math.exp(1.5), Math.pow(1.1, 55.5), [3, 1, 2].sort().join(), ['z', 'a', 'B'].sort((a, b) => a.localeCompare(b)).join());
  try { depth = 0; deep(); } catch (e) { out.push(depth, e.message); }
  out.push(new Error('x').stack, crypto.randomUUID(), JSON.stringify(structuredClone({ a: [1, { b: new Date(5) }] })));
  const r = await fetch('https://o.example/');
  out.push(await r.text(), refs.map((x) => (x.deref() ? 1 : 0)).join(''));
  return new Response(out.join('|'));
} };
)";

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "spare") {
    test_snapshot().spares().keep(3);
    if (const pid_t child = fork(); child != 0) {
      int status = 0;
      return waitpid(child, &status, 0) == child && status == 0 ? 0 : 3;
    }
  }
  uint64_t digest = 1469598103934665603ull;
  auto fold = [&](std::string_view text) {
    for (const char c : text) digest = (digest ^ static_cast<uint8_t>(c)) * 1099511628211ull;
  };
  std::string last;
  for (int i = 0; i < 2; ++i) {
    Rig rig(kSource);
    if (!rig.started) return 1;
    TurnResult turn = rig.fetch(1);
    fold(std::to_string(turn.meter_units));
    if (rig.host.fetches.empty()) return 2;
    HttpResponse response;
    response.body = orrery::runtime::HttpBody::of("answer");
    turn = rig.isolate.settle_fetch(rig.context, rig.host.fetches[0].operation, response);
    fold(std::to_string(turn.meter_units) + std::to_string(rig.isolate.heap_used_bytes()));
    last = rig.text(1);
    fold(last);
  }
  std::printf("%016llx\n", static_cast<unsigned long long>(digest));
  if (mode == "spare" && test_snapshot().spares().count() != 1) return 4;
  if (mode == "text") std::printf("%s\n", last.c_str());
}
