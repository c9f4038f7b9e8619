import { describe, expect, test } from "vitest";
import { splicesBetween } from "../ipc/fake/views";
import { growthAbove, shifted, shiftedOrNext, shiftedRows } from "./splices";

test("an index moves with what came and went before it", () => {
  expect(shifted(5, [{ at: 0, removed: 0, inserted: 2 }])).toBe(7);
  expect(shifted(5, [{ at: 6, removed: 1, inserted: 0 }])).toBe(5);
  expect(shifted(5, [{ at: 5, removed: 1, inserted: 0 }])).toBeNull();
  expect(
    shifted(5, [
      { at: 0, removed: 2, inserted: 0 },
      { at: 1, removed: 0, inserted: 4 },
    ]),
  ).toBe(7);
});

test("a row that went hands over to the next older one", () => {
  expect(shiftedOrNext(5, [{ at: 5, removed: 1, inserted: 0 }])).toBe(5);
  expect(shiftedOrNext(5, [{ at: 3, removed: 4, inserted: 1 }])).toBe(4);
});

test("growth above says how far the sight must follow", () => {
  expect(growthAbove(10, [{ at: 0, removed: 0, inserted: 3 }])).toBe(3);
  expect(growthAbove(10, [{ at: 20, removed: 5, inserted: 0 }])).toBe(0);
  expect(growthAbove(10, [{ at: 2, removed: 3, inserted: 0 }])).toBe(-3);
});

describe("splices between two orders", () => {
  const cases: [number[], number[]][] = [
    [[], [1, 2]],
    [[1, 2, 3], []],
    [
      [1, 2, 3],
      [2, 3],
    ],
    [
      [1, 2, 3],
      [9, 1, 2, 8, 3, 7],
    ],
    [
      [1, 2, 3, 4, 5],
      [1, 9, 4],
    ],
    [
      [1, 2],
      [3, 4],
    ],
  ];
  test.each(cases)("turn %j into %j", (before, after) => {
    const list = [...before];
    for (const one of splicesBetween(before, after)) {
      const came = after.slice(one.at, one.at + one.inserted);
      list.splice(one.at, one.removed, ...came);
    }
    expect(list).toEqual(after);
  });

  test.each(cases)("keep known rows at their places from %j to %j", (before, after) => {
    const rows = new Map(before.map((id, index) => [index, id]));
    for (const [index, id] of shiftedRows(rows, splicesBetween(before, after))) expect(after[index]).toBe(id);
  });
});
