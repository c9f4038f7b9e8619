// The open composers: each a draft that saves itself, with what hinders it from being sent.
import { asFailure, type Backend } from "../ipc/backend";
import type { ComposeFrom, Draft, Error as Failure, OutboxItem } from "../ipc/bindings";
import { textToHtml } from "../words/html";
import { isAddress } from "../words/people";

const SAVE_AFTER_MS = 800;

export interface Upload {
  key: number;
  name: string;
  size: number;
}

/** What stands between a draft and the post. */
export type Hindrance =
  { kind: "nobody" } | { kind: "address"; text: string } | { kind: "attachment" } | { kind: "uploading" };

export class Composing {
  draft = $state<Draft>() as Draft;
  minimised = $state(false);
  rich = $state(true);
  /** The quoted original became part of the text. */
  quoteOpen = $state(false);
  uploads = $state.raw<Upload[]>([]);
  error = $state.raw<Failure | null>(null);
  hindrance = $state.raw<Hindrance | null>(null);
  sending = $state(false);
  /** Anything was changed since it was opened. */
  touched = false;

  private timer: ReturnType<typeof setTimeout> | undefined;
  private saving: Promise<void> | null = null;
  private dirty = false;
  private closed = false;
  private keys = 0;

  constructor(
    private readonly backend: Backend,
    draft: Draft,
  ) {
    this.draft = draft;
    this.rich = draft.html !== null;
  }

  /** The draft as data. */
  get plain(): Draft {
    return $state.snapshot(this.draft) as Draft;
  }

  /** Something was typed: saved soon. */
  changed(): void {
    this.touched = true;
    this.dirty = true;
    this.hindrance = null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }

  /** Saves what is not yet saved; one save at a time, the last one with the last words. */
  async save(): Promise<void> {
    clearTimeout(this.timer);
    while (this.saving) await this.saving;
    if (!this.dirty || this.closed) return;
    this.saving = this.saveOnce();
    await this.saving;
    this.saving = null;
  }

  private async saveOnce(): Promise<void> {
    this.dirty = false;
    try {
      const saved = await this.backend.call("draft_save", { draft: this.plain });
      this.draft.saved_at = saved.saved_at;
      this.error = null;
    } catch (thrown) {
      this.dirty = true;
      this.error = asFailure(thrown);
    }
  }

  async attach(files: Iterable<File>): Promise<void> {
    for (const file of files) {
      this.keys += 1;
      const upload = { key: this.keys, name: file.name || "file", size: file.size };
      this.uploads = [...this.uploads, upload];
      try {
        const draft = await this.backend.upload(this.draft.id, file);
        this.draft.attachments = draft.attachments;
        this.touched = true;
        if (this.hindrance?.kind === "attachment") this.hindrance = null;
      } catch (thrown) {
        this.error = asFailure(thrown);
      }
      this.uploads = this.uploads.filter((one) => one !== upload);
    }
  }

  async detach(attachment: string): Promise<void> {
    try {
      this.draft.attachments = (
        await this.backend.call("draft_detach", { draft: this.draft.id, attachment })
      ).attachments;
    } catch (thrown) {
      this.error = asFailure(thrown);
    }
  }

  /** What hinders sending; `insist`: the person has read about the attachment. */
  hinders(insist: boolean): Hindrance | null {
    const people = [...this.draft.to, ...this.draft.cc, ...this.draft.bcc];
    if (people.length === 0) return { kind: "nobody" };
    const bad = people.find((one) => !isAddress(one.address));
    if (bad) return { kind: "address", text: bad.address };
    if (this.uploads.length > 0) return { kind: "uploading" };
    if (!insist && this.draft.attachments.length === 0 && mentionsAttachment(this.draft.text, this.draft.subject))
      return { kind: "attachment" };
    return null;
  }

  /** Hands the draft to the outbox; null where something hinders. */
  async send(insist = false): Promise<OutboxItem | null> {
    this.hindrance = this.hinders(insist);
    if (this.hindrance || this.sending) return null;
    this.sending = true;
    this.dirty = true;
    try {
      await this.save();
      if (this.error) return null;
      const item = await this.backend.call("draft_send", { draft: this.draft.id });
      this.closed = true;
      return item;
    } catch (thrown) {
      this.error = asFailure(thrown);
      return null;
    } finally {
      this.sending = false;
    }
  }

  /** Nobody writes on it now: it goes to Drafts on the server at once. */
  async rest(): Promise<void> {
    await this.backend.call("draft_rest", { draft: this.draft.id });
  }

  async discard(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    while (this.saving) await this.saving;
    await this.backend.call("draft_discard", { draft: this.draft.id });
  }
}

const ATTACHED =
  /\b(attach(ed|ment|ments|ing)?|enclosed|anbei|angehängt|im anhang|anhang|ci-joint|pièce jointe|adjunto|adjunta|allegato|bijlage|vedlagt|bifogad)\b/iu;

export const mentionsAttachment = (text: string, subject: string): boolean =>
  ATTACHED.test(text) || (ATTACHED.test(subject) && !/^(re|fwd?|aw|sv):/i.test(subject));

export class Drafts {
  open = $state<Composing[]>([]);

  constructor(private readonly backend: Backend) {}

  /** The one that is not minimised. */
  get front(): Composing | undefined {
    return this.open.find((one) => !one.minimised);
  }

  async compose(from: ComposeFrom): Promise<Composing> {
    const draft = await this.backend.call("compose", { from });
    // What is begun here is rich until the person wants it plain; what is taken up again stays as it was.
    if (draft.html === null && from.kind !== "draft" && from.kind !== "message") draft.html = textToHtml(draft.text);
    const already = this.open.find((one) => one.draft.id === draft.id);
    const composing = already ?? new Composing(this.backend, draft);
    for (const one of this.open) one.minimised = true;
    composing.minimised = false;
    if (!already) this.open = [...this.open, composing];
    return composing;
  }

  raise(which: Composing): void {
    for (const one of this.open) one.minimised = one !== which;
  }

  /** Saves every open mail now. */
  saveAll(): void {
    for (const one of this.open) void one.save();
  }

  remove(which: Composing): void {
    this.open = this.open.filter((one) => one !== which);
  }
}
