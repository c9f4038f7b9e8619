// The open list: its length, the rows around the sight, focus and selection. Holds what is visible, never a copy of the mailbox.
import { asFailure, type Backend } from "../ipc/backend";
import type { Error as Failure, Event, PlacementId, Row, ViewId, ViewSpec } from "../ipc/bindings";
import { Selection } from "./selection";
import { growthAbove, shifted, shiftedOrNext, shiftedRows } from "./splices";

const PAGE = 100;
/** Rows kept beyond the sight. */
const KEPT = 2_000;

type Changed = Extract<Event, { kind: "view_changed" }>;

export class MessageList {
  spec = $state.raw<ViewSpec | null>(null);
  len = $state(0);
  rows = $state.raw<ReadonlyMap<number, Row>>(new Map());
  /** Index of the row that keys act on; -1: none. */
  focus = $state(-1);
  selection = $state.raw(Selection.none);
  /** Waiting for the list itself, not for its rows. */
  opening = $state(false);
  error = $state.raw<Failure | null>(null);
  /** Rows that came on top while the sight was elsewhere. */
  fresh = $state(0);

  view: ViewId | null = null;
  /** Told when rows came or went above the sight, so that the scroll position can follow. */
  onGrowth: (rows: number) => void = () => undefined;
  /** The first row in sight; the list component keeps it. */
  firstInSight = 0;
  /** The pointer or the scroll position holds the rows where they are. */
  held = false;
  /** Told when the focused row went: true if by an act of the person. */
  onFocusGone: () => void = () => undefined;

  private version = 0;
  private sight = { from: 0, to: 0 };
  private readonly asked = new Set<number>();
  private early: Changed[] = [];
  private anchor = -1;
  private turn = 0;

  constructor(private readonly backend: Backend) {}

  get focused(): Row | undefined {
    return this.rows.get(this.focus);
  }

  /** Opens another list; what was shown stays until the new one is there. */
  async open(spec: ViewSpec): Promise<void> {
    const turn = (this.turn += 1);
    const before = this.view;
    this.opening = true;
    try {
      const opened = await this.backend.call("view_open", { spec });
      if (turn !== this.turn) return void this.close(opened.view);
      const first =
        opened.len > 0 ? await this.backend.call("view_window", { view: opened.view, from: 0, count: PAGE }) : [];
      if (turn !== this.turn) return void this.close(opened.view);
      this.view = opened.view;
      this.version = opened.version;
      this.asked.clear();
      this.rows = new Map(first.map((row, index) => [index, row]));
      this.len = opened.len;
      this.spec = spec;
      this.focus = opened.len > 0 ? 0 : -1;
      this.anchor = this.focus;
      this.selection = Selection.none;
      this.fresh = 0;
      this.error = null;
      const late = this.early.filter((event) => event.view === opened.view);
      this.early = [];
      for (const event of late) this.apply(event);
    } catch (thrown) {
      if (turn === this.turn) this.error = asFailure(thrown);
    } finally {
      if (turn === this.turn) this.opening = false;
    }
    if (before !== null && before !== this.view) this.close(before);
  }

  private close(view: ViewId): void {
    this.backend.call("view_close", { view }).catch(() => undefined);
  }

  /** The rows `from .. to` are in sight: gets those that are missing. */
  show(from: number, to: number): void {
    this.sight = { from, to };
    for (let page = Math.floor(from / PAGE); page * PAGE < to; page += 1) {
      const last = Math.min(to, (page + 1) * PAGE);
      for (let index = Math.max(from, page * PAGE); index < last; index += 1)
        if (!this.rows.has(index)) {
          void this.fetch(page);
          break;
        }
    }
  }

  /** Reads one page; an answer that a change has overtaken is asked for again. */
  private async fetch(page: number): Promise<void> {
    const view = this.view;
    if (view === null || this.asked.has(page)) return;
    this.asked.add(page);
    const version = this.version;
    try {
      const got = await this.backend.call("view_window", { view, from: page * PAGE, count: PAGE });
      if (view !== this.view) return;
      this.asked.delete(page);
      if (version !== this.version) return void this.fetch(page);
      const rows = new Map(this.rows);
      got.forEach((row, offset) => rows.set(page * PAGE + offset, row));
      this.rows = this.trimmed(rows);
      this.error = null;
    } catch (thrown) {
      if (view !== this.view) return;
      this.asked.delete(page);
      this.error = asFailure(thrown);
    }
  }

