import { expect, test } from "vitest";
import { Sequence, shown, wordsOf } from "./keys";
import { startsSequence, verbOfKey, verbs } from "./registry";

const pressed = (key: string, more: Partial<Record<"ctrlKey" | "metaKey" | "altKey" | "shiftKey", boolean>> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
});

test.each([
  [pressed("j"), "j", "older"],
  [pressed("k"), "k", "newer"],
  [pressed("e"), "e", "archive"],
  [pressed("#", { shiftKey: true }), "#", "delete"],
  [pressed("Delete"), "Delete", "delete"],
  [pressed("s"), "s", "star"],
  [pressed("u"), "u", "unread"],
  [pressed("v"), "v", "move"],
  [pressed("!", { shiftKey: true }), "!", "junk"],
  [pressed("r"), "r", "reply"],
  [pressed("a"), "a", "reply-all"],
  [pressed("f"), "f", "forward"],
  [pressed("c"), "c", "compose"],
  [pressed("n", { ctrlKey: true }), "Ctrl+n", "compose"],
  [pressed("r", { ctrlKey: true }), "Ctrl+r", "reply"],
  [pressed("R", { ctrlKey: true, shiftKey: true }), "Ctrl+Shift+r", "reply-all"],
  [pressed("Enter", { ctrlKey: true }), "Ctrl+Enter", "send"],
  [pressed("D", { ctrlKey: true, shiftKey: true }), "Ctrl+Shift+d", "discard"],
  [pressed("/"), "/", "search"],
  [pressed("f", { ctrlKey: true }), "Ctrl+f", "search"],
  [pressed("k", { ctrlKey: true }), "Ctrl+k", "palette"],
  [pressed("x"), "x", "select"],
  [pressed("J", { shiftKey: true }), "Shift+j", "select-older"],
  [pressed("z", { ctrlKey: true }), "Ctrl+z", "undo"],
  [pressed("F5"), "F5", "get-mail"],
  [pressed("F6"), "F6", "pane-next"],
  [pressed("F6", { shiftKey: true }), "Shift+F6", "pane-previous"],
  [pressed("3", { ctrlKey: true }), "Ctrl+3", "account-3"],
  [pressed("?", { shiftKey: true }), "?", "keys"],
])("%j is %s and does %s", (event, words, verb) => {
  expect(wordsOf(event, false)).toBe(words);
  expect(verbOfKey(words)?.id).toBe(verb);
});

test("on a Mac the command key stands for Ctrl", () => {
  expect(wordsOf(pressed("n", { metaKey: true }), true)).toBe("Ctrl+n");
  expect(wordsOf(pressed("n", { ctrlKey: true }), true)).toBe("n");
  expect(shown("Ctrl+Shift+d", true)).toBe("⌘⇧D");
});

test("g waits for the second key, but not for ever", () => {
  const sequence = new Sequence();
  expect(sequence.take("g", startsSequence, 0)).toBeNull();
  expect(sequence.take("i", startsSequence, 500)).toBe("g i");
  expect(verbOfKey("g i")?.id).toBe("go-inbox");
  expect(sequence.take("g", startsSequence, 1_000)).toBeNull();
  expect(sequence.take("i", startsSequence, 9_000)).toBe("i");
});

test("no two verbs share a key or an id", () => {
  const keys = verbs.flatMap((one) => one.keys);
  expect(new Set(keys).size).toBe(keys.length);
  expect(new Set(verbs.map((one) => one.id)).size).toBe(verbs.length);
});

test("keys are shown as on the caps", () => {
  expect(shown("e", false)).toBe("E");
  expect(shown("g i", false)).toBe("G then I");
  expect(shown("Ctrl+Shift+d", false)).toBe("Ctrl+Shift+D");
});
