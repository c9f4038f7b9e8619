import { describe, expect, test } from "vitest";
import { CAP, Scroll } from "./scroll";

describe("a list that fits under the cap", () => {
  test("draws the rows in sight and a few beyond", () => {
    const scroll = new Scroll(1_000, 68, 680);
    scroll.moved(6_800);
    expect(scroll.sight(2)).toEqual({ from: 98, to: 112 });
    expect(scroll.drawn).toBe(68_000);
    expect(scroll.offset(100)).toBe(6_800);
  });

  test("never draws before the first or past the last row", () => {
    const scroll = new Scroll(5, 68, 680);
    expect(scroll.sight()).toEqual({ from: 0, to: 5 });
    scroll.moved(10_000);
    expect(scroll.sight()).toEqual({ from: 0, to: 5 });
  });

  test("brings a row into sight with the least movement", () => {
    const scroll = new Scroll(100, 50, 500);
    scroll.goTo(1_000);
    expect(scroll.topFor(25)).toBe(1_000);
    expect(scroll.topFor(10)).toBe(500);
    expect(scroll.topFor(35)).toBe(1_300);
  });
});

describe("a list of a million rows", () => {
  const rows = 1_000_000;
  const make = (): Scroll => new Scroll(rows, 68, 680);

  test("keeps the element under the cap", () => {
    expect(make().drawn).toBe(CAP);
  });

  test("moves one to one for small steps", () => {
    const scroll = make();
    scroll.moved(100);
    scroll.moved(168);
    expect(scroll.top).toBe(168);
  });

  test("reaches the first and the last row", () => {
    const scroll = make();
    scroll.moved(CAP - 680);
    expect(scroll.sight(0)).toEqual({ from: rows - 10, to: rows });
    scroll.moved(0);
    expect(scroll.sight(0).from).toBe(0);
  });

  test("a throw of the scroll bar lands in proportion", () => {
    const scroll = make();
    scroll.moved((CAP - 680) / 2);
    expect(scroll.sight(0).from).toBeGreaterThan(499_000);
    expect(scroll.sight(0).from).toBeLessThan(501_000);
  });

  test("draws rows where the element is scrolled to", () => {
    const scroll = make();
    const at = scroll.goTo(500_000 * 68);
    expect(scroll.offset(500_000)).toBe(at);
    expect(scroll.offset(500_001)).toBe(at + 68);
  });

  test("going to a row and being told of it changes nothing", () => {
    const scroll = make();
    const at = scroll.goTo(123_456 * 68);
    scroll.moved(at);
    expect(scroll.top).toBe(123_456 * 68);
  });
});
