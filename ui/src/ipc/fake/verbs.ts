// What the verbs do to the sample mail, and what an undo puts back.
import type { Action } from "../bindings";
import type { Views } from "./views";
import type { Item, World } from "./world";

export interface Taken {
  before: Item[];
  said: string;
}

export function performOn(world: World, views: Views, action: Action): Taken {
  const targets = action.targets;
  const threads = targets.kind === "ids" ? targets.threads : (views.spec(targets.view)?.threaded ?? false);
  const ids =
    targets.kind === "ids" ? targets.ids : views.ids(targets.view).filter((id) => !targets.except.includes(id));
  const chosen = new Map<number, Item>();
  for (const id of ids) {
    const item = world.items.get(id);
    if (!item) continue;
    chosen.set(id, item);
    if (!threads) continue;
    for (const one of world.items.values())
      if (one.thread === item.thread && one.mailbox === item.mailbox) chosen.set(one.id, one);
  }
  const before = [...chosen.values()].map((item) => structuredClone(item));
  for (const item of chosen.values()) change(world, item, action);
  const n = ids.length;
  return { before, said: said(world, action, n) };
}

function change(world: World, item: Item, action: Action): void {
  const roleBox = (role: string) =>
    world.mailboxes.find((one) => one.account === item.account && one.role === role)?.id;
  const next = { ...item };
  switch (action.verb) {
    case "mark":
      next.flags = [...new Set([...item.flags, ...action.add])].filter((flag) => !action.remove.includes(flag));
      break;
    case "move":
      next.mailbox = action.to;
      break;
    case "copy": {
      const id = Math.max(...world.items.keys()) + 1;
      world.items.set(id, { ...item, id, mailbox: action.to });
      return;
    }
    case "archive":
      next.mailbox = roleBox("archive") ?? item.mailbox;
      break;
    case "delete":
      next.mailbox = roleBox("trash") ?? item.mailbox;
      break;
    case "delete_for_good":
      world.items.delete(item.id);
      return;
    case "junk":
      next.mailbox = roleBox("junk") ?? item.mailbox;
      break;
    case "not_junk":
      next.mailbox = roleBox("inbox") ?? item.mailbox;
      break;
  }
  world.items.set(item.id, next);
}

function said(world: World, action: Action, n: number): string {
  const what = n === 1 ? "1 message" : `${n} messages`;
  switch (action.verb) {
    case "mark":
      if (action.add.includes("\\Flagged")) return n === 1 ? "Starred" : `Starred ${what}`;
      if (action.remove.includes("\\Flagged")) return n === 1 ? "Star removed" : `Star removed from ${what}`;
      return action.add.includes("\\Seen") ? `Marked ${what} as read` : `Marked ${what} as unread`;
    case "move":
    case "copy": {
      const name = world.mailboxes.find((one) => one.id === action.to)?.name ?? "a folder";
      const done = action.verb === "move" ? "Moved" : "Copied";
      return n === 1 ? `${done} to ${name}` : `${done} ${what} to ${name}`;
    }
    case "archive":
      return n === 1 ? "Archived" : `Archived ${what}`;
    case "delete":
      return n === 1 ? "Deleted" : `Deleted ${what}`;
    case "delete_for_good":
      return `Deleted ${what} for good`;
    case "junk":
      return n === 1 ? "Marked as junk" : `Marked ${what} as junk`;
    case "not_junk":
      return n === 1 ? "Moved to Inbox" : `Moved ${what} to Inbox`;
  }
}
