// Keys in words ("Ctrl+Shift+D", "g i"), and which words a pressed key makes.

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

const NAMED = /^(Arrow|Page|Home|End|Enter|Escape|Delete|Backspace|Tab|F\d|Insert|ContextMenu| )/;

/** "Ctrl" stands for Cmd on macOS. Shift is named for letters and named keys; in "?" or "#" it is in the sign. */
export function wordsOf(event: Pressed, mac: boolean): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const words: string[] = [];
  if (mac ? event.metaKey : event.ctrlKey) words.push("Ctrl");
  if (event.altKey) words.push("Alt");
  if (event.shiftKey && (NAMED.test(event.key) || /^\p{L}$/u.test(event.key) || words.length > 0)) words.push("Shift");
  words.push(key === " " ? "Space" : key);
  return words.join("+");
}

/** Letters and signs without Ctrl or Alt: they never fire where text is typed. */
export const isPlain = (words: string): boolean =>
  !words.startsWith("Ctrl+") && !words.startsWith("Alt+") && !/^(Shift\+)?F\d/.test(words);

/** As a tooltip or a menu shows it. */
export function shown(words: string, mac: boolean): string {
  const sign = (word: string): string => {
    if (word === "Ctrl") return mac ? "⌘" : "Ctrl";
    if (word === "Shift") return mac ? "⇧" : "Shift";
    if (word === "Alt") return mac ? "⌥" : "Alt";
    const arrows: Record<string, string> = {
      ArrowDown: "↓",
      ArrowUp: "↑",
      ArrowLeft: "←",
      ArrowRight: "→",
      Escape: "Esc",
      Delete: "Del",
    };
    return arrows[word] ?? (word.length === 1 ? word.toUpperCase() : word);
  };
  return words
    .split(" ")
    .map((chord) =>
      chord === "+"
        ? "+"
        : chord
            .split("+")
            .map(sign)
            .join(mac ? "" : "+"),
    )
    .join(" then ");
}

export const isMac = (): boolean => document.documentElement.dataset.platform === "macos";

/** Whether a key goes into a text, so that single letters must not fire. */
export function typesText(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return (
    target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range", "submit"].includes(target.type)
  );
}

/** Holds the first key of a sequence ("g") for a while. */
export class Sequence {
  private first = "";
  private at = 0;

  /** The words to look up for this key; null: wait for the next one. */
  take(words: string, starts: (words: string) => boolean, now: number): string | null {
    const fresh = now - this.at < 1_200;
    const whole = this.first && fresh ? `${this.first} ${words}` : words;
    this.first = "";
    if (whole === words && starts(words)) {
      this.first = words;
      this.at = now;
      return null;
    }
    return whole;
  }
}
