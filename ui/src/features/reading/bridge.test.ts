import { describe, expect, test } from "vitest";
import { LinkGate, parse, Rate } from "./bridge";

describe("what a frame may say", () => {
  test.each([
    [
      { godwit: 1, kind: "height", height: 300.2 },
      { kind: "height", height: 301 },
    ],
    [
      { godwit: 1, kind: "height", height: 9e9 },
      { kind: "height", height: 200_000 },
    ],
    [
      { godwit: 1, kind: "hover", index: null },
      { kind: "hover", index: null },
    ],
    [
      { godwit: 1, kind: "hover", index: 3 },
      { kind: "hover", index: 3 },
    ],
    [
      { godwit: 1, kind: "link", index: 0 },
      { kind: "link", index: 0 },
    ],
    [
      { godwit: 1, kind: "selection", text: "abc", html: "<b>" },
      { kind: "selection", text: "abc" },
    ],
    [
      { godwit: 1, kind: "found", count: 2 },
      { kind: "found", count: 2 },
    ],
    [
      { godwit: 1, kind: "key", key: "j" },
      { kind: "key", key: "j", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false },
    ],
    [
      { godwit: 1, kind: "key", key: "R", ctrl: true, shift: true },
      { kind: "key", key: "R", ctrlKey: true, metaKey: false, altKey: false, shiftKey: true },
    ],
  ])("%j", (said, heard) => expect(parse(said)).toEqual(heard));
});

describe("what is not heard", () => {
  test.each([
    null,
    7,
    "height",
    [],
    {},
    { kind: "height", height: 3 },
    { godwit: 2, kind: "height", height: 3 },
    { godwit: 1, kind: "height", height: NaN },
    { godwit: 1, kind: "height", height: -1 },
    { godwit: 1, kind: "height", height: "9" },
    { godwit: 1, kind: "link" },
    { godwit: 1, kind: "link", index: -1 },
    { godwit: 1, kind: "link", index: "0" },
    { godwit: 1, kind: "link", url: "https://x.example" },
    { godwit: 1, kind: "key", key: "javascript:alert(1)" },
    { godwit: 1, kind: "key", key: {} },
    { godwit: 1, kind: "open" },
    { godwit: 1 },
  ])("%j", (said) => expect(parse(said)).toBeNull());
});

test("a flood is cut, and the next second is free again", () => {
  const rate = new Rate(3, 1_000);
  expect([0, 1, 2, 3, 4].map((now) => rate.pass(now))).toEqual([true, true, true, false, false]);
  expect(rate.pass(2_000)).toBe(true);
});

test("links open one at a time", () => {
  const gate = new LinkGate();
  expect([0, 100, 600].map((now) => gate.pass(now))).toEqual([true, false, true]);
});
