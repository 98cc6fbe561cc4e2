// The instrumentation pass: puts the CPU meter, and with it the marks of covered blocks, into bundled JavaScript.
//
// A charge `(C[K]=1,M[0]-=W)<0&&T();` stands at the entry of every function, method, arrow, constructor,
// generator and class static block, at the start of every loop body, and once at the top of the
// module. W is the number of syntax nodes that run when control passes that charge: those of the
// body without the bodies of functions and loops inside it (a loop's test and update belong to its
// own charge). M and T come from the module "orrery:meter", which the runtime provides: `meter`, an
// integer array whose element 0 is what is left, and `trip`, called when it falls below zero.
//
// Invariants: every path that can repeat passes a charge; the program means what it meant before
// (even to `Function.prototype.toString`, which leaves it out); nothing is inserted but text without line breaks,
// so generated lines stay the same lines.
//
// Not metered: the time inside builtins, and code made at run time by `eval` or `new Function`.

import { parse } from "acorn";
import { BuildFailure } from "./failure.mjs";

const kFunctions = new Set([
  "FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression",
]);
// A mark by itself, as a body: `C[K]=1;`.
const kMarked = 0;
const kLoops = new Set([
  "ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement",
]);

// Stands at brackets that belong to a charge, so that the text of a function can be shown without its charges
// (platform/runtime/meter_text.h).
const kMark = "/*$m*/";

// Parts of a loop that run once, before the first turn; all other parts run in every turn.
function runs_once(loop, part) {
  return (loop.type === "ForStatement" && part === loop.init) ||
    ((loop.type === "ForInStatement" || loop.type === "ForOfStatement") && part === loop.right);
}

// Where the statements after the directive prologue ("use strict") begin, and the text that must
// separate a charge from it.
function after_directives(block) {
  let end = -1;
  for (const statement of block.body) {
    if (statement.type !== "ExpressionStatement" || statement.directive === undefined) break;
    end = statement.end;
  }
  return end < 0 ? { at: block.start + 1, lead: "" } : { at: end, lead: ";" };
}

// Walks the tree with an explicit stack (bundles can be nested deeper than the call stack), giving
// each node to the charge it belongs to. Returns the charges, each {weight, kind, at, ...}, those of weight kMarked
// being marks alone, and the set of all identifiers.
function collect_charges(program) {
  const top = { weight: 0, kind: "top" };
  const charges = [top];
  const names = new Set();
  const stack = [[program, top]];
  const push_children = (node, charge_of) => {
    for (const key in node) {
      if (key === "type" || key === "start" || key === "end") continue;
      const value = node[key];
      if (Array.isArray(value)) {
        for (const item of value) {
          if (item !== null && typeof item === "object" && typeof item.type === "string") {
            stack.push([item, charge_of(item)]);
          }
        }
      } else if (value !== null && typeof value === "object" && typeof value.type === "string") {
        stack.push([value, charge_of(value)]);
      }
    }
  };
  const add = (charge) => (charges.push({ weight: 1, ...charge }), charges[charges.length - 1]);
  // A branch is a block of its own, but what it costs belongs to the charge around it.
  const mark = (branch) => {
    if (branch === null) return;
    if (branch.type === "BlockStatement") add({ weight: kMarked, kind: "statement", at: branch.start + 1, lead: "" });
    else if (branch.type.endsWith("Statement") || branch.type === "VariableDeclaration")
      add({ weight: kMarked, kind: "wrapped", at: branch.start, end: branch.end });
    else add({ weight: kMarked, kind: "expression", at: branch.start, end: branch.end });
  };

  while (stack.length > 0) {
    const [node, outer] = stack.pop();
    outer.weight += 1;
    if (node.type === "Identifier") {
      names.add(node.name);
    } else if (kFunctions.has(node.type)) {
      let own;
      if (node.body.type === "BlockStatement") {
        own = add({ kind: "statement", ...after_directives(node.body) });
      } else {
        own = add({ kind: "expression", at: node.body.start, end: node.body.end });
      }
      push_children(node, (child) => (child === node.id ? outer : own));
      continue;
    } else if (kLoops.has(node.type)) {
      const own = node.body.type === "BlockStatement"
        ? add({ kind: "statement", at: node.body.start + 1, lead: "" })
        : add({ kind: "wrapped", at: node.body.start, end: node.body.end });
      push_children(node, (child) => (runs_once(node, child) ? outer : own));
      continue;
    } else if (node.type === "IfStatement" || node.type === "ConditionalExpression") {
      mark(node.consequent);
      mark(node.alternate);
    } else if (node.type === "SwitchCase") {
      if (node.consequent.length > 0)
        add({ weight: kMarked, kind: "statement", at: node.consequent[0].start, lead: "" });
    } else if (node.type === "CatchClause") {
      mark(node.body);
    } else if (node.type === "StaticBlock" && node.body.length > 0) {
      const own = add({ kind: "statement", at: node.body[0].start, lead: "" });
      push_children(node, () => own);
      continue;
    }
    push_children(node, () => outer);
  }
  return { charges, names };
}

