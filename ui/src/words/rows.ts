// What a screen reader and a test read of a row: the accessible names of the contract.
import type { Mailbox, Row } from "../ipc/bindings";
import { plural } from "./amounts";
import { listDate } from "./dates";
import { names } from "./people";

export const isUnread = (row: { flags: string[] }): boolean => !row.flags.includes("\\Seen");
export const isStarred = (row: { flags: string[] }): boolean => row.flags.includes("\\Flagged");
export const isDraft = (row: { flags: string[] }): boolean => row.flags.includes("\\Draft");

export const subjectOf = (row: { subject: string }): string => row.subject.trim() || "(no subject)";

/** Who stands in the first line: the recipients where the list is of own mail. */
export function whoOf(row: Row, own: boolean): string {
  return own && row.to.length > 0 ? `To ${names(row.to)}` : names(row.from);
}

/** State words, sender, subject, date. */
export function rowName(row: Row, own = false, now: Date = new Date()): string {
  const words: string[] = [];
  if (isUnread(row)) words.push("unread");
  if (isStarred(row)) words.push("starred");
  if (isDraft(row)) words.push("draft");
  if (row.flags.includes("\\Answered")) words.push("answered");
  if (row.flags.includes("$Forwarded")) words.push("forwarded");
  if (row.attachments) words.push("has attachment");
  if (row.waiting) words.push("waiting for the server");
  if (row.count > 1) words.push(plural(row.count, "message"));
  words.push(whoOf(row, own), subjectOf(row), listDate(row.date, now));
  return words.join(", ");
}

/** The inbox is called so whatever the server writes; all else keeps its name. */
export const folderName = (mailbox: Mailbox): string =>
  mailbox.role === "inbox" ? "Inbox" : mailbox.name || mailbox.path;

export function folderLabel(name: string, unread: number, kind: "unread" | "drafts" | "waiting" = "unread"): string {
  if (unread === 0) return name;
  if (kind === "drafts") return `${name}, ${plural(unread, "draft")}`;
  return `${name}, ${unread.toLocaleString("en-GB")} ${kind}`;
}
