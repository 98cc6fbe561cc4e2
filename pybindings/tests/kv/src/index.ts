import { DurableObject } from "cloudflare:workers";

// Each path is one case; the answer is what the case saw, as JSON.

/** What a call throws, as "Class: text". */
async function thrown(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
  return "nothing";
}

export class Writer extends DurableObject<Env> {
  /** Orders what waits for the output gate and what does not: the storage write is not durable yet. */
  async order(): Promise<string[]> {
    const seen: string[] = [];
    const note = (what: string) => () => seen.push(what);
    await this.ctx.storage.put("x", 1);
    const put = this.env.KV.put("from-object", "1").then(note("put"));
    const get = this.env.KV.get("plain").then(note("get"));
    const durable = this.ctx.storage.sync().then(note("durable"));
    await Promise.all([put, get, durable]);
    return seen;
  }
}

interface Env {
  KV: KVNamespace;
  WRITER: DurableObjectNamespace<Writer>;
}

const cases: Record<string, (env: Env) => Promise<unknown>> = {
  async values({ KV }) {
    await KV.put("text", "grüße");
    await KV.put("bytes", new Uint8Array([0, 255, 7]).subarray(1), { metadata: 0 });
    await KV.put("stream", new Response("from a stream").body!);
    await KV.put("json", JSON.stringify({ a: [1] }), { metadata: { by: "me" }, expirationTtl: 60 });
    await KV.put("empty", "");
    const bytes = new Uint8Array((await KV.get("bytes", "arrayBuffer"))!);
    const streamed = await new Response(await KV.get("text", { type: "stream" })).text();
    return [
      await KV.get("text"), [...bytes], (await KV.getWithMetadata("bytes")).metadata, streamed, await KV.get("stream"),
      await KV.getWithMetadata("json", "json"), await KV.get("empty"), await KV.get("missing"),
      (await KV.getWithMetadata("missing")).metadata, String(KV),
    ];
  },

  async bulk({ KV }) {
    await Promise.all([KV.put("b1", "1"), KV.put("b2", "2", { metadata: "" })]);
    const plain = await KV.get(["b2", "nope", "b1", "b2"]);
    const both = await KV.getWithMetadata(["b2", "nope"], "json");
    const many = Array.from({ length: 101 }, (_, i) => `k${i}`);
    return [
      [...plain], [...both], await thrown(() => KV.get(many)),
      await thrown(() => KV.get(["text"], "json")), await thrown(() => KV.get(["b1"], "stream" as "text")),
    ];
  },

  async errors({ KV }) {
    return [
      await thrown(() => KV.get("")), await thrown(() => KV.put(".", "")), await thrown(() => KV.delete("..")),
      await thrown(() => KV.get("ä".repeat(257))), await thrown(() => KV.put("n", 5 as unknown as string)),
      await thrown(() => KV.get("text", "blob" as "text")), await thrown(() => KV.get("text", "json")),
      await thrown(() => KV.put("e", "", { expirationTtl: 59 })), await thrown(() => KV.get("text", { cacheTtl: 10 })),
      await thrown(() => KV.put("e", "", { metadata: "m".repeat(1023) })), await thrown(() => KV.list({ limit: 1001 })),
      await thrown(async () => structuredClone(KV)),
    ];
  },

  async rate({ KV }) {
    await KV.put("hot", "1");
    return [await thrown(() => KV.put("hot", "2")), await thrown(() => KV.delete("hot")), await KV.get("hot")];
  },

  async look({ KV }) {
    return KV.get("hot");
  },

  async list({ KV }) {
    await Promise.all(["l:b", "l:a", "l:é", "other"].map((key) => KV.put(key, "1", { metadata: { key } })));
    const first = await KV.list({ prefix: "l:", limit: 2 });
    const rest = await KV.list({ prefix: "l:", limit: 2, cursor: first.list_complete ? null : first.cursor });
    return [first.keys, first.list_complete, rest.keys.map((key) => key.name), rest.list_complete];
  },

  async remove({ KV }) {
    await KV.delete("never-was");
    await KV.delete("text");
    return KV.get("text");
  },

  async object({ KV, WRITER }) {
    await KV.put("plain", "1");
    return WRITER.getByName("one").order();
  },
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    return Response.json(await cases[new URL(request.url).pathname.slice(1)](env));
  },
} satisfies ExportedHandler<Env>;
