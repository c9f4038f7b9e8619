import { expect, test } from "vitest";
import { Selection } from "./selection";

test("toggling adds and removes", () => {
  const some = Selection.of(1).toggled(2).toggled(1);
  expect(some.has(2)).toBe(true);
  expect(some.has(1)).toBe(false);
  expect(some.only).toBe(2);
});

test("everything but some counts against the list and crosses as a view", () => {
  const all = Selection.everything.toggled(7);
  expect(all.has(8)).toBe(true);
  expect(all.has(7)).toBe(false);
  expect(all.size(100_000)).toBe(99_999);
  expect(all.targets(3, true)).toEqual({ kind: "all_but", view: 3, except: [7] });
});

test("some cross as ids, with the list they were chosen in", () => {
  expect(Selection.of(4, 5).targets(3, true)).toEqual({ kind: "ids", ids: [4, 5], threads: true, view: 3 });
});
