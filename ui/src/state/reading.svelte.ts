// The open conversation: its messages, which are unfolded, and the tokens of their bodies.
import { asFailure, type Backend } from "../ipc/backend";
import type { ConversationItem, Error as Failure, OpenedMessage, PlacementId, Row } from "../ipc/bindings";
import { isUnread } from "../words/rows";

/** Frames alive at once (frame.md). */
const FRAMES = 12;

export interface Shown {
  item: ConversationItem;
  open: boolean;
  opened: OpenedMessage | null;
  error: Failure | null;
  /** Height of the body in px as the frame told it; remembered, so that opening again moves nothing. */
  height: number;
}

export class Reading {
  row = $state.raw<Row | null>(null);
  shown = $state<Shown[]>([]);
  unfolded = $state(false);
  loading = $state(false);
  error = $state.raw<Failure | null>(null);

  private turn = 0;
  private readonly heights = new Map<number, number>();

  constructor(
    private readonly backend: Backend,
    /** Told when a body is before the reader's eyes. */
    private readonly seen: (id: PlacementId) => void,
  ) {}

  /** Shows a row's message or conversation. The same row again: nothing. */
  async show(row: Row, threaded: boolean): Promise<void> {
    if (this.row?.id === row.id && !this.error) {
      this.row = row;
      return;
    }
    this.turn += 1;
    const turn = this.turn;
    this.release();
    this.row = row;
    this.error = null;
    this.unfolded = false;
    const alone = itemOf(row);
    this.shown = [shownOf(alone, this.heights)];
    this.loading = true;
    try {
      const items = threaded && row.count > 1 ? await this.backend.call("conversation", { id: row.id }) : [alone];
      if (turn !== this.turn) return;
      this.shown = (items.length > 0 ? items : [alone]).map((item) => shownOf(item, this.heights));
      const last = this.shown.at(-1);
      const unread = this.shown.filter((one) => one !== last && isUnread(one.item)).slice(-(FRAMES - 1));
      await Promise.all([...unread, ...(last ? [last] : [])].map((one) => this.unfold(one.item.id)));
    } catch (thrown) {
      if (turn === this.turn) this.error = asFailure(thrown);
    } finally {
      if (turn === this.turn) this.loading = false;
    }
  }

  /** The row or its conversation changed elsewhere: flags are read again, new messages join, gone ones leave. */
  async refresh(row: Row, threaded: boolean): Promise<void> {
    if (this.row?.id !== row.id || this.loading) return;
    this.row = row;
    if (!threaded || row.count <= 1) {
      for (const one of this.shown) if (one.item.id === row.id) one.item = { ...one.item, flags: row.flags };
      return;
    }
    const turn = this.turn;
    const items = await this.backend.call("conversation", { id: row.id });
    if (turn !== this.turn || items.length === 0) return;
    // Two rows of one folder may have one content: each is its own first, then whichever has the content and no row any more.
    const left = new Set(this.shown);
    const take = (is: (one: Shown) => boolean): Shown | undefined => {
      const found = [...left].find(is);
      if (found) left.delete(found);
      return found;
    };
    const same = new Map(items.map((item) => [item.id, take((one) => one.item.id === item.id)]));
    const news: ConversationItem[] = [];
    this.shown = items.map((item) => {
      const one = same.get(item.id) ?? take((one) => one.item.message === item.message);
      if (!one) news.push(item);
      if (!one) return shownOf(item, this.heights);
      one.item = item;
      return one;
    });
    for (const item of news.slice(-2)) if (isUnread(item)) await this.unfold(item.id);
  }

  clear(): void {
    this.turn += 1;
    this.release();
    this.row = null;
    this.shown = [];
    this.error = null;
    this.loading = false;
  }

  private find(id: PlacementId): Shown | undefined {
    return this.shown.find((one) => one.item.id === id);
  }

  async unfold(id: PlacementId, remote = false): Promise<void> {
    const one = this.find(id);
    if (!one) return;
    this.fold(this.shown.filter((it) => it.open && it.item.id !== id).slice(0, -(FRAMES - 1)));
    one.open = true;
    one.error = null;
    const turn = this.turn;
    try {
      const opened = await this.backend.call("message_open", { id, remote });
      const still = this.find(id);
      if (turn !== this.turn || !still) return this.close(opened.token);
      if (still.opened) this.close(still.opened.token);
      still.opened = opened;
      this.seen(id);
    } catch (thrown) {
      const still = this.find(id);
      if (turn === this.turn && still) still.error = asFailure(thrown);
    }
  }

  private fold(these: Shown[]): void {
    for (const one of these) {
      one.open = false;
      if (one.opened) this.close(one.opened.token);
      one.opened = null;
    }
  }

  foldOne(id: PlacementId): void {
    const one = this.find(id);
    if (one) this.fold([one]);
  }

  /** Fetches the message anew with its remote images. */
  loadRemote(id: PlacementId): Promise<void> {
    return this.unfold(id, true);
  }

  tall(id: PlacementId, height: number): void {
    const one = this.find(id);
    if (!one || one.height === height) return;
    one.height = height;
    this.heights.set(id, height);
    if (this.heights.size > 500) this.heights.delete(this.heights.keys().next().value ?? -1);
  }

  /** The unfolded messages, in order: they number the frames. */
  get frames(): Shown[] {
    return this.shown.filter((one) => one.open);
  }

  /** The message that Reply and its like act on: the newest unfolded one. */
  get current(): Shown | undefined {
    return this.frames.at(-1) ?? this.shown.at(-1);
  }

  private release(): void {
    for (const one of this.shown) if (one.opened) this.close(one.opened.token);
  }

  private close(token: string): void {
    this.backend.call("message_close", { token }).catch(() => undefined);
  }
}

function shownOf(item: ConversationItem, heights: ReadonlyMap<number, number>): Shown {
  return { item, open: false, opened: null, error: null, height: heights.get(item.id) ?? 120 };
}

function itemOf(row: Row): ConversationItem {
  const { id, message, mailbox, from, date, preview, flags, attachments } = row;
  return { id, message, mailbox, from, date, preview, flags, own: false, attachments };
}
