// formatLog: the arguments of console.log as one text, with %-formats as the Console standard has them.
import { ArraySlice, StringCharCodeAt, StringSlice, jsonStringify, trunc } from "../primordials.js";
import { TEXT_MAX, inspect } from "./inspect.js";

const { parseFloat } = Number;
const { is } = Object;

function safely(convert) {
  try {
    return convert();
  } catch {
    return "NaN";
  }
}

/** What one %-format makes of an argument, or null for a letter that is no format. */
function formatArgument(letter, value) {
  switch (letter) {
    case "s":
      return typeof value === "string" ? value : inspect(value, 0);
    case "d":
      if (typeof value === "bigint") return `${value}n`;
      if (typeof value === "object" || typeof value === "symbol") return "NaN";
      return safely(() => `${is(+value, -0) ? "-0" : +value}`);
    case "i":
      if (typeof value === "bigint") return `${value}n`;
      if (typeof value === "object" || typeof value === "symbol") return "NaN";
      return safely(() => `${trunc(parseFloat(value))}`);
    case "f":
      return typeof value === "symbol" ? "NaN" : safely(() => `${parseFloat(value)}`);
    case "j":
      return safely(() => jsonStringify(value)) ?? "undefined";
    case "o":
    case "O":
      return inspect(value, 4);
    case "c":
      return "";
    default:
      return null;
  }
}

/** One line (or several) for the arguments of a console call. Never throws; bounded in size. */
export function formatLog(args) {
  const list = ArraySlice(args);
  let text = "";
  let next = 0;
  if (list.length > 0 && typeof list[0] === "string") {
    const format = list[0];
    next = 1;
    let start = 0;
    if (list.length > 1) {
      for (let i = 0; i + 1 < format.length; i++) {
        if (StringCharCodeAt(format, i) !== 0x25) continue;
        const letter = format[i + 1];
        if (letter === "%") {
          text += `${StringSlice(format, start, i)}%`;
        } else {
          const shown = next < list.length ? formatArgument(letter, list[next]) : null;
          if (shown === null) continue;
          next++;
          text += StringSlice(format, start, i) + shown;
        }
        start = i + 2;
        i++;
      }
    }
    text += StringSlice(format, start);
  } else if (list.length > 0) {
    text = inspect(list[0]);
    next = 1;
  }
  for (; next < list.length && text.length <= TEXT_MAX; next++) {
    text += ` ${typeof list[next] === "string" ? list[next] : inspect(list[next])}`;
  }
  return text.length > TEXT_MAX ? `${StringSlice(text, 0, TEXT_MAX)}...` : text;
}
