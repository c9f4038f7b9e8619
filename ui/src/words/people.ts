// People and addresses in words: names, initials, colours, and whether what was typed is an address.
import type { Address } from "../ipc/bindings";

export const nameOf = (who: Address | undefined): string => who?.name.trim() || who?.address || "Unknown sender";

/** The senders of a row, shortened to two. */
export function names(people: Address[]): string {
  if (people.length <= 2) return people.map(nameOf).join(", ") || "Unknown sender";
  return `${nameOf(people[0])}, ${nameOf(people[1])} and ${people.length - 2} more`;
}

const ORGANISATION =
  /^(no-?reply|do-?not-?reply|news|newsletter|letters|info|post|office|service|support|billing|alert|hello|team|mail|notifications?|gauge-?\d*)\b|@lists?\./i;

/** Organisations and lists are square, people are round. */
export const isOrganisation = (who: Address | undefined): boolean => ORGANISATION.test(who?.address ?? "");

/** At most two letters of the script as written; two ideographs of the family name. */
export function initials(who: Address | undefined): string {
  const name = nameOf(who)
    .replace(/^the\s+/i, "")
    .replace(/["'()<>[\]]/g, "")
    .trim();
  const parts = name.split(/[\s._\-@]+/).filter(Boolean);
  const first = parts[0] ?? "?";
  if (/\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u.test(first))
    return [...first].slice(0, 2).join("");
  const last = parts[parts.length - 1]?.replace(/^ال(?=\p{L}{2})/u, "");
  const second = parts.length > 1 && !name.includes("@") ? last : undefined;
  if (second === undefined) return capital(letters(first).slice(0, isOrganisation(who) ? 2 : 1));
  return capital(letters(first).slice(0, 1)) + capital(letters(second).slice(0, 1)) || "?";
}

const letters = (word: string): string =>
  [...word].filter((one) => /[\p{L}\p{N}]/u.test(one)).join("") || word.slice(0, 1);
const capital = (word: string): string => (word ? (word[0] ?? "").toLocaleUpperCase() + word.slice(1) : "");

/** 1 to 8, the same for an address for ever. */
export function colorOf(address: string): number {
  let hash = 2_166_136_261;
  for (const one of address.toLowerCase()) hash = Math.imul(hash ^ (one.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  return ((hash >>> 7) % 8) + 1;
}

const ADDRESS = /^[^\s@<>(),;:"\\[\]]+@[^\s@<>(),;:"\\[\]]+\.[^\s@<>(),;:"\\[\].]+$/u;
const LOCAL = /^[^\s@<>(),;:"\\[\]]+@(localhost|\[[0-9a-f.:]+\])$/iu;

export const isAddress = (text: string): boolean => ADDRESS.test(text) || LOCAL.test(text);

/** `Name <a@b>` or `a@b`, as typed or pasted; what is no address keeps its text, to be shown as wrong. */
export function parseAddress(text: string): Address {
  const trimmed = text.trim();
  const angled = /^(.*?)<([^<>]*)>$/.exec(trimmed);
  if (!angled) return { name: "", address: trimmed };
  return { name: (angled[1] ?? "").trim().replace(/^"(.*)"$/, "$1"), address: (angled[2] ?? "").trim() };
}

/** Cuts a pasted list at commas, semicolons and line ends that are outside quotes and angles. */
export function splitAddresses(text: string): string[] {
  const found: string[] = [];
  let piece = "";
  let quoted = false;
  let angled = false;
  for (const one of text) {
    if (one === '"') quoted = !quoted;
    if (one === "<") angled = true;
    if (one === ">") angled = false;
    if (!quoted && !angled && /[,;\n]/.test(one)) {
      found.push(piece);
      piece = "";
    } else piece += one;
  }
  found.push(piece);
  return found.map((item) => item.trim()).filter(Boolean);
}

/** A proposal for what was probably meant, or null. */
export function proposal(text: string): string | null {
  const guess = text
    .trim()
    .replaceAll(/\s+/g, "")
    .replace(/,(?=[^@]*$)/, ".")
    .replace(/[.,;]+$/, "")
    .replace(/@@+/, "@");
  return guess !== text && isAddress(guess) ? guess : null;
}
