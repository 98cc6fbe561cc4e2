// Any bytes as input give a value or one error, never a crash. Method: random bytes, and good files
// with random bytes changed, cut or doubled. A property fails only by a crash, an exception or a
// failed check.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "platform/config/app.h"
#include "platform/config/document.h"
#include "platform/config/dotenv.h"
#include "platform/config/tests/temp_project.h"

namespace orrery::config::testing {
namespace {

constexpr char kToml[] = R"(name = "x"
main = "index.js"
compatibility_date = "2026-01-01"
vars = { A = 1, B = [1, 2], C = 07:32:00 }
[[durable_objects.bindings]]
name = "CART"
class_name = "Cart"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Cart"]
[env.prod]
)";
constexpr char kJson[] = R"({"name": "x", "main": "index.js", // c
"vars": {"A": "\u00e9", "B": [1e3, -0.5, null]}, "durable_objects": {"bindings": [
{"name": "C", "class_name": "Cart"}]}, "migrations": [{"tag": "v1", "new_classes": ["Cart"]}],
"queues": {"producers": [{"binding": "Q", "queue": "q"}], "consumers": [{"queue": "q"}]},})";

// A good text with one to eight changes.
rc::Gen<std::string> damaged(std::string good) {
  return rc::gen::exec([good] {
    std::string text = good;
    const int changes = *rc::gen::inRange(1, 9);
    for (int i = 0; i < changes && !text.empty(); ++i) {
      const auto at = *rc::gen::inRange<size_t>(0, text.size());
      const auto length = *rc::gen::inRange<size_t>(1, 12);
      switch (*rc::gen::inRange(0, 4)) {
        case 0: text[at] = *rc::gen::arbitrary<char>(); break;
        case 1: text.erase(at, length); break;
        case 2: text.insert(at, text.substr(at, length)); break;
        default: text.insert(at, 1, *rc::gen::elementOf(std::string("{}[],:\"'=#\\/\n\0"))); break;
      }
    }
    return text;
  });
}

// Reads the text as a project; when it is one, its document must be JSON.
void read_anything(const char* name, const std::string& text) {
  TempProject folder;
  folder.with(name, text);
  for (const char* environment : {"", "prod"}) {
    const auto project = folder.read(environment);
    if (project.ok()) RC_ASSERT(!Json::parse(to_json(*project), nullptr, false).is_discarded());
    else RC_ASSERT(!Json::parse(to_json(project.error()), nullptr, false).is_discarded());
  }
}

RC_GTEST_PROP(Garbage, RandomBytesAsAWranglerFileNeverCrash, (const std::string& text)) {
  read_anything("wrangler.toml", text);
  read_anything("wrangler.json", text);
}

RC_GTEST_PROP(Garbage, DamagedTomlNeverCrashes, ()) {
  read_anything("wrangler.toml", *damaged(kToml));
}

RC_GTEST_PROP(Garbage, DamagedJsonNeverCrashes, ()) {
  read_anything("wrangler.jsonc", *damaged(kJson));
}

RC_GTEST_PROP(Garbage, RandomSecretsNeverCrash, (const std::string& text)) {
  const std::string damage = *damaged("A=1\nexport B=\"x\\n\"\n# c\nC='y' # z\n");
  parse_dotenv(text);
  parse_dotenv(damage);
}

RC_GTEST_PROP(Garbage, DamagedAppJsonNeverCrashes, ()) {
  TempProject folder;
  folder.with("worker.js", "").with("app.json", *damaged(
      R"({"orrery":1,"main":"worker.js","content_hash":"h","limits":{"cpu_ms":5},)"
      R"("modules":[{"name":"worker.js","type":"esm","file":"worker.js"}],)"
      R"("bindings":[{"type":"var","name":"A","value":"x"}],)"
      R"("source_map":{"sources":["a"],"lines":[[0,0,1,0]]}})"));
  const auto app = load_app(folder.folder());
  if (app.ok()) (void)app->original_position(1, 1);
}

}  // namespace
}  // namespace orrery::config::testing
