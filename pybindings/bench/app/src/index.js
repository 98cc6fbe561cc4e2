import { DurableObject } from "cloudflare:workers";

const BOOK_BYTES = 96 * 1024;

export class Shelf extends DurableObject {
  async fetch(request) {
    const books = Number(new URL(request.url).searchParams.get("books"));
    const count = (await this.ctx.storage.get("count")) ?? 0;
    for (let i = 0; i < books; ++i) await this.ctx.storage.put(`book/${count + i}`, new Uint8Array(BOOK_BYTES).fill(count + i));
    await this.ctx.storage.put("count", count + books);
    return Response.json({ books: count + books });
  }
}

export default {
  fetch(request, env) {
    const name = new URL(request.url).pathname.slice(1);
    return env.SHELF.get(env.SHELF.idFromName(name)).fetch(request);
  },
};
