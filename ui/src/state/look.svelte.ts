// The look on <html> and the pane widths: from the settings, the system, and the window's size.
import type { Shade } from "../ipc/backend";
import type { Settings } from "../ipc/bindings";
import { clamp, FOLDERS, layoutFor, LIST, type Layout } from "./layout";

/** Row heights per density, as in tokens.css. */
const ROWS = { roomy: 68, cosy: 52, compact: 36 } as const;

export class Look {
  layout = $state<Layout>("wide");
  shade = $state<Shade>("light");
  folders = $state(FOLDERS.usual);
  list = $state(LIST.usual);
  density = $state<Settings["density"]>("roomy");
  private theme: Settings["theme"] = "system";
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly contrast = matchMedia("(prefers-contrast: more)");

  /** Follows the system and the window until stopped. */
  follow(): () => void {
    const paint = (): void => this.paint();
    const measure = (): void => void (this.layout = layoutFor(innerWidth));
    this.dark.addEventListener("change", paint);
    this.contrast.addEventListener("change", paint);
    addEventListener("resize", measure);
    measure();
    paint();
    return () => {
      this.dark.removeEventListener("change", paint);
      this.contrast.removeEventListener("change", paint);
      removeEventListener("resize", measure);
    };
  }

  take(settings: Settings): void {
    this.theme = settings.theme;
    this.density = settings.density;
    this.folders = clamp(settings.folders_width, FOLDERS.least, FOLDERS.most);
    this.list = clamp(settings.list_width, LIST.least, LIST.most);
    try {
      localStorage.setItem("look", JSON.stringify({ theme: this.theme, density: this.density }));
    } catch {
      // Only the first paint of the next start is the poorer for it.
    }
    this.paint();
  }

  private paint(): void {
    const system: Shade = this.dark.matches ? "dark" : "light";
    this.shade = this.theme === "system" ? system : this.theme;
    const root = document.documentElement.dataset;
    root.theme = this.shade;
    root.density = this.density;
    root.contrast = this.contrast.matches ? "more" : "normal";
  }

  get rowHeight(): number {
    return ROWS[this.density];
  }

  /** Widths in the layout of now: narrower windows have their own. */
  get foldersWidth(): number {
    if (this.layout === "wide") return this.folders;
    return this.layout === "tight" ? Math.min(this.folders, 200) : 56;
  }

  get listWidth(): number {
    if (this.layout === "wide") return this.list;
    return Math.min(this.list, this.layout === "tight" ? 332 : 360);
  }
}
