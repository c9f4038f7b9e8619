// What is done with mail that is being written: begun, sent with time to undo, taken back, put away, thrown away.
import { asFailure, type Backend } from "../ipc/backend";
import type { ComposeFrom, Draft } from "../ipc/bindings";
import type { Composing, Drafts } from "./drafts.svelte";
import type { Toasts } from "./toasts.svelte";

/** Composers that are opened together. */
const MOST_AT_ONCE = 5;

export class Writing {
  /** Mail of this window that has not been heard of yet, with whom it goes to. */
  private readonly held = new Map<number, string>();

  constructor(
    private readonly backend: Backend,
    private readonly drafts: Drafts,
    private readonly toasts: Toasts,
    private readonly openOutbox: () => void,
  ) {}

  private readonly failed = (thrown: unknown): void => this.toasts.alert(asFailure(thrown));

  async compose(from: ComposeFrom): Promise<void> {
    try {
      await this.drafts.compose(from);
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  /** Mail that was being written when the window last closed stands minimised again; with `all`, every kept draft does. */
  async takeUpAgain(all = false): Promise<void> {
    try {
      const kept = await this.backend.call("drafts", {});
      const again = all ? kept.slice(0, MOST_AT_ONCE) : kept.slice(0, 1);
      for (const draft of again.reverse()) {
        const composing = await this.drafts.compose({ kind: "draft", draft: draft.id });
        composing.minimised = !all;
      }
      if (all && kept.length === 0) this.toasts.say("No draft is kept here");
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  async send(composing: Composing, insist = false): Promise<void> {
    const item = await composing.send(insist);
    if (!item) return;
    this.drafts.remove(composing);
    const to = item.to.length > 1 ? `${item.to[0]} and ${item.to.length - 1} more` : (item.to[0] ?? "");
    const left = item.due * 1000 - Date.now();
    this.held.set(item.id, to);
    if (left > 500)
      this.toasts.say("Sending", {
        detail: `To ${to}`,
        until: item.due * 1000,
        staysMs: left,
        buttons: [
          { label: "Send now", run: () => void this.backend.call("outbox_retry", { id: item.id }).catch(this.failed) },
          { label: "Undo", run: () => void this.takeBack(item.id) },
        ],
      });
  }

  async takeBack(id: number): Promise<void> {
    try {
      const draft = await this.backend.call("outbox_cancel", { id });
      this.held.delete(id);
      this.toasts.dismiss();
      if (draft !== null) await this.compose({ kind: "draft", draft });
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  /** Mail that was held by this window has gone out, or has not. */
  async tellSent(): Promise<void> {
    if (this.held.size === 0) return;
    const box = await this.backend.call("outbox", {}).catch(() => []);
    for (const item of box) {
      const to = this.held.get(item.id);
      if (to === undefined) continue;
      if (item.state === "sent" || item.state === "filed") this.toasts.say(`Sent to ${to}`);
      else if (item.state === "refused" || item.state === "uncertain") {
        if (item.last_error) this.toasts.alert(item.last_error, [{ label: "Open Outbox", run: this.openOutbox }]);
      } else continue;
      this.held.delete(item.id);
    }
  }

  async discard(composing: Composing): Promise<void> {
    const keep = structuredClone(composing.plain);
    this.drafts.remove(composing);
    try {
      await composing.discard();
      if (!composing.touched) return;
      this.toasts.say("Draft discarded", {
        buttons: [{ label: "Undo", run: () => void this.writeAgain(keep as Draft) }],
      });
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  private async writeAgain(old: Draft): Promise<void> {
    try {
      const composing = await this.drafts.compose({ kind: "nothing", account: old.account });
      composing.draft = { ...old, id: composing.draft.id, attachments: [] };
      composing.changed();
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  /** Closes a composer and keeps its draft; an untouched new one leaves nothing behind. */
  async putAway(composing: Composing): Promise<void> {
    if (!composing.touched && composing.draft.saved_at === 0) return this.discard(composing);
    await composing.save();
    if (composing.error) return;
    this.drafts.remove(composing);
    void composing.rest().catch(this.failed);
    this.toasts.say("Draft kept", {
      buttons: [{ label: "Open", run: () => void this.compose({ kind: "draft", draft: composing.draft.id }) }],
    });
  }
}
