// One toast at a time: what happened, for 8 seconds, with what takes it back.
import { sentence } from "../words/status";
import type { Error as Failure } from "../ipc/bindings";

export interface ToastButton {
  label: string;
  run: () => void;
}

export interface Toast {
  id: number;
  text: string;
  detail: string;
  buttons: ToastButton[];
  /** "status" is said politely, "alert" at once. */
  role: "status" | "alert";
  /** A ring that runs out at this moment (ms since 1970). */
  until: number | null;
}

const STAYS_MS = 8_000;
/** What offers nothing is read sooner. */
const BRIEF_MS = 4_000;

export class Toasts {
  current = $state.raw<Toast | null>(null);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = 0;
  private held = false;

  say(
    text: string,
    options: Partial<Pick<Toast, "detail" | "buttons" | "role" | "until">> & { staysMs?: number } = {},
  ): number {
    this.last += 1;
    this.current = {
      id: this.last,
      text,
      detail: options.detail ?? "",
      buttons: options.buttons ?? [],
      role: options.role ?? "status",
      until: options.until ?? null,
    };
    // A toast that went away under the pointer never tells that the pointer left.
    this.held = false;
    this.stay(options.staysMs ?? (this.current.buttons.length > 0 || this.current.until ? STAYS_MS : BRIEF_MS));
    return this.last;
  }

  /** An error with its mend, until it is put away. */
  alert(error: Failure, buttons: ToastButton[] = []): void {
    const words = error.server_words ? `The server says “${error.server_words.slice(0, 300)}”.` : "";
    this.say(sentence(error), { role: "alert", buttons, detail: words, staysMs: 20_000 });
  }

  dismiss(id?: number): void {
    if (id !== undefined && this.current?.id !== id) return;
    clearTimeout(this.timer);
    this.held = false;
    this.current = null;
  }

  /** Under the pointer or with the focus inside it does not go. */
  hold(on: boolean): void {
    this.held = on;
    if (!on && this.current) this.stay(STAYS_MS / 2);
  }

  private stay(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.held) this.current = null;
    }, ms);
  }
}
