// The folder tree as flat rows: what stands above the accounts, then each account's folders, roles first.
import type { IconName } from "../../components/icons";
import type { Account, Mailbox, Role } from "../../ipc/bindings";
import type { Place } from "../../state/app.svelte";
import { folderLabel, folderName } from "../../words/rows";

export interface TreeRow {
  key: string;
  name: string;
  /** Its accessible name. */
  label: string;
  icon: IconName;
  level: number;
  count: number;
  unread: boolean;
  place: Place | null;
  mailbox: Mailbox | null;
  /** Undefined: it has nothing below it. */
  expanded?: boolean;
}

export interface TreeGroup {
  account: Account;
  head: TreeRow;
  rows: TreeRow[];
}

const ICONS: Record<Role, IconName> = {
  inbox: "inbox",
  drafts: "file-pen-line",
  sent: "send",
  archive: "archive",
  junk: "shield-alert",
  trash: "trash-2",
  all: "layers",
  flagged: "star",
};
const ORDER: Role[] = ["inbox", "flagged", "drafts", "sent", "archive", "all", "junk", "trash"];

export const folderIcon = (mailbox: Mailbox): IconName => (mailbox.role ? ICONS[mailbox.role] : "folder");

export function topRows(unread: number, waiting: number): TreeRow[] {
  const row = (
    key: string,
    name: string,
    icon: IconName,
    count: number,
    kind: "unread" | "waiting",
    place: Place,
  ): TreeRow => ({
    key,
    name,
    icon,
    count,
    place,
    label: folderLabel(name, count, kind),
    level: 1,
    unread: kind === "unread" && count > 0,
    mailbox: null,
  });
  return [
    row("all", "All inboxes", "layers", unread, "unread", { kind: "role", role: "inbox" }),
    row("starred", "Starred", "star", 0, "unread", { kind: "starred" }),
    row("outbox", "Outbox", "send", waiting, "waiting", { kind: "outbox" }),
  ];
}

export function groups(accounts: Account[], mailboxes: Mailbox[], closed: ReadonlySet<string>): TreeGroup[] {
  return accounts.map((account) => {
    const key = `account-${account.id}`;
    const own = mailboxes.filter((one) => one.account === account.id);
    const unread = own.reduce((sum, one) => sum + (one.role === "inbox" ? one.unread : 0), 0);
    const name = shortName(account, accounts);
    const expanded = !closed.has(key);
    const head: TreeRow = {
      key,
      name,
      label: expanded ? account.email : folderLabel(account.email, unread),
      icon: "inbox",
      level: 1,
      count: expanded ? 0 : unread,
      unread: !expanded && unread > 0,
      place: null,
      mailbox: null,
      expanded,
    };
    const removed: TreeRow = {
      key: `removed-${account.id}`,
      name: "Recently removed",
      label: "Recently removed",
      icon: "undo-2",
      level: 2,
      count: 0,
      unread: false,
      place: { kind: "removed", account: account.id },
      mailbox: null,
    };
    const rows = expanded && own.length > 0 ? [...branch(own, null, 2, closed), removed] : [];
    return { account, head, rows };
  });
}

/** The domain, or the address where two accounts share it. */
function shortName(account: Account, accounts: Account[]): string {
  const domain = account.email.slice(account.email.lastIndexOf("@") + 1);
  return accounts.filter((one) => one.email.endsWith(`@${domain}`)).length > 1 ? account.email : domain;
}

function branch(all: Mailbox[], parent: number | null, level: number, closed: ReadonlySet<string>): TreeRow[] {
  const known = new Set(all.map((one) => one.id));
  const here = all.filter((one) => (one.parent !== null && known.has(one.parent) ? one.parent : null) === parent);
  here.sort((a, b) => rank(a) - rank(b) || folderName(a).localeCompare(folderName(b)));
  return here.flatMap((mailbox) => {
    const key = `mailbox-${mailbox.id}`;
    const below = level < 24 ? branch(all, mailbox.id, level + 1, closed) : [];
    const expanded = below.length > 0 ? !closed.has(key) : undefined;
    const hidden = expanded === false ? below.reduce((sum, one) => sum + (one.unread ? one.count : 0), 0) : 0;
    const drafts = mailbox.role === "drafts";
    const count = drafts
      ? mailbox.messages
      : mailbox.role === "trash" || mailbox.role === "sent"
        ? 0
        : mailbox.unread + hidden;
    const name = folderName(mailbox);
    const row: TreeRow = {
      key,
      name,
      label: folderLabel(name, count, drafts ? "drafts" : "unread"),
      icon: folderIcon(mailbox),
      level,
      count,
      unread: !drafts && count > 0 && mailbox.role !== "junk",
      place: mailbox.selectable ? { kind: "mailbox", mailbox: mailbox.id } : null,
      mailbox,
      ...(expanded === undefined ? {} : { expanded }),
    };
    return [row, ...(expanded === false ? [] : below)];
  });
}

const rank = (mailbox: Mailbox): number => (mailbox.role ? ORDER.indexOf(mailbox.role) : ORDER.length);

export const samePlace = (a: Place, b: Place | null): boolean => b !== null && JSON.stringify(a) === JSON.stringify(b);
