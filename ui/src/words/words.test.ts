import { describe, expect, test } from "vitest";
import type { Account, AccountStatus, Activity, Error as Failure, Row } from "../ipc/bindings";
import { size } from "./amounts";
import { headerDate, listDate } from "./dates";
import { around, pieces } from "./marks";
import { initials, isAddress, parseAddress, proposal, splitAddresses } from "./people";
import { folderLabel, rowName } from "./rows";
import { sendingMany, statusWords, type SendingMany } from "./status";

const now = new Date(2026, 10, 20, 9, 44);
const at = (...parts: [number, number, number, number?, number?]): number =>
  new Date(parts[0], parts[1], parts[2], parts[3] ?? 9, parts[4] ?? 42).getTime() / 1000;

test("a list shows the time today, the weekday this week, then the date", () => {
  expect(listDate(at(2026, 10, 20), now)).toBe("09:42");
  expect(listDate(at(2026, 10, 19), now)).toBe("Thu");
  expect(listDate(at(2026, 10, 1), now)).toBe("1 Nov");
  expect(listDate(at(2024, 1, 3), now)).toBe("3 Feb 2024");
  expect(headerDate(at(2026, 10, 20), now)).toBe("Today, 09:42");
});

const row: Row = {
  id: 1,
  message: 1,
  thread: 1,
  account: 1,
  mailbox: 1,
  uid: 1,
  subject: "Slipway",
  from: [{ name: "Jonas", address: "j@x.example" }],
  to: [{ name: "", address: "a@b.example" }],
  date: at(2026, 10, 20),
  flags: ["\\Seen"],
  labels: [],
  size: 1,
  attachments: false,
  preview: "",
  count: 1,
  waiting: false,
};

describe("the name of a row", () => {
  test.each<[Partial<Row>, string]>([
    [{}, "Jonas, Slipway, 09:42"],
    [{ flags: [] }, "unread, Jonas, Slipway, 09:42"],
    [
      { flags: ["\\Flagged"], attachments: true, count: 3 },
      "unread, starred, has attachment, 3 messages, Jonas, Slipway, 09:42",
    ],
    [{ waiting: true }, "waiting for the server, Jonas, Slipway, 09:42"],
    [{ subject: " " }, "Jonas, (no subject), 09:42"],
  ])("%j", (change, name) => expect(rowName({ ...row, ...change }, false, now)).toBe(name));

  test("in own mail names the recipients", () =>
    expect(rowName(row, true, now)).toBe("To a@b.example, Slipway, 09:42"));
});

test("a folder says its unread in words", () => {
  expect(folderLabel("Inbox", 6)).toBe("Inbox, 6 unread");
  expect(folderLabel("Drafts", 1, "drafts")).toBe("Drafts, 1 draft");
  expect(folderLabel("Sent", 0)).toBe("Sent");
});

test.each([
  ["Jonas Lindqvist", "JL"],
  ["田中 由美", "田中"],
  ["عمر الحداد", "عح"],
  ["Олександр Бондар", "ОБ"],
  ["김민준", "김민"],
  ["Cher", "C"],
])("the initials of %s are %s", (name, letters) => expect(initials({ name, address: "x@y.example" })).toBe(letters));

test("an organisation of one word has two letters", () =>
  expect(initials({ name: "The Tideline", address: "letters@tideline.example" })).toBe("Ti"));

test("addresses are told from what is none", () => {
  for (const good of ["a@b.example", "jörg@köln.example", "a+b@c.d.example", "me@localhost"])
    expect(isAddress(good)).toBe(true);
  for (const bad of ["", "a", "a@b", "a@b,example", "a b@c.example", "a@b.example>"])
    expect(isAddress(bad)).toBe(false);
  expect(proposal("sigrid@vik,example")).toBe("sigrid@vik.example");
  expect(proposal("sigrid")).toBeNull();
});

test("a pasted list is cut outside of quotes and angles", () => {
  expect(splitAddresses('"Vik, Sigrid" <s@v.example>; b@c.example,\n d@e.example')).toEqual([
    '"Vik, Sigrid" <s@v.example>',
    "b@c.example",
    "d@e.example",
  ]);
  expect(parseAddress('"Vik, Sigrid" <s@v.example>')).toEqual({ name: "Vik, Sigrid", address: "s@v.example" });
});

