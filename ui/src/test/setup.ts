// What jsdom lacks and the window has.
import { cleanup } from "@testing-library/svelte";
import { afterEach, beforeEach } from "vitest";

class NoObserver {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

beforeEach(() => {
  Object.assign(globalThis, { ResizeObserver: NoObserver });
  window.matchMedia = (query) =>
    ({
      matches: false,
      media: query,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
    }) as unknown as MediaQueryList;
  Object.defineProperty(window, "innerWidth", { value: 1280, configurable: true });
  document.execCommand = () => false;
  document.queryCommandState = () => false;
  document.queryCommandValue = () => "";
  Element.prototype.scrollIntoView = () => undefined;
  if (!Element.prototype.checkVisibility) Element.prototype.checkVisibility = () => true;
  localStorage.clear();
});

afterEach(() => cleanup());
