// What was removed lately in the sample mail, and its way back.
import type { Commands, Event, Removed } from "../bindings";
import { fail } from "./servers";
import type { Views } from "./views";
import { recount, type Item, type World } from "./world";

const WEEK = 7 * 86_400;

export class RemovedMail {
  private readonly kept = new Map<number, { item: Item; removed: Removed }>();

  constructor(
    private readonly world: World,
    private readonly views: Views,
    private readonly emit: (event: Event) => void,
  ) {}

  /** A message leaves its server. */
  take(item: Item): void {
    const box = this.world.mailboxes.find((one) => one.id === item.mailbox);
    const now = Math.floor(Date.now() / 1000);
    this.kept.set(item.id, {
      item,
      removed: {
        id: item.id,
        account: item.account,
        mailbox: box?.path ?? "INBOX",
        subject: item.subject,
        from: item.from,
        date: item.date,
        removed_at: now,
        kept_until: now + WEEK,
        size: item.size,
        comes_back: "possible",
      },
    });
    this.world.items.delete(item.id);
  }

  list(account: number, limit: number): Commands["removed"]["reply"] {
    const all = [...this.kept.values()].map((one) => one.removed).filter((one) => one.account === account);
    return { total: all.length, messages: all.slice(0, limit) };
  }

  restore(ids: number[]): Commands["restore"]["reply"] {
    const back = ids.flatMap((id) => this.kept.get(id) ?? []);
    if (back.length === 0) throw fail("gone", "These messages are not among the removed any more.");
    for (const { item } of back) {
      this.kept.delete(item.id);
      const inbox = this.world.mailboxes.find((one) => one.account === item.account && one.role === "inbox");
      this.world.items.set(item.id, { ...item, mailbox: inbox?.id ?? item.mailbox });
    }
    this.changed();
    const n = back.length;
    return { receipt: null, count: n, said: `${n === 1 ? "1 message comes" : `${n} messages come`} back to Inbox` };
  }

  empty(mailbox: number): Commands["mailbox_empty"]["reply"] {
    const all = [...this.world.items.values()].filter((one) => one.mailbox === mailbox);
    for (const item of all) this.take(item);
    this.changed();
    return { receipt: null, count: all.length, said: `Deleted ${all.length} messages for good` };
  }

  private changed(): void {
    recount(this.world);
    this.views.refresh();
    this.emit({ kind: "mailboxes_changed" });
  }
}
