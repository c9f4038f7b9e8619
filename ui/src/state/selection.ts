// Which rows are chosen: some by id, or all of a list but some. Immutable: each change is a new one.
import type { PlacementId, Targets, ViewId } from "../ipc/bindings";

export class Selection {
  private constructor(
    private readonly ids: ReadonlySet<PlacementId>,
    /** True: `ids` is what is left out. */
    readonly all: boolean,
  ) {}

  static readonly none = new Selection(new Set(), false);
  static readonly everything = new Selection(new Set(), true);
  static of(...ids: PlacementId[]): Selection {
    return new Selection(new Set(ids), false);
  }

  has(id: PlacementId): boolean {
    return this.ids.has(id) !== this.all;
  }

  size(listLength: number): number {
    return this.all ? Math.max(0, listLength - this.ids.size) : this.ids.size;
  }

  toggled(id: PlacementId): Selection {
    const next = new Set(this.ids);
    if (!next.delete(id)) next.add(id);
    return new Selection(next, this.all);
  }

  with(ids: Iterable<PlacementId>): Selection {
    const next = new Set(this.ids);
    for (const id of ids)
      if (this.all) next.delete(id);
      else next.add(id);
    return new Selection(next, this.all);
  }

  without(ids: Iterable<PlacementId>): Selection {
    const next = new Set(this.ids);
    for (const id of ids)
      if (this.all) next.add(id);
      else next.delete(id);
    return new Selection(next, this.all);
  }

  /** The only one chosen, where it is one. */
  get only(): PlacementId | null {
    if (this.all || this.ids.size !== 1) return null;
    return this.ids.values().next().value ?? null;
  }

  targets(view: ViewId, threads: boolean): Targets {
    if (this.all) return { kind: "all_but", view, except: [...this.ids] };
    return { kind: "ids", ids: [...this.ids], threads, view };
  }
}
