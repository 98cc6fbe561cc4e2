// Regular-expression classes with set operations ([[a-z]--a], [\d&&[0-1]]) for an engine without the "v"
// flag: A--B becomes (?!B)A and A&&B becomes (?=B)A, nested unions become alternatives.
import { ArrayPush, ArrayJoin, StringSlice } from "../../primordials.js";

/** The expression with every class that uses "v" syntax rewritten for the "u" flag. */
export function lowerClassSets(source) {
  let result = "";
  for (let at = 0; at < source.length;) {
    if (source[at] === "\\") {
      result += StringSlice(source, at, at + 2);
      at += 2;
    } else if (source[at] === "[") {
      const parsed = parseClass(source, at);
      if (parsed === null) {
        result += source[at++];
      } else {
        result += parsed.text;
        at = parsed.end;
      }
    } else {
      result += source[at++];
    }
  }
  return result;
}

/** One class from its "[": {text, end}, or null when it never ends. */
function parseClass(source, start) {
  let at = start + 1;
  const negated = source[at] === "^";
  if (negated) at++;
  let plain = "";               // ordinary members, as they stand
  let alternatives = [];        // nested classes
  let operands = [];            // [operator, text] once -- or && is seen
  let operator = "";
  const operand = () => {
    if (plain !== "") ArrayPush(alternatives, `[${plain}]`);
    const text = alternatives.length === 1 ? alternatives[0] : `(?:${ArrayJoin(alternatives, "|")})`;
    plain = "";
    alternatives = [];
    return text;
  };
  for (;;) {
    if (at >= source.length) return null;
    const c = source[at];
    if (c === "]") {
      at++;
      break;
    }
    if (c === "\\") {
      plain += StringSlice(source, at, at + 2);
      at += 2;
    } else if (c === "[") {
      const inner = parseClass(source, at);
      if (inner === null) return null;
      ArrayPush(alternatives, inner.text);
      at = inner.end;
    } else if ((c === "-" && source[at + 1] === "-") || (c === "&" && source[at + 1] === "&")) {
      ArrayPush(operands, { operator, text: operand() });
      operator = c;
      at += 2;
    } else {
      plain += c;
      at++;
    }
  }
  if (operands.length === 0 && alternatives.length === 0) {
    return { text: StringSlice(source, start, at), end: at };
  }
  ArrayPush(operands, { operator, text: operand() });
  let text = operands[0].text;
  let guards = "";
  for (let i = 1; i < operands.length; i++) {
    guards += operands[i].operator === "-" ? `(?!${operands[i].text})` : `(?=${operands[i].text})`;
  }
  text = `(?:${guards}${text})`;
  return { text: negated ? `(?:(?!${text})[^])` : text, end: at };
}
