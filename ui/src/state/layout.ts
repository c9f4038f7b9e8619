// Which panes a width has room for (design.md section 3).

export type Layout = "wide" | "tight" | "rail" | "single" | "drawer";

export function layoutFor(width: number): Layout {
  if (width >= 1120) return "wide";
  if (width >= 960) return "tight";
  if (width >= 788) return "rail";
  return width >= 560 ? "single" : "drawer";
}

/** List and message beside each other, or one at a time. */
export const hasTwoPanes = (layout: Layout): boolean => layout === "wide" || layout === "tight" || layout === "rail";

export const FOLDERS = { least: 184, most: 320, usual: 232 };
export const LIST = { least: 288, most: 560, usual: 372 };

export const clamp = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, Math.round(value)));
