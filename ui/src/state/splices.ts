// Splices applied to what the window holds of a list: an index, and the sparse rows around it.
import type { Splice } from "../ipc/bindings";

/** Where index `at` stands after the splices; null if its row went. */
export function shifted(at: number, splices: Splice[]): number | null {
  let index = at;
  for (const one of splices) {
    if (index < one.at) continue;
    if (index < one.at + one.removed) return null;
    index += one.inserted - one.removed;
  }
  return index;
}

/** As `shifted`, but a row that went hands over to the one that took its place. */
export function shiftedOrNext(at: number, splices: Splice[]): number {
  let index = at;
  for (const one of splices) {
    if (index < one.at) continue;
    if (index < one.at + one.removed) index = one.at + one.inserted;
    else index += one.inserted - one.removed;
  }
  return index;
}

/** The rows that are known, moved to their new places. */
export function shiftedRows<T>(rows: ReadonlyMap<number, T>, splices: Splice[]): Map<number, T> {
  const moved = new Map<number, T>();
  for (const [index, row] of rows) {
    const next = shifted(index, splices);
    if (next !== null) moved.set(next, row);
  }
  return moved;
}

/** How many rows came before index `at` in the new order, and how many went. */
export function growthAbove(at: number, splices: Splice[]): number {
  return shiftedOrNext(at, splices) - at;
}
