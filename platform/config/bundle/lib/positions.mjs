// Positions: from the final text back to the user's files.
//
// esbuild's map leads from its output to the sources (through the maps that npm packages ship). The
// meter then only inserts text within lines, so its step is a shift of columns, done here exactly
// instead of by a general remapping library.

import { decode } from "@jridgewell/sourcemap-codec";

/** The 1-based line and column of an offset in a text. */
export function line_and_column(text, offset) {
  const before = text.lastIndexOf("\n", offset - 1);
  let line = 1;
  for (let i = text.indexOf("\n"); i >= 0 && i < offset; i = text.indexOf("\n", i + 1)) line += 1;
  return { line, column: offset - before };
}

// Groups insertions by line: line index -> [{column, length}], ascending, columns of the old text.
function insertions_by_line(source, insertions) {
  const by_line = new Map();
  let line = 0;
  let line_start = 0;
  for (const { at, text } of insertions) {
    for (let next = source.indexOf("\n", line_start); next >= 0 && next < at;
      next = source.indexOf("\n", line_start)) {
      line += 1;
      line_start = next + 1;
    }
    if (!by_line.has(line)) by_line.set(line, []);
    by_line.get(line).push({ column: at - line_start, length: text.length });
  }
  return by_line;
}

/**
 * The source map of app.json. `source` is esbuild's text, `map` its source map (an object),
 * `insertions` what the meter put in. Code that the bundler made itself is nobody's. Result:
 * {sources, lines}; a line is a flat list of quadruples: generated column (from 0), index into
 * sources or -1 for code that is nobody's, source line (from 1), source column (from 0).
 */
export function composed_map(source, map, insertions) {
  const shifts = insertions_by_line(source, insertions);
  const lines = decode(map.mappings).map((segments, line) => {
    const shift = shifts.get(line) ?? [];
    const flat = [];
    let next = 0;
    let added = 0;
    for (const [column, index, source_line, source_column] of segments) {
      while (next < shift.length && shift[next].column <= column) added += shift[next++].length;
      if (index === undefined || map.sources[index].startsWith("orrery-")) flat.push(column + added, -1, 0, 0);
      else flat.push(column + added, index, source_line + 1, source_column);
    }
    return flat;
  });
  return { sources: map.sources, lines };
}

/**
 * Where blocks begin in the user's sources: [index into sources or -1, line from 1] for each offset in esbuild's text
 * `source`, flat, in the order of `offsets`. What stands before the first mapped place of its line is nobody's.
 */
export function source_lines(source, map, offsets) {
  const lines = decode(map.mappings);
  const starts = [0];
  for (let i = source.indexOf("\n"); i >= 0; i = source.indexOf("\n", i + 1)) starts.push(i + 1);
  const flat = new Array(offsets.length * 2);
  // In ascending order, so that the line need only be looked for onwards.
  const order = offsets.map((_, index) => index).sort((a, b) => offsets[a] - offsets[b]);
  let line = 0;
  for (const index of order) {
    while (line + 1 < starts.length && starts[line + 1] <= offsets[index]) line += 1;
    const column = offsets[index] - starts[line];
    let found = [-1, 0];
    for (const [generated, file, source_line] of lines[line] ?? []) {
      if (generated > column) break;
      const nobodys = file === undefined || map.sources[file].startsWith("orrery-");
      found = nobodys ? [-1, 0] : [file, source_line + 1];
    }
    [flat[index * 2], flat[index * 2 + 1]] = found;
  }
  return flat;
}
