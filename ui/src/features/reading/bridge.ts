// What a message frame may say, and the gate that lets it through. Everything from a frame is hostile: it is taken only from that frame's
// window, only in this shape, and only so often.

export type FrameMessage =
  | { kind: "height"; height: number }
  | { kind: "hover"; index: number | null }
  | { kind: "link"; index: number }
  | { kind: "key"; key: string; ctrlKey: boolean; metaKey: boolean; altKey: boolean; shiftKey: boolean }
  | { kind: "selection"; text: string }
  | { kind: "found"; count: number };

const TALLEST = 200_000;
const MOST_LINKS = 100_000;
const KEY = /^(.|Escape|Enter|Delete|Tab|F\d{1,2}|Home|End|Page(Up|Down)|Arrow(Up|Down|Left|Right))$/u;

const whole = (value: unknown, most: number): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= most;

/** The message in a frame's words, or null where it is none. */
export function parse(data: unknown): FrameMessage | null {
  if (typeof data !== "object" || data === null) return null;
  const it = data as Record<string, unknown>;
  if (it.godwit !== 1) return null;
  switch (it.kind) {
    case "height":
      return whole(it.height, Number.MAX_SAFE_INTEGER)
        ? { kind: "height", height: Math.min(TALLEST, Math.ceil(it.height)) }
        : null;
    case "hover":
      if (it.index === null || it.index === undefined || it.index === -1) return { kind: "hover", index: null };
      return whole(it.index, MOST_LINKS) ? { kind: "hover", index: Math.floor(it.index) } : null;
    case "link":
      return whole(it.index, MOST_LINKS) ? { kind: "link", index: Math.floor(it.index) } : null;
    case "key":
      if (typeof it.key !== "string" || !KEY.test(it.key)) return null;
      return {
        kind: "key",
        key: it.key,
        ctrlKey: on(it.ctrl ?? it.ctrlKey),
        metaKey: on(it.meta ?? it.metaKey),
        altKey: on(it.alt ?? it.altKey),
        shiftKey: on(it.shift ?? it.shiftKey),
      };
    case "selection":
      return typeof it.text === "string" ? { kind: "selection", text: it.text.slice(0, 100_000) } : null;
    case "found":
      return whole(it.count, Number.MAX_SAFE_INTEGER) ? { kind: "found", count: it.count } : null;
    default:
      return null;
  }
}

const on = (value: unknown): boolean => value === true;

/** At most `most` messages in `per` ms; what is more is dropped. */
export class Rate {
  private count = 0;
  private since = 0;

  constructor(
    private readonly most = 60,
    private readonly per = 1_000,
  ) {}

  pass(now: number): boolean {
    if (now - this.since > this.per) {
      this.since = now;
      this.count = 0;
    }
    this.count += 1;
    return this.count <= this.most;
  }
}

/** A link may be opened only once in this many ms, and only as an act of the person. */
export class LinkGate {
  private last = -Infinity;

  pass(now: number): boolean {
    if (now - this.last < 500) return false;
    this.last = now;
    return true;
  }
}
