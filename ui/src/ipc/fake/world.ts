// The sample mail of the fake backend: accounts, folders and about 300 messages in several scripts, made anew at each start.
import type { Account, Address, Attachment, Mailbox, Role, Row } from "../bindings";
import { bodies, fillers, lead, type Sample } from "./samples";

/** One message in one mailbox, with what its body needs. */
export interface Item extends Row {
  cc: Address[];
  html: string;
  files: Attachment[];
  remoteImages: number;
  trackers: number;
  verdict: "confirmed" | "unknown" | "careful" | "forged";
  reasons: string[];
}

export interface World {
  accounts: Account[];
  mailboxes: Mailbox[];
  items: Map<number, Item>;
}

const server = (host: string, port: number) => ({ host, port, security: "tls" as const, pin: null });

export function account(id: number, email: string, name: string, color: number): Account {
  const host = email.slice(email.indexOf("@") + 1);
  const signature = name ? `${name}\n${host}` : "";
  return {
    id,
    email,
    name,
    user: email,
    imap: server(`imap.${host}`, 993),
    smtp: server(`smtp.${host}`, 465),
    color,
    signature,
  };
}

type Folder = [path: string, role: Role | null];
const WORK: Folder[] = [
  ["INBOX", "inbox"],
  ["Drafts", "drafts"],
  ["Sent", "sent"],
  ["Archive", "archive"],
  ["Junk", "junk"],
  ["Trash", "trash"],
  ["Boathouse", null],
  ["Clients", null],
  ["Clients/Havnevik Yard", null],
  ["Receipts", null],
];
const HOME: Folder[] = [
  ["INBOX", "inbox"],
  ["Drafts", "drafts"],
  ["Sent", "sent"],
  ["Archive", "archive"],
  ["Trash", "trash"],
  ["Family", null],
  ["Travel", null],
];

export function folders(accountId: number, list: Folder[], firstId: number): Mailbox[] {
  const made: Mailbox[] = [];
  for (const [path, role] of list) {
    const cut = path.lastIndexOf("/");
    const above = cut < 0 ? undefined : made.find((one) => one.path === path.slice(0, cut));
    made.push({
      id: firstId + made.length,
      account: accountId,
      path,
      name: path.slice(cut + 1),
      parent: above?.id ?? null,
      delimiter: "/",
      role,
      selectable: true,
      subscribed: true,
      messages: 0,
      unread: 0,
      held_back: 0,
      verified_at: null,
      repaired: 0,
    });
  }
  return made;
}

/** Folders of an account that was just added. */
export const newFolders = (accountId: number, firstId: number): Mailbox[] => folders(accountId, HOME, firstId);

export function world(extra: number): World {
  const accounts = [
    account(1, "marit@fjordlys.example", "Marit Solheim", 1),
    account(2, "marit@solheim.example", "Marit Solheim", 4),
  ];
  const mailboxes = [...folders(1, WORK, 1), ...folders(2, HOME, 21)];
  const items = new Map<number, Item>();
  const today = new Date();
  today.setHours(9, 42, 0, 0);
  const start = Math.floor(today.getTime() / 1000);
  let id = 0;
  let thread = 0;
  const add = (sample: Sample, mailbox: number, date: number, threadId: number, count: number): void => {
    id += 1;
    items.set(id, itemOf(sample, id, mailbox, date, threadId, count));
  };
  for (const sample of lead) {
    thread += 1;
    const box = sample.mailbox ?? 1;
    const at = start - sample.ago * 60;
    (sample.earlier ?? []).forEach((one, index, all) => {
      const own = one.from[1] === "marit@fjordlys.example";
      add(
        { ...sample, ...one, files: [], unread: false, starred: false },
        own ? 3 : box,
        at - (all.length - index) * 86_000,
        thread,
        1,
      );
    });
    add(sample, box, at, thread, 1 + (sample.earlier?.length ?? 0));
  }
  let state = 7;
  const dice = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
  const boxes = [1, 1, 1, 1, 4, 3, 7, 9, 10, 21, 21, 24, 26, 27, 5, 6];
  for (let n = 0; n < 280 + extra; n += 1) {
    const filler = fillers[dice(fillers.length)] ?? fillers[0];
    if (!filler) break;
    thread += 1;
    const box = n < 280 ? (boxes[dice(boxes.length)] ?? 1) : 1;
    const at = start - 86_400 * 5 - n * (n < 280 ? 11_700 : 600) - dice(9_000);
    const sample: Sample = { ...filler, ago: 0, starred: dice(17) === 0, unread: n < 6 && dice(4) === 0 };
    add(sample, box, at, thread, 1);
  }
  const made = { accounts, mailboxes, items };
  recount(made);
  return made;
}

function itemOf(sample: Sample, id: number, mailbox: number, date: number, thread: number, count: number): Item {
  const own = mailbox === 3 || mailbox === 23;
  const me = { name: "Marit Solheim", address: mailbox > 20 ? "marit@solheim.example" : "marit@fjordlys.example" };
  const other = { name: sample.from[0], address: sample.from[1] };
  const flags: string[] = [];
  if (!sample.unread) flags.push("\\Seen");
  if (sample.starred) flags.push("\\Flagged");
  if (mailbox === 2) flags.push("\\Draft");
  const files = (sample.files ?? []).map(([name, type, size, danger], index) => ({
    part: index + 2,
    name,
    type,
    size,
    inline: false,
    content_id: null,
    danger: danger ?? null,
  }));
  return {
    id,
    message: id,
    thread,
    account: mailbox > 20 ? 2 : 1,
    mailbox,
    uid: id,
    subject: sample.subject,
    from: [own ? me : other],
    to: own ? [other] : [me, ...(sample.alsoTo ?? []).map(([name, address]) => ({ name, address }))],
    cc: [],
    date,
    flags,
    labels: [],
    size: 4_000 + sample.preview.length * 10,
    attachments: files.length > 0,
    preview: sample.preview,
    count,
    waiting: false,
    html: sample.html ?? bodies(sample),
    files,
    remoteImages: sample.remote ?? 0,
    trackers: sample.trackers ?? 0,
    verdict: sample.verdict ?? "unknown",
    reasons: sample.reasons ?? ["First mail from this address. The domain vouches for it."],
  };
}

/** Counts per mailbox, made anew. */
export function recount(world: World): void {
  const counts = new Map<number, { messages: number; unread: number }>();
  for (const item of world.items.values()) {
    const it = counts.get(item.mailbox) ?? { messages: 0, unread: 0 };
    it.messages += 1;
    if (!item.flags.includes("\\Seen")) it.unread += 1;
    counts.set(item.mailbox, it);
  }
  for (const mailbox of world.mailboxes) Object.assign(mailbox, counts.get(mailbox.id) ?? { messages: 0, unread: 0 });
}
