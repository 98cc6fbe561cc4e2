// The globs of wrangler's module rules as regular expressions: `**/` any folders, `*` and `?`
// within a name (`?` is literal before "module", wrangler's ".wasm?module"), `{a,b}` one of, `[..]`
// a class.

/** A regular expression for a whole relative path with "/" between folders. */
export function glob_to_regexp(glob) {
  let text = "";
  let depth = 0;
  for (let i = 0; i < glob.length; i++) {
    const c = glob[i];
    if (c === "*" && glob[i + 1] === "*") {
      i += 1;
      if (glob[i + 1] === "/") {
        i += 1;
        text += "(?:.*/)?";
      } else {
        text += ".*";
      }
    } else if (c === "*") {
      text += "[^/]*";
    } else if (c === "?") {
      text += glob.startsWith("?module", i) ? "\\?" : "[^/]";
    } else if (c === "{") {
      text += "(?:";
      depth += 1;
    } else if (c === "}" && depth > 0) {
      text += ")";
      depth -= 1;
    } else if (c === "," && depth > 0) {
      text += "|";
    } else if (c === "[" && glob.indexOf("]", i + 2) > 0) {
      const end = glob.indexOf("]", i + 2);
      text += `[${glob.slice(i + 1, end).replace(/^!/, "^").replace(/\\/g, "\\\\")}]`;
      i = end;
    } else {
      text += c.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    }
  }
  while (depth-- > 0) text += ")";
  try {
    return new RegExp(`^${text}$`, "s");
  } catch {
    return new RegExp(`^${glob.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`, "s");
  }
}
