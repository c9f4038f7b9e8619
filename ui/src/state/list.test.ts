import { beforeEach, expect, test, vi } from "vitest";
import { FakeBackend } from "../ipc/fake";
import type { ViewSpec } from "../ipc/bindings";
import { MessageList } from "./list.svelte";

const inbox: ViewSpec = { scope: { kind: "mailbox", mailbox: 1 }, filter: "all", threaded: false, search: null };
let backend: FakeBackend;
let list: MessageList;

beforeEach(async () => {
  backend = new FakeBackend({ extra: 400 });
  list = new MessageList(backend);
  await backend.listen((event) => event.kind === "view_changed" && list.apply(event));
  await list.open(inbox);
  list.show(0, 20);
});

const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5));

test("opening reads the first page only", () => {
  expect(list.len).toBeGreaterThan(400);
  expect(list.rows.size).toBe(100);
  expect(backend.asked.filter((one) => one.name === "view_window")).toHaveLength(1);
});

test("scrolling reads the pages in sight, each once", async () => {
  list.show(250, 270);
  list.show(251, 271);
  await settled();
  expect(list.rows.get(260)).toBeDefined();
  expect(list.rows.get(150)).toBeUndefined();
  expect(backend.asked.filter((one) => one.name === "view_window")).toHaveLength(2);
});

test("new mail on top leaves focus and selection on their message", async () => {
  list.choose(3);
  const focused = list.focused?.id;
  list.firstInSight = 2;
  const grown = vi.fn();
  list.onGrowth = grown;
  backend.arrive("Nina Holm", "A word");
  await settled();
  expect(list.focus).toBe(4);
  expect(list.focused?.id).toBe(focused);
  expect(list.selection.only).toBe(focused);
  expect(grown).toHaveBeenCalledWith(1);
  expect(list.fresh).toBe(1);
});

test("new mail joins quietly where the sight is at the top", async () => {
  const grown = vi.fn();
  list.onGrowth = grown;
  backend.arrive("Nina Holm", "A word");
  await settled();
  expect(grown).not.toHaveBeenCalled();
  expect(list.fresh).toBe(0);
  expect(list.rows.get(0)?.subject).toBe("A word");
});

test("a message that goes hands the focus to the next older one", async () => {
  list.choose(2);
  const next = list.rows.get(3)?.id;
  const gone = vi.fn();
  list.onFocusGone = gone;
  const id = list.focused?.id ?? 0;
  await backend.call("perform", { action: { verb: "archive", targets: { kind: "ids", ids: [id], threads: false } } });
  await settled();
  expect(list.focus).toBe(2);
  expect(list.focused?.id).toBe(next);
  expect(list.selection.has(id)).toBe(false);
  expect(gone).toHaveBeenCalledOnce();
});

test("changed contents are read again", async () => {
  const id = list.rows.get(0)?.id ?? 0;
  await backend.call("perform", {
    action: { verb: "mark", add: ["\\Flagged"], remove: [], targets: { kind: "ids", ids: [id], threads: false } },
  });
  await settled();
  expect(list.rows.get(0)?.flags).toContain("\\Flagged");
});

test("a missed version reads everything anew", async () => {
  list.apply({ kind: "view_changed", view: list.view ?? 0, version: 9, len: list.len, splices: [], contents: false });
  expect(list.rows.size).toBe(0);
  await settled();
  expect(list.rows.size).toBe(100);
});

test("events of other lists and old versions change nothing", () => {
  const { len } = list;
  list.apply({ kind: "view_changed", view: 999, version: 2, len: 0, splices: [], contents: true });
  list.apply({ kind: "view_changed", view: list.view ?? 0, version: 1, len: 0, splices: [], contents: true });
  expect(list.len).toBe(len);
});

test("a span takes rows that were never in sight", async () => {
  list.choose(5);
  await list.span(305);
  expect(list.selected).toBe(301);
});

test("everything selected never sends the ids", () => {
  list.selectAll();
  expect(list.selected).toBe(list.len);
  expect(list.selection.targets(1, false)).toEqual({ kind: "all_but", view: 1, except: [] });
});

test("of two lists opened in a hurry the last one stands", async () => {
  const first = list.open({ ...inbox, filter: "starred" });
  const second = list.open({ ...inbox, filter: "unread" });
  await Promise.all([first, second]);
  expect(list.spec?.filter).toBe("unread");
  expect(list.rows.get(0)?.flags).not.toContain("\\Seen");
});

test("an engine that fails leaves the words and lets one try again", async () => {
  const call = vi
    .spyOn(backend, "call")
    .mockRejectedValueOnce({ kind: "busy", what: "The store is busy.", mend: "Try again.", server_words: null });
  await list.open(inbox);
  expect(list.error?.what).toBe("The store is busy.");
  call.mockRestore();
  await list.open(inbox);
  expect(list.error).toBeNull();
});