  private trimmed(rows: Map<number, Row>): Map<number, Row> {
    if (rows.size <= KEPT) return rows;
    const middle = (this.sight.from + this.sight.to) / 2;
    for (const index of rows.keys())
      if (Math.abs(index - middle) > KEPT / 2 && index !== this.focus) rows.delete(index);
    return rows;
  }

  /** A change of the list, applied so that sight, selection and focus stay on their messages. */
  apply(event: Changed): void {
    if (event.view !== this.view) {
      if (this.opening) this.early.push(event);
      return;
    }
    if (event.version <= this.version) return;
    const missed = event.version !== this.version + 1;
    this.version = event.version;
    if (missed) this.rows = new Map();
    else if (event.splices.length > 0) this.splice(event);
    this.len = event.len;
    if (this.focus >= this.len) this.focus = this.len - 1;
    this.readAgain();
  }

  private splice({ splices }: Changed): void {
    const focusedWent = this.focus >= 0 && shifted(this.focus, splices) === null;
    const gone: PlacementId[] = [];
    for (const [index, row] of this.rows) if (shifted(index, splices) === null) gone.push(row.id);
    this.rows = shiftedRows(this.rows, splices);
    this.focus = this.focus < 0 ? -1 : shiftedOrNext(this.focus, splices);
    this.anchor = this.anchor < 0 ? -1 : shiftedOrNext(this.anchor, splices);
    if (!this.selection.all) this.selection = this.selection.without(gone);
    const grown = growthAbove(this.firstInSight, splices);
    if (grown !== 0 && (this.firstInSight > 0 || this.held)) this.onGrowth(grown);
    const onTop = splices.reduce((sum, one) => sum + (one.at === 0 ? one.inserted : 0), 0);
    if (onTop > 0 && (this.firstInSight > 0 || this.held)) this.fresh += onTop;
    if (focusedWent) queueMicrotask(() => this.onFocusGone());
  }

  /** Contents may have changed or rows be missing: the pages in sight are read again. */
  private readAgain(): void {
    const first = Math.floor(this.sight.from / PAGE);
    const last = Math.floor(Math.max(this.sight.from, this.sight.to - 1) / PAGE);
    for (const index of [...this.rows.keys()]) {
      const page = Math.floor(index / PAGE);
      if ((page < first || page > last) && index !== this.focus) (this.rows as Map<number, Row>).delete(index);
    }
    for (let page = first; page <= last; page += 1) void this.fetch(page);
  }

  /** Puts the focus on a row and selects it alone. */
  choose(index: number): void {
    const row = this.rows.get(index);
    this.focus = index;
    this.anchor = index;
    this.selection = row ? Selection.of(row.id) : Selection.none;
  }

  toggle(index: number): void {
    const row = this.rows.get(index);
    if (!row) return;
    const base =
      this.selection.size(this.len) === 0 && this.focused && this.focus !== index
        ? Selection.of(this.focused.id)
        : this.selection;
    this.selection = base.toggled(row.id);
    this.focus = index;
    this.anchor = index;
  }

  /** Selects from the last plain choice to here; rows far out of sight are read first. */
  async span(index: number): Promise<void> {
    const from = Math.min(this.anchor < 0 ? index : this.anchor, index);
    const to = Math.max(this.anchor, index);
    this.focus = index;
    if (to - from > 5_000) return;
    const ids: PlacementId[] = [];
    for (let at = from; at <= to; at += 500) ids.push(...(await this.idsAt(at, Math.min(500, to - at + 1))));
    this.selection = Selection.of(...ids);
  }

  private async idsAt(from: number, count: number): Promise<PlacementId[]> {
    const known: PlacementId[] = [];
    for (let index = from; index < from + count; index += 1) {
      const row = this.rows.get(index);
      if (row) known.push(row.id);
    }
    if (known.length === count || this.view === null) return known;
    return (await this.backend.call("view_window", { view: this.view, from, count })).map((row) => row.id);
  }

  selectAll(): void {
    this.selection = Selection.everything;
  }

  clearSelection(): void {
    const row = this.focused;
    this.selection = row ? Selection.of(row.id) : Selection.none;
  }

  get selected(): number {
    return this.selection.size(this.len);
  }
}