function unused_name(base, names) {
  let name = base;
  for (let i = 1; names.has(name); i++) name = `${base}${i}`;
  names.add(name);
  return name;
}

/**
 * Instruments one ES module. Returns {code, insertions, blocks}: the new text, the insertions as [{at,
 * text}], `at` in the old text, ascending, and where in the old text each block begins, by number. Throws BuildFailure "syntax" when the text does not
 * parse (it comes from esbuild, so that means syntax newer than this parser).
 */
export function add_meter(source) {
  let program;
  try {
    program = parse(source, { ecmaVersion: "latest", sourceType: "module", allowHashBang: true });
  } catch (error) {
    if (/stack/.test(error.message)) {
      throw new BuildFailure("syntax", "an expression of the bundled code is nested too deeply", {
        hint: "split it; thousands of operators in one expression are more than can be metered",
      });
    }
    throw new BuildFailure("syntax", `the bundled code cannot be parsed: ${error.message}`, {
      line: error.loc?.line ?? 0,
      column: (error.loc?.column ?? -1) + 1,
      hint: "it uses syntax that this version of Orrery does not know",
    });
  }
  const { charges, names } = collect_charges(program);
  const meter = unused_name("$m", names);
  const trip = unused_name("$t", names);
  const imported_meter = unused_name("$im", names);
  const cover = unused_name("$c", names);
  const imported_trip = unused_name("$it", names);
  const imported_cover = unused_name("$ic", names);

  const insertions = [];
  charges.forEach((charge, order) => {
    const covered = `${cover}[${order}]=1`;
    const test = charge.weight === kMarked ? covered : `(${covered},${meter}[0]-=${charge.weight})<0&&${trip}()`;
    if (charge.kind === "top") {
      const names = `meter as ${imported_meter},trip as ${imported_trip},cover as ${imported_cover}`;
      const head = `import{${names}}from"orrery:meter";` +
        `const ${meter}=${imported_meter},${trip}=${imported_trip},${cover}=${imported_cover};${test};`;
      const { at, lead } = source.startsWith("#!")
        ? { at: source.indexOf("\n") + 1 || source.length, lead: "" }
        : after_directives({ body: program.body, start: -1 });
      insertions.push({ at, order, text: lead + head });
    } else if (charge.kind === "statement") {
      insertions.push({ at: charge.at, order, text: `${charge.lead}${test};` });
    } else if (charge.kind === "wrapped") {
      insertions.push({ at: charge.at, order, text: `{${kMark}${test};` });
      insertions.push({ at: charge.end, order: -charge.at, text: `${kMark}}` });
    } else {
      insertions.push({ at: charge.at, order, text: `(${test},` });
      insertions.push({ at: charge.end, order: -charge.at, text: `${kMark})` });
    }
  });
  // At one place only closings can meet (`for(..) for(..) f = () => x`); the inner one goes first.
  insertions.sort((a, b) => a.at - b.at || a.order - b.order);

  const pieces = [];
  let from = 0;
  for (const { at, text } of insertions) {
    pieces.push(source.slice(from, at), text);
    from = at;
  }
  pieces.push(source.slice(from));
  return { code: pieces.join(""), insertions, blocks: charges.map((charge) => charge.at ?? 0) };
}
