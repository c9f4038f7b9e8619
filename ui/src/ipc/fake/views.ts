// Open lists of the fake backend: ordered ids per view, and the splices that a change makes of them.
import type { Event, Row, Splice, ViewSpec } from "../bindings";
import type { Item, World } from "./world";

interface Open {
  spec: ViewSpec;
  ids: number[];
  version: number;
}

export class Views {
  private readonly open = new Map<number, Open>();
  private last = 0;

  constructor(
    private readonly world: World,
    private readonly emit: (event: Event) => void,
  ) {}

  start(spec: ViewSpec): { view: number; len: number; version: number } {
    this.last += 1;
    const ids = this.idsOf(spec);
    this.open.set(this.last, { spec, ids, version: 1 });
    return { view: this.last, len: ids.length, version: 1 };
  }

  close(view: number): void {
    this.open.delete(view);
  }

  ids(view: number): number[] {
    return this.open.get(view)?.ids ?? [];
  }

  spec(view: number): ViewSpec | undefined {
    return this.open.get(view)?.spec;
  }

  window(view: number, from: number, count: number): Row[] {
    const it = this.open.get(view);
    if (!it) return [];
    return it.ids.slice(from, from + Math.min(count, 500)).flatMap((id) => {
      const item = this.world.items.get(id);
      return item ? [this.rowOf(item, it.spec)] : [];
    });
  }

  rowOf(item: Item, spec?: ViewSpec): Row {
    const {
      cc: _cc,
      html: _html,
      files: _files,
      remoteImages: _r,
      trackers: _t,
      verdict: _v,
      reasons: _rs,
      ...row
    } = item;
    if (!spec?.threaded) return { ...row, count: 1 };
    const together = [...this.world.items.values()].filter((one) => one.thread === item.thread);
    return { ...row, count: together.length };
  }

  /** Orders every open list anew and tells what moved. */
  refresh(): void {
    for (const [view, it] of this.open) {
      const next = this.idsOf(it.spec);
      const splices = splicesBetween(it.ids, next);
      it.ids = next;
      it.version += 1;
      this.emit({ kind: "view_changed", view, version: it.version, len: next.length, splices, contents: true });
    }
  }

  private idsOf(spec: ViewSpec): number[] {
    const words = (spec.search ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const hit = (item: Item): boolean => {
      if (!this.inScope(item, spec)) return false;
      if (spec.filter === "unread" && item.flags.includes("\\Seen")) return false;
      if (spec.filter === "starred" && !item.flags.includes("\\Flagged")) return false;
      if (words.length === 0) return true;
      const text =
        `${item.subject} ${item.preview} ${item.from.map((one) => `${one.name} ${one.address}`).join(" ")}`.toLowerCase();
      return words.every((word) => text.includes(word));
    };
    const found = [...this.world.items.values()].filter(hit).sort((a, b) => b.date - a.date || b.id - a.id);
    if (!spec.threaded) return found.map((item) => item.id);
    const seen = new Set<number>();
    return found.filter((item) => !seen.has(item.thread) && seen.add(item.thread)).map((item) => item.id);
  }

  private inScope(item: Item, spec: ViewSpec): boolean {
    const box = this.world.mailboxes.find((one) => one.id === item.mailbox);
    if (spec.scope.kind === "mailbox") return item.mailbox === spec.scope.mailbox;
    if (spec.scope.kind === "role") return box?.role === spec.scope.role;
    return box?.role !== "trash" && box?.role !== "junk";
  }
}

/** Splices that turn `before` into `after`, where both keep the order of what they share. */
export function splicesBetween(before: number[], after: number[]): Splice[] {
  const stays = new Set(after);
  const had = new Set(before);
  const splices: Splice[] = [];
  let at = 0;
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    let removed = 0;
    while (i < before.length && !stays.has(before[i] as number)) {
      removed += 1;
      i += 1;
    }
    let inserted = 0;
    while (j < after.length && !had.has(after[j] as number)) {
      inserted += 1;
      j += 1;
    }
    if (removed > 0 || inserted > 0) splices.push({ at, removed, inserted });
    at += inserted;
    if (i < before.length && j < after.length) {
      i += 1;
      j += 1;
      at += 1;
    } else if (removed === 0 && inserted === 0) break;
  }
  return splices;
}
