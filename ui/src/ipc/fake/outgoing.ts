// Drafts, outbox and contacts of the fake backend.
import type { Address, ComposeFrom, Contact, Draft, Event, OutboxItem } from "../bindings";
import type { World } from "./world";

const now = (): number => Math.floor(Date.now() / 1000);

export class Outgoing {
  readonly box: OutboxItem[] = [];
  private readonly drafts = new Map<number, Draft>();
  private readonly sentDrafts = new Map<number, Draft>();
  private last = 0;

  constructor(
    private readonly world: World,
    private readonly emit: (event: Event) => void,
    private readonly holdSecs: () => number,
  ) {
    if (world.accounts.length > 0)
      this.box.push({
        id: 900,
        account: 1,
        state: "refused",
        subject: "Permit for the slipway",
        to: ["post@nordnes.example"],
        attempts: 1,
        last_error: {
          kind: "refused",
          what: "The server refused a recipient.",
          mend: "Write again later, or remove this address.",
          server_words: "550: mailbox full",
        },
        due: now() - 600,
      });
  }

  get kept(): Draft[] {
    return [...this.drafts.values()].reverse();
  }

  compose(from: ComposeFrom): Draft {
    this.last += 1;
    const draft: Draft = {
      id: this.last,
      account: this.world.accounts[0]?.id ?? 1,
      to: [],
      cc: [],
      bcc: [],
      subject: "",
      html: "",
      text: "",
      quote_html: "",
      quote_text: "",
      attachments: [],
      in_reply_to: null,
      references: [],
      answers: null,
      forwards: false,
      saved_at: 0,
    };
    if (from.kind === "nothing" && from.account !== null) draft.account = from.account;
    if (from.kind === "draft") return this.drafts.get(from.draft) ?? draft;
    if (from.kind === "mailto")
      draft.to = [{ name: "", address: from.url.replace(/^mailto:/, "").replace(/\?.*$/, "") }];
    if (from.kind === "reply" || from.kind === "forward" || from.kind === "message") this.fill(draft, from);
    this.drafts.set(draft.id, draft);
    return draft;
  }

  private fill(draft: Draft, from: Extract<ComposeFrom, { id: number }>): void {
    const item = this.world.items.get(from.id);
    if (!item) return;
    draft.account = item.account;
    if (from.kind === "message") {
      Object.assign(draft, {
        to: item.from,
        subject: item.subject,
        html: `<p>${item.preview}</p>`,
        text: item.preview,
      });
      return;
    }
    const prefix = from.kind === "reply" ? "Re: " : "Fwd: ";
    draft.subject = item.subject.toLowerCase().startsWith(prefix.toLowerCase()) ? item.subject : prefix + item.subject;
    draft.answers = item.id;
    draft.forwards = from.kind === "forward";
    draft.quote_html = item.html;
    draft.quote_text = `${item.from[0]?.name ?? ""} wrote:\n> ${item.preview}`;
    if (from.kind === "reply") {
      const mine = this.world.accounts.map((one) => one.email);
      draft.to = item.from;
      if (from.all) draft.cc = item.to.filter((one) => !mine.includes(one.address));
    }
  }

  save(draft: Draft): Draft {
    const kept = {
      ...draft,
      attachments: this.drafts.get(draft.id)?.attachments ?? draft.attachments,
      saved_at: now(),
    };
    this.drafts.set(draft.id, kept);
    return kept;
  }

  attach(id: number, name: string, type: string, size: number): Draft {
    const draft = this.draft(id);
    const attachment = {
      id: `a${draft.attachments.length + 1}-${Date.now()}`,
      name,
      type: type || "application/octet-stream",
      size,
    };
    const next = { ...draft, attachments: [...draft.attachments, attachment] };
    this.drafts.set(id, next);
    return next;
  }

  detach(id: number, attachment: string): Draft {
    const draft = this.draft(id);
    const next = { ...draft, attachments: draft.attachments.filter((one) => one.id !== attachment) };
    this.drafts.set(id, next);
    return next;
  }

  discard(id: number): null {
    this.drafts.delete(id);
    return null;
  }

  send(id: number): OutboxItem {
    const draft = this.draft(id);
    this.drafts.delete(id);
    this.last += 1;
    const item: OutboxItem = {
      id: this.last,
      account: draft.account,
      state: "held",
      subject: draft.subject,
      to: [...draft.to, ...draft.cc, ...draft.bcc].map((one) => one.address),
      attempts: 0,
      last_error: null,
      due: now() + this.holdSecs(),
    };
    this.sentDrafts.set(item.id, draft);
    this.box.unshift(item);
    this.emit({ kind: "outbox_changed" });
    setTimeout(() => this.go(item), this.holdSecs() * 1000);
    return item;
  }

  retry(id: number): OutboxItem {
    const item = this.item(id);
    this.go(item);
    return item;
  }

  cancel(id: number): number | null {
    const item = this.item(id);
    item.state = "cancelled";
    this.emit({ kind: "outbox_changed" });
    const draft = this.sentDrafts.get(id);
    if (!draft) return null;
    this.drafts.set(draft.id, draft);
    return draft.id;
  }

  contacts(prefix: string, limit: number): Contact[] {
    const words = prefix.toLowerCase();
    const seen = new Map<string, { address: Address; mails: number }>();
    for (const item of this.world.items.values())
      for (const who of item.from) {
        if (
          !`${who.name} ${who.address}`
            .toLowerCase()
            .split(/[\s@]+/)
            .some((part) => part.startsWith(words))
        )
          continue;
        const it = seen.get(who.address) ?? { address: who, mails: 0 };
        it.mails += 1;
        seen.set(who.address, it);
      }
    return [...seen.values()].sort((a, b) => b.mails - a.mails).slice(0, limit);
  }

  private go(item: OutboxItem): void {
    if (item.state === "cancelled" || item.state === "filed") return;
    item.state = "filed";
    item.last_error = null;
    this.emit({ kind: "outbox_changed" });
  }

  private draft(id: number): Draft {
    const draft = this.drafts.get(id);
    if (!draft) throw { kind: "gone", what: "This draft is gone.", mend: "", server_words: null };
    return draft;
  }

  private item(id: number): OutboxItem {
    const item = this.box.find((one) => one.id === id);
    if (!item) throw { kind: "gone", what: "This mail is gone from the outbox.", mend: "", server_words: null };
    return item;
  }
}
