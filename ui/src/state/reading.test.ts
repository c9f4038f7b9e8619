import { expect, test } from "vitest";
import type { Backend } from "../ipc/backend";
import type { ConversationItem, Row } from "../ipc/bindings";
import { FakeBackend } from "../ipc/fake";
import { Reading } from "./reading.svelte";

/** A conversation whose items are what the test says next. */
async function open(
  items: ConversationItem[],
): Promise<{ reading: Reading; row: Row; say: (items: ConversationItem[]) => void }> {
  const fake = new FakeBackend();
  const inbox = (await fake.call("mailboxes", {})).find((one) => one.role === "inbox");
  const spec = {
    scope: { kind: "mailbox", mailbox: inbox?.id ?? 0 },
    filter: "all",
    threaded: true,
    search: null,
  } as const;
  const { view } = await fake.call("view_open", { spec });
  const [first] = await fake.call("view_window", { view, from: 0, count: 1 });
  if (!first) throw new Error("the sample inbox has a message");
  const row: Row = { ...first, count: 2 };
  let now = items;
  const call: Backend["call"] = (name, request) =>
    name === "conversation" ? (Promise.resolve(now) as never) : fake.call(name, request);
  const backend = new Proxy(fake as Backend, {
    get: (of, key) => (key === "call" ? call : (Reflect.get(of, key) as unknown)),
  });
  const reading = new Reading(backend, () => {});
  await reading.show(row, true);
  return { reading, row, say: (next) => void (now = next) };
}

const item = (id: number, message: number): ConversationItem => ({
  id,
  message,
  mailbox: 1,
  from: [],
  date: 0,
  preview: "",
  flags: ["\\Seen"],
  own: false,
  attachments: false,
});

test("two rows of one content in a folder stay two when the conversation is read again", async () => {
  const { reading, row, say } = await open([item(1, 7), item(2, 7)]);
  await reading.refresh(row, true);
  expect(reading.shown.map((one) => one.item.id)).toEqual([1, 2]);
  expect(new Set(reading.shown).size).toBe(2);
  // The second is moved, and comes back under another row: it stays the same on the screen.
  const second = reading.shown[1];
  say([item(1, 7), item(3, 7)]);
  await reading.refresh(row, true);
  expect(reading.shown.map((one) => one.item.id)).toEqual([1, 3]);
  expect(reading.shown[1]).toBe(second);
});
