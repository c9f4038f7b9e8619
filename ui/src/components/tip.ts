// The tooltip: one for the window, 400 ms after rest, at once while another was just open. It never holds what stands nowhere else.
import type { Attachment } from "svelte/attachments";

const REST_MS = 400;
let bubble: HTMLElement | null = null;
let closedAt = 0;

function place(owner: HTMLElement, text: string, key: string): void {
  drop();
  bubble = document.createElement("div");
  bubble.className = "tip floating";
  bubble.setAttribute("aria-hidden", "true");
  bubble.append(text);
  if (key) {
    const cap = document.createElement("kbd");
    cap.append(key);
    bubble.append(cap);
  }
  document.body.append(bubble);
  const at = owner.getBoundingClientRect();
  const own = bubble.getBoundingClientRect();
  const below = at.bottom + 6 + own.height < innerHeight;
  bubble.style.top = `${below ? at.bottom + 6 : at.top - own.height - 6}px`;
  bubble.style.left = `${Math.min(innerWidth - own.width - 6, Math.max(6, at.left + at.width / 2 - own.width / 2))}px`;
}

function drop(): void {
  if (bubble) closedAt = performance.now();
  bubble?.remove();
  bubble = null;
}

export function tip(text: string, key = ""): Attachment<HTMLElement> {
  return (owner) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const come = (event: Event): void => {
      if (event.type === "focus" && !owner.matches(":focus-visible")) return;
      clearTimeout(timer);
      const wait = bubble || performance.now() - closedAt < 300 ? 0 : REST_MS;
      timer = setTimeout(() => place(owner, text, key), wait);
    };
    const go = (): void => {
      clearTimeout(timer);
      drop();
    };
    owner.addEventListener("pointerenter", come);
    owner.addEventListener("focus", come);
    for (const kind of ["pointerleave", "pointerdown", "blur", "keydown"]) owner.addEventListener(kind, go);
    return () => {
      go();
      owner.removeEventListener("pointerenter", come);
      owner.removeEventListener("focus", come);
      for (const kind of ["pointerleave", "pointerdown", "blur", "keydown"]) owner.removeEventListener(kind, go);
    };
  };
}
