// Accounts, folders, what the accounts are doing, and the outbox: read from the engine, read again when it says that they changed.
import type { Backend } from "../ipc/backend";
import { changesWaiting, sendingMany, type SendingMany } from "../words/status";
import type { Account, AccountStatus, Event, Mailbox, OutboxItem, Role } from "../ipc/bindings";

type Part = "accounts" | "mailboxes" | "statuses" | "outbox";
const PARTS: Record<string, Part[]> = {
  accounts_changed: ["accounts", "mailboxes", "statuses"],
  mailboxes_changed: ["mailboxes"],
  status_changed: ["statuses"],
  outbox_changed: ["outbox"],
};

/** So long without one change that reached its server. */
const STANDS_STILL_MS = 120_000;

export class Mail {
  accounts = $state.raw<Account[]>([]);
  mailboxes = $state.raw<Mailbox[]>([]);
  statuses = $state.raw<AccountStatus[]>([]);
  outbox = $state.raw<OutboxItem[]>([]);
  loaded = $state(false);
  /** Many changes on their way to servers, while they are. */
  sending = $state.raw<SendingMany | null>(null);
  private standsStill: ReturnType<typeof setTimeout> | undefined;

  private readonly busy = new Set<Part>();
  private readonly again = new Set<Part>();

  constructor(
    private readonly backend: Backend,
    private readonly failed: (thrown: unknown) => void,
  ) {}

  async load(): Promise<void> {
    await Promise.all((["accounts", "mailboxes", "statuses", "outbox"] as const).map((part) => this.read(part)));
    this.loaded = true;
  }

  hear(event: Event): void {
    for (const part of PARTS[event.kind] ?? []) void this.read(part);
  }

  /** One read of a part at a time; changes meanwhile make one more, not many. */
  private async read(part: Part): Promise<void> {
    if (this.busy.has(part)) {
      this.again.add(part);
      return;
    }
    this.busy.add(part);
    try {
      if (part === "accounts") this.accounts = await this.backend.call("accounts", {});
      else if (part === "mailboxes") this.mailboxes = await this.backend.call("mailboxes", {});
      else if (part === "statuses") this.standing(await this.backend.call("status", {}));
      else this.outbox = await this.backend.call("outbox", {});
    } catch (thrown) {
      this.failed(thrown);
    } finally {
      this.busy.delete(part);
    }
    if (this.again.delete(part)) await this.read(part);
  }

  private standing(statuses: AccountStatus[]): void {
    const [before, waiting] = [changesWaiting(this.statuses), changesWaiting(statuses)];
    this.statuses = statuses;
    this.sending = sendingMany(this.sending, before, waiting);
    if (waiting === before) return;
    clearTimeout(this.standsStill);
    // What can't be done now waits for its time, and is no longer on its way.
    if (this.sending) this.standsStill = setTimeout(() => (this.sending = null), STANDS_STILL_MS);
  }

  account(id: number): Account | undefined {
    return this.accounts.find((one) => one.id === id);
  }

  mailbox(id: number): Mailbox | undefined {
    return this.mailboxes.find((one) => one.id === id);
  }

  byRole(account: number, role: Role): Mailbox | undefined {
    return this.mailboxes.find((one) => one.account === account && one.role === role);
  }

  /** Unread in all inboxes. */
  get unread(): number {
    return this.mailboxes.reduce((sum, one) => sum + (one.role === "inbox" ? one.unread : 0), 0);
  }

  /** What has not gone out yet. */
  get waiting(): OutboxItem[] {
    return this.outbox.filter((one) => !["sent", "filed", "cancelled"].includes(one.state));
  }
}
