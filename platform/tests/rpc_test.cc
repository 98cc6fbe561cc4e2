// RPC against the real runtime: the program of rpc/cases.js asked the same questions as workerd was, through a Durable
// Object's stub and through a service binding. Goal: a user sees what workerd shows. Method: rpc/answers.txt has
// workerd's answers (rpc/README.md); where ours differs on purpose, rpc/differences.txt has ours and why.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "platform/tests/deploy.h"


namespace orrery {
namespace {

std::string read_text(const std::string& name) {
  std::ifstream in(std::string(ORRERY_RPC_CASES) + "/" + name);
  EXPECT_TRUE(in.good()) << name;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Lines "name TAB way TAB answer".
std::map<std::string, std::string> read_answers(const std::string& name) {
  std::map<std::string, std::string> out;
  std::stringstream in(read_text(name));
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t first = line.find('\t'), second = line.find('\t', first + 1);
    out[line.substr(0, second)] = line.substr(second + 1);
  }
  return out;
}

const worker::Deployment& deployment() {
  static const auto made = rig::deploy("main", read_text("cases.js"),
                                       {rig::object("OBJ", "Obj"), rig::object("NOBASE", "NoBase"),
                                        rig::service("SVC", "main", "Svc"), rig::service("PLAIN", "main", "plain")},
                                       {"Obj", "NoBase"});
  return made;
}

CloudOptions one_city() {
  CloudOptions options;
  options.pops = {"FRA"};
  return options;
}

class Rig {
 public:
  Rig()
      : cloud_(rig::geography(), worker::Application({&deployment()}), one_city()),
        client_(cloud_.add_client(*rig::geography().find("FRA"), "client/1")),
        tasks_(cloud_.world().loop()) {
    if (!std::getenv("RPC_PRINT")) return;
    cloud_.world().observers().subscribe<worker::EventFailed>(
        [](const worker::EventFailed& failed, const EventContext&) {
          std::printf("# %s\n%s\n", failed.text().c_str(), failed.error.stack.c_str());
        });
  }
  std::string ask(const std::string& name, const std::string& way) {
    answered_ = false;
    tasks_.spawn(fetch("/?t=" + name + "&on=" + way));
    const Instant late = cloud_.world().now() + minutes(2);
    while (!answered_ && cloud_.world().now() < late) cloud_.world().loop().step();
    return answered_ ? last_ : "TIMEOUT";
  }
  Cloud& cloud() { return cloud_; }

 private:
  Task<void> fetch(std::string url) {
    auto request = make_ref<runtime::HttpRequest>();
    request->url = std::move(url);
    client::Exchange exchange = co_await client_.fetch(std::move(request));
    last_ = exchange.response ? std::string(exchange.response->body.text()) : "lost: " + exchange.error;
    answered_ = true;
  }
  Cloud cloud_;
  client::Client& client_;
  std::string last_;
  bool answered_ = false;
  TaskScope tasks_;
};

TEST(Rpc, AnswersAsTheRealRuntimeDoes) {
  const auto real = read_answers("answers.txt");
  const auto ours = read_answers("differences.txt");
  int agree = 0;
  for (const auto& [key, answer] : real) {
    const size_t tab = key.find('\t');
    if (const char* only = std::getenv("RPC_ONLY"); only && key != only) continue;
    Rig rig;
    const std::string got = rig.ask(key.substr(0, tab), key.substr(tab + 1));
    auto other = ours.find(key);
    EXPECT_EQ(got, other == ours.end() ? answer : other->second) << key;
    if (std::getenv("RPC_PRINT")) std::printf("%s\t%s\n", key.c_str(), got.c_str());
    agree += got == answer;
  }
  RecordProperty("agree", agree);
  EXPECT_GE(agree, 440);
}

}  // namespace
}  // namespace orrery
