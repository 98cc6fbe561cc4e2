// WebSockets between clients, Workers and objects: what waits at the output gate, what a lost host does, how long they
// keep an object in memory. What JavaScript sees of them otherwise is in conformance/probes (sockets).
#include "platform/tests/object_rig.h"

namespace orrery::objects {
namespace {

using runtime::SocketFrame;
using What = SocketFrame::What;

constexpr std::string_view kSource = R"(
export class Other extends DurableObject {}
export class Thing extends DurableObject {
  made = Date.now();
  seen = [];
  hi() { return "hi"; }
  age() { return Date.now() - this.made; }
  heard() { return this.seen.join(" "); }
  fetch(request) {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    this.server = server;
    server.addEventListener("message", async ({ data }) => {
      this.seen.push(data);
      if (data === "put") { this.ctx.storage.put("n", this.seen.length); server.send("put"); }
      if (data === "unconfirmed") { this.ctx.storage.put("n", 1, { allowUnconfirmed: true }); server.send("unconfirmed"); }
      if (data === "both") { server.send("before"); this.ctx.storage.put("n", 1); server.send("after"); server.close(4000, "end"); }
      if (data === "abort") this.ctx.abort("enough");
      if (data === "echo") server.send("echo");
    });
    server.addEventListener("close", ({ code, reason }) => { this.seen.push(`close ${code}`); server.close(code === 1006 ? 1000 : code, reason); });
    return new Response(null, { status: 101, webSocket: client });
  }
}
const at = (T, o) => T.get(T.idFromName(o));
const UPGRADE = { headers: { Upgrade: "websocket" } };
const cases = {
  hi: (env, T, o) => at(T, o).hi(),
  age: (env, T, o) => at(T, o).age(),
  heard: (env, T, o) => at(T, o).heard(),
  // Passed on: the Worker has no part in it any more.
  room: (env, T, o) => at(T, o).fetch("https://o/", UPGRADE),
  // The Worker stays between.
  bridge: async (env, T, o) => {
    const far = (await at(T, o).fetch("https://o/", UPGRADE)).webSocket;
    const { 0: client, 1: server } = new WebSocketPair();
    far.accept(); server.accept();
    far.addEventListener("message", ({ data }) => server.send(`bridge ${data}`));
    server.addEventListener("message", ({ data }) => far.send(data));
    far.addEventListener("close", () => server.close(4001, "far closed"));
    return new Response(null, { status: 101, webSocket: client });
  },
  // Timed by the Worker that asks.
  timed: async (env, T, o) => {
    const socket = (await at(T, o).fetch("https://o/", UPGRADE)).webSocket;
    socket.accept();
    const seen = [], start = Date.now();
    const since = () => ((Date.now() - start) / 1000).toFixed(1);
    await new Promise((done) => {
      socket.addEventListener("message", ({ data }) => seen.push(`${data} ${since()}`));
      socket.addEventListener("close", ({ code }) => { seen.push(`close ${code} ${since()}`); done(); });
      socket.send("both");
    });
    return seen.join(", ");
  },
  ignored: async (env, T, o) => { await at(T, o).fetch("https://o/", UPGRADE); return "ignored"; },
  hangs: async () => { const pair = new WebSocketPair(); return new Promise(() => {}); },
};
)";

const App& app() {
  static const App made(kSource);
  return made;
}

Ref<SocketFrame> text(std::string_view t) { return SocketFrame::message(What::kText, Buffer::copy(t)); }

TEST(Sockets, EachFrameWaitsForTheWritesBeforeItAndForNoLaterOne) {
  for (int delay : {0, 5, 20}) {
    Rig rig(app());
    rig.ask("hi");
    if (delay) rig.delay_followers("o", seconds(delay));
    const std::string late = delay ? std::to_string(delay) + "." : "0.";
    const std::string seen = rig.ask("timed");
    EXPECT_TRUE(seen.starts_with("before 0.0, after " + late)) << seen;
    EXPECT_NE(seen.find(", close 4000 " + late), std::string::npos) << seen;
  }
}

TEST(Sockets, AreLostWithAnObjectWhoseWriteIsNotDurableIn30Seconds) {
  Rig rig(app());
  rig.ask("hi");
  rig.delay_followers("o", seconds(45));
  const std::string seen = rig.ask("timed");
  EXPECT_TRUE(seen.starts_with("before 0.0, close 1006 30.")) << seen;
}

TEST(Sockets, UnconfirmedWritesHoldNoFrame) {
  Rig rig(app());
  client::Socket* socket = rig.connect("room");
  ASSERT_NE(socket, nullptr);
  rig.delay_followers("o", seconds(20));
  const Instant before = rig.world().now();
  socket->send(text("unconfirmed"));
  EXPECT_EQ(rig.receive(*socket), "unconfirmed");
  EXPECT_LT((rig.world().now() - before).us, seconds(1).us);
  socket->send(text("put"));
  EXPECT_EQ(rig.receive(*socket), "put");
  EXPECT_GT((rig.world().now() - before).us, seconds(20).us);
}

TEST(Sockets, GoThroughAWorkerThatHandsThemOnAndThroughOneThatStaysBetween) {
  Rig rig(app());
  for (const char* path : {"room", "bridge"}) {
    client::Socket* socket = rig.connect(path);
    ASSERT_NE(socket, nullptr) << path;
    socket->send(text("echo"));
    EXPECT_EQ(rig.receive(*socket), path == std::string("room") ? "echo" : "bridge echo");
    rig.run_for(seconds(100));  // longer than anything that ends idle contexts
    socket->send(text("echo"));
    EXPECT_EQ(rig.receive(*socket), path == std::string("room") ? "echo" : "bridge echo");
    EXPECT_TRUE(socket->open());
  }
}

TEST(Sockets, CloseCleanlyFromEitherSide) {
  Rig rig(app());
  client::Socket* socket = rig.connect("room");
  socket->send(SocketFrame::close(4002, "bye"));
  EXPECT_EQ(rig.receive(*socket), "close 4002 bye");
  EXPECT_FALSE(socket->open());
  EXPECT_EQ(rig.ask("heard"), "close 4002");
  client::Socket* other = rig.connect("room");
  other->send(text("both"));
  EXPECT_EQ(rig.receive(*other), "before");
  EXPECT_EQ(rig.receive(*other), "after");
  EXPECT_EQ(rig.receive(*other), "close 4000 end");
  EXPECT_FALSE(other->send(text("echo")));
}

TEST(Sockets, AreLostWithTheObjectsHost) {
  Rig rig(app());
  for (const char* path : {"room", "bridge"}) {
    client::Socket* socket = rig.connect(path);
    rig.crash_owner("o");
    const std::string seen = rig.receive(*socket);
    // The Worker between is told, and closes; or it was on that host.
    EXPECT_TRUE(seen == "connection lost" || (path == std::string("bridge") && seen == "close 4001 far closed")) << seen;
    EXPECT_EQ(rig.receive(*socket), seen);
  }
}

TEST(Sockets, AreLostWithAnObjectThatResetsItself) {
  Rig rig(app());
  client::Socket* socket = rig.connect("room");
  socket->send(text("abort"));
  EXPECT_EQ(rig.receive(*socket), "connection lost");
}

TEST(Sockets, KeepTheirObjectInMemoryUntilTheyAreClosed) {
  Rig rig(app());
  client::Socket* socket = rig.connect("room");
  rig.run_for(seconds(60));
  EXPECT_EQ(rig.ends(), "");
  EXPECT_TRUE(rig.cloud().objects_idle());
  socket->send(SocketFrame::close(1000, ""));
  rig.run_for(seconds(20));
  EXPECT_NE(rig.ends(), "");
}

TEST(Sockets, ThatNobodyTakesOrThatAWorkerForgetsAreLost) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("ignored"), "ignored");
  EXPECT_EQ(rig.ask("heard"), "close 1006");
}

TEST(Sockets, AMessageOfMoreThan32MiBEndsTheConnection) {
  Rig rig(app());
  client::Socket* socket = rig.connect("room");
  socket->send(SocketFrame::message(What::kBinary, Buffer::make((32 << 20) + 1)));
  EXPECT_EQ(rig.receive(*socket), "close 1009 Message is too large");
  rig.run_for(seconds(1));
  EXPECT_EQ(rig.ask("heard"), "close 1006");
}

TEST(Sockets, AWaitForAMessageThatCanNeverComeIsNoticed) {
  Rig rig(app());
  EXPECT_EQ(rig.ask("hangs"), "error code: 1101");
}

}  // namespace
}  // namespace orrery::objects
