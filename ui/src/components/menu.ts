// What a menu holds and where it opens.
import type { IconName } from "./icons";

export type MenuItem =
  | {
      label: string;
      icon?: IconName;
      key?: string;
      danger?: boolean;
      checked?: boolean;
      disabled?: boolean;
      run: () => void;
    }
  | "line";

export interface MenuAt {
  x: number;
  y: number;
  items: MenuItem[];
  label: string;
}

/** Under a button, aligned to its end. */
export const below = (owner: HTMLElement, label: string, items: MenuItem[]): MenuAt => {
  const at = owner.getBoundingClientRect();
  return { x: Math.max(8, at.right - 248), y: at.bottom + 4, items, label };
};
