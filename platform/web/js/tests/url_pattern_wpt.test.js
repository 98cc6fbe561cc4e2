// URLPattern against urlpatterntestdata.json. Goal: every case; each failing case is named.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setNatives } from "../natives.js";
import { URL } from "../url/url.js";
import { URLPattern } from "../url/url_pattern.js";
import { nodeNatives } from "./node_natives.js";

setNatives(nodeNatives().natives);
const data = JSON.parse(readFileSync(
  new globalThis.URL("../../tests/data/urlpatterntestdata.json", import.meta.url), "utf8"));
const COMPONENTS = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];
const EARLIER = {
  protocol: [], hostname: ["protocol"], port: ["protocol", "hostname"], username: [], password: [],
  pathname: ["protocol", "hostname", "port"], search: ["protocol", "hostname", "port", "pathname"],
  hash: ["protocol", "hostname", "port", "pathname", "search"],
};

/** What a component's pattern must be, by the rules of the file's own runner. */
function expectedPattern(entry, component) {
  const first = entry.pattern[0];
  const base = first?.baseURL ? new URL(first.baseURL)
    : typeof entry.pattern[1] === "string" ? new URL(entry.pattern[1]) : null;
  if (entry.expected_obj?.[component] !== undefined) return entry.expected_obj[component];
  if (entry.exactly_empty_components?.includes(component)) return "";
  if (typeof first === "object" && first[component]) return first[component];
  if (typeof first === "object" && EARLIER[component].some((c) => c in first)) return "*";
  if (base !== null && component !== "username" && component !== "password") {
    const value = base[component];
    return component === "protocol" ? value.slice(0, -1)
      : component === "search" || component === "hash" ? value.slice(1) : value;
  }
  return "*";
}

function check(entry) {
  if (entry.expected_obj === "error") {
    assert.throws(() => new URLPattern(...entry.pattern), TypeError);
    return;
  }
  const pattern = new URLPattern(...entry.pattern);
  for (const component of COMPONENTS) {
    assert.equal(pattern[component], expectedPattern(entry, component), component);
  }
  if (!("inputs" in entry) && !("expected_match" in entry)) return;
  if (entry.expected_match === "error") {
    assert.throws(() => pattern.test(...entry.inputs), TypeError);
    assert.throws(() => pattern.exec(...entry.inputs), TypeError);
    return;
  }
  assert.equal(pattern.test(...entry.inputs), Boolean(entry.expected_match), "test()");
  const result = pattern.exec(...entry.inputs);
  if (!entry.expected_match || typeof entry.expected_match !== "object") {
    assert.equal(result, entry.expected_match ?? null, "exec()");
    return;
  }
  assert.deepEqual(result.inputs, entry.expected_match.inputs ?? entry.inputs, "inputs");
  for (const component of COMPONENTS) {
    let expected = entry.expected_match[component];
    if (!expected) {
      expected = { input: "", groups: {} };
      if (!entry.exactly_empty_components?.includes(component)) expected.groups["0"] = "";
    }
    const groups = Object.fromEntries(Object.entries(expected.groups).map(([k, v]) => [k, v ?? undefined]));
    assert.deepEqual(result[component], { input: expected.input, groups }, component);
  }
}

test("every case of urlpatterntestdata.json holds", () => {
  const failures = [];
  for (const entry of data) {
    try {
      check(entry);
    } catch (error) {
      failures.push(`${JSON.stringify(entry.pattern)} ${JSON.stringify(entry.inputs)}: ${error.message.replace(/\n/g, " ")}`);
    }
  }
  assert.deepEqual(failures, []);
  assert.ok(data.length > 300);
});

test("hasRegExpGroups tells patterns with expressions of their own", () => {
  assert.equal(new URLPattern({ pathname: "/:id" }).hasRegExpGroups, false);
  assert.equal(new URLPattern({ pathname: "/:id(\\d+)" }).hasRegExpGroups, true);
});
