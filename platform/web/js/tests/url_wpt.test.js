// URL against the data files of web-platform-tests. Goal: every case; each failing case is named.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setNatives } from "../natives.js";
import { URL } from "../url/url.js";
import { QUERY, SPECIAL_QUERY, encodeString } from "../url/percent_encoding.js";
import { nodeNatives } from "./node_natives.js";

setNatives(nodeNatives().natives);
const load = (name) =>
  JSON.parse(readFileSync(new globalThis.URL(`../../tests/data/${name}`, import.meta.url), "utf8"));

const FIELDS = ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname",
  "search", "hash"];

function check(cases) {
  const failures = [];
  let count = 0;
  for (const [name, run] of cases) {
    count++;
    try {
      run();
    } catch (error) {
      failures.push(`${name}: ${error.message.split("\n").join(" ")}`);
    }
  }
  assert.deepEqual(failures, []);
  assert.ok(count > 0);
}

test("every case of urltestdata.json parses or fails as written", () => {
  check(load("urltestdata.json").filter((c) => typeof c === "object").map((c) => [
    `${JSON.stringify(c.input)} on ${JSON.stringify(c.base)}`,
    () => {
      const make = () => new URL(c.input, c.base ?? undefined);
      assert.equal(URL.canParse(c.input, c.base ?? undefined), !c.failure);
      if (c.failure) {
        assert.throws(make, TypeError);
        return;
      }
      const url = make();
      for (const field of FIELDS) assert.equal(url[field], c[field], field);
      if ("origin" in c) assert.equal(url.origin, c.origin, "origin");
      assert.equal(new URL(url.href).href, url.href, "idempotent");
    },
  ]));
});

test("every case of setters_tests.json sets as written", () => {
  const data = load("setters_tests.json");
  const cases = [];
  for (const attribute of Object.keys(data)) {
    if (attribute === "comment") continue;
    for (const c of data[attribute]) {
      cases.push([`${c.href} .${attribute} = ${JSON.stringify(c.new_value)}`, () => {
        const url = new URL(c.href);
        url[attribute] = c.new_value;
        for (const [field, value] of Object.entries(c.expected)) assert.equal(url[field], value, field);
      }]);
    }
  }
  check(cases);
});

test("every case of toascii.json holds in host, hostname and href", () => {
  check(load("toascii.json").filter((c) => typeof c === "object").map((c) => [
    JSON.stringify(c.input),
    () => {
      const make = () => new URL(`https://${c.input}/x`);
      if (c.output === null) {
        assert.throws(make, TypeError);
      } else {
        const url = make();
        assert.equal(url.host, c.output);
        assert.equal(url.href, `https://${c.output}/x`);
      }
    },
  ]));
});

test("the UTF-8 column of percent-encoding.json holds", () => {
  check(load("percent-encoding.json").filter((c) => typeof c === "object").map((c) => [
    JSON.stringify(c.input),
    () => {
      assert.equal(encodeString(c.input, QUERY), c.output["utf-8"]);
      assert.equal(encodeString(c.input, SPECIAL_QUERY), c.output["utf-8"]);
    },
  ]));
});
