// Where searched words stand in a text.

export interface Piece {
  text: string;
  hit: boolean;
}

/** The text in pieces, hits apart. Case does not matter. */
export function pieces(text: string, search: string): Piece[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word.length > 1)
    .slice(0, 8);
  const folded = text.toLowerCase();
  if (words.length === 0 || folded.length !== text.length) return [{ text, hit: false }];
  const made: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    let next = text.length;
    let length = 0;
    for (const word of words) {
      const found = folded.indexOf(word, at);
      if (found >= 0 && found < next) [next, length] = [found, word.length];
    }
    if (next > at) made.push({ text: text.slice(at, next), hit: false });
    if (length === 0) break;
    made.push({ text: text.slice(next, next + length), hit: true });
    at = next + length;
  }
  return made;
}

/** The part of a long text that shows its first hit. */
export function around(text: string, search: string, before = 24): string {
  const word = search
    .toLowerCase()
    .split(/\s+/)
    .find((one) => one.length > 1);
  const at = word ? text.toLowerCase().indexOf(word) : -1;
  return at > before * 2 ? `…${text.slice(at - before)}` : text;
}
