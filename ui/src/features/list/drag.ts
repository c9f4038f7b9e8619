// What is being dragged within the window. Held here, because a drag's own data can't be read before it is dropped.
import type { Targets } from "../../ipc/bindings";

export const dragged: { targets: Targets | null } = { targets: null };

/** A stack of up to three slips with the count, as the picture of the drag. */
export function slips(count: number, text: string): HTMLElement {
  const stack = document.createElement("div");
  stack.className = "slips";
  for (let n = Math.min(3, count) - 1; n >= 0; n -= 1) {
    const slip = document.createElement("div");
    slip.className = "slip";
    slip.style.translate = `${n * 4}px ${n * 4}px`;
    if (n === 0) slip.textContent = count > 1 ? `${count} messages` : text;
    stack.append(slip);
  }
  document.body.append(stack);
  setTimeout(() => stack.remove());
  return stack;
}
