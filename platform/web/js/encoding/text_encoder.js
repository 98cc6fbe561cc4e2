// TextEncoder: always UTF-8.
import { StringCharCodeAt, TypedArrayLength, typedArrayName } from "../primordials.js";
import { brand } from "../webidl.js";
import { natives } from "../natives.js";

export class TextEncoder {
  get encoding() { return "utf-8"; }

  encode(input = "") {
    return natives.utf8Encode(`${input}`);
  }

  /** Writes as many whole code points as fit; counts are UTF-16 units read and bytes written. */
  encodeInto(source, destination) {
    const text = `${source}`;
    if (typedArrayName(destination) !== "Uint8Array") {
      throw new TypeError("TextEncoder.encodeInto: the destination is not a Uint8Array.");
    }
    const size = TypedArrayLength(destination);
    let read = 0;
    let written = 0;
    while (read < text.length) {
      let point = StringCharCodeAt(text, read);
      let units = 1;
      if (point >= 0xd800 && point <= 0xdfff) {
        const next = read + 1 < text.length ? StringCharCodeAt(text, read + 1) : 0;
        if (point < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) {
          point = 0x10000 + ((point - 0xd800) << 10) + (next - 0xdc00);
          units = 2;
        } else {
          point = 0xfffd;
        }
      }
      const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      if (written + bytes > size) break;
      if (bytes === 1) {
        destination[written] = point;
      } else {
        const lead = bytes === 2 ? 0xc0 : bytes === 3 ? 0xe0 : 0xf0;
        destination[written] = lead | (point >> (6 * (bytes - 1)));
        for (let i = 1; i < bytes; i++) {
          destination[written + i] = 0x80 | ((point >> (6 * (bytes - 1 - i))) & 63);
        }
      }
      written += bytes;
      read += units;
    }
    return { read, written };
  }
}
brand(TextEncoder, "TextEncoder");