test("sizes are short", () => {
  expect([12, 2_048, 2_516_582, 25_000_000].map(size)).toEqual(["12 bytes", "2 KB", "2.4 MB", "24 MB"]);
});

describe("the sync status", () => {
  const failure: Failure = { kind: "sign_in_needed", what: "x refused the password.", mend: "", server_words: null };
  const accounts = [
    { id: 1, email: "a@one.example" },
    { id: 2, email: "b@two.example" },
  ] as Account[];
  const doing = (...activities: Activity[]): AccountStatus[] =>
    activities.map((activity, index) => ({ account: index + 1, activity, waiting: index }));
  const fresh: Activity = { kind: "up_to_date", at: at(2026, 10, 20, 9, 44) };
  test.each<[string, AccountStatus[]]>([
    ["Up to date, 09:44", doing(fresh)],
    ["Getting mail, 340 of 1,284", doing({ kind: "getting", done: 340, total: 1284 }, fresh)],
    ["Signing in", doing({ kind: "signing_in" })],
    [
      "Offline since 09:20, 1 change waits",
      doing(
        { kind: "offline", since: at(2026, 10, 20, 9, 20), error: failure },
        { kind: "offline", since: at(2026, 10, 20, 9, 20), error: failure },
      ),
    ],
    ["two.example: Password refused", doing(fresh, { kind: "stopped", error: failure })],
    ["Sending 1 change", doing(fresh, fresh)],
  ])("%s", (text, statuses) => expect(statusWords(statuses, accounts).text).toBe(text));

  test("many changes have a bar, few have none, and none where the server is not there", () => {
    const many = (from: number, most: number): SendingMany => ({ from, most });
    const sending = (waiting: number, run: SendingMany | null, activity: Activity = fresh) =>
      statusWords([{ account: 1, activity, waiting }], accounts, run);
    expect(sending(6_600, many(0, 10_000))).toMatchObject({
      text: "Sending, 34%",
      progress: 0.34,
      sending: "3,400 of 10,000 changes reached the server",
    });
    expect(sending(6_600, many(0, 10_000), { kind: "getting", done: 0, total: 0 }).text).toBe("Sending, 34%");
    expect(sending(57, many(7, 107)).text).toBe("Sending, 50%");
    expect(sending(2, null)).toMatchObject({ text: "Sending 2 changes", progress: null });
    expect(sending(0, null).text).toBe("Up to date, 09:44");
    const off: Activity = { kind: "offline", since: at(2026, 10, 20, 9, 20), error: failure };
    expect(sending(6_600, many(0, 10_000), off).text).toBe("Offline since 09:20, 6,600 changes wait");
  });

  test("many changes begin where many more wait at once, and end where they began", () => {
    let [run, last]: [SendingMany | null, number] = [null, 0];
    const counts = (...all: number[]): (SendingMany | null)[] =>
      all.map((waiting) => {
        [run, last] = [sendingMany(run, last, waiting), waiting];
        return run;
      });
    expect(counts(1, 60, 120, 7)).toEqual([null, null, null, null]);
    const one = { from: 7, most: 407 };
    expect(counts(407, 200, 8, 7)).toEqual([one, one, one, null]);
    // More join; one that the server never takes does not keep the bar for ever.
    expect(counts(407, 300, 500, 7, 6)).toEqual([one, one, { from: 7, most: 500 }, null, null]);
  });
});

test("searched words are set off, whatever their case", () => {
  const hits = (text: string, search: string): string =>
    pieces(text, search)
      .map((one) => (one.hit ? `[${one.text}]` : one.text))
      .join("");
  expect(hits("The Winch and the winches", "winch")).toBe("The [Winch] and the [winch]es");
  expect(hits("Keys", "winch shed")).toBe("Keys");
  expect(hits("a winch in a shed", "shed winch")).toBe("a [winch] in a [shed]");
  expect(hits("İstanbul", "i")).toBe("İstanbul");
  expect(around("x".repeat(100) + " winch", "winch")).toMatch(/^…x+ winch$/);
});
