// Whether keys or the pointer lead. Engines disagree about :focus-visible after a script moved the focus, so `data-keys` on the
// root says it: the ring is shown after a key moved it, and never after a click.

/** Keys that lead nowhere by themselves. */
const HELD = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"]);

export function followKeys(on: Window = window): void {
  const root = on.document.documentElement;
  on.addEventListener("keydown", (event) => !HELD.has(event.key) && root.toggleAttribute("data-keys", true), true);
  on.addEventListener("pointerdown", () => root.toggleAttribute("data-keys", false), true);
}
