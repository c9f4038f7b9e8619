// The arithmetic of the virtual list: which rows are in sight of a scroll position, for any number of rows.
// Browsers cap the height of an element near 33 million px; beyond `CAP` the scroll bar stands for a longer list,
// while small movements stay one to one.

export const CAP = 8_000_000;

export interface Sight {
  /** First row to draw. */
  from: number;
  /** One past the last row to draw. */
  to: number;
}

export class Scroll {
  /** Where the sight begins, in px of the whole list. */
  top = 0;
  private last = 0;

  constructor(
    public rows = 0,
    public rowHeight = 68,
    public height = 0,
  ) {}

  get whole(): number {
    return this.rows * this.rowHeight;
  }

  /** Height of the element that makes the scroll bar. */
  get drawn(): number {
    return Math.min(this.whole, CAP);
  }

  get scaled(): boolean {
    return this.whole > CAP;
  }

  private get mostTop(): number {
    return Math.max(0, this.whole - this.height);
  }

  private get mostDrawn(): number {
    return Math.max(0, this.drawn - this.height);
  }

  /** The element was scrolled to `position`. */
  moved(position: number): void {
    if (!this.scaled) this.top = position;
    else if (position <= 0) this.top = 0;
    else if (position >= this.mostDrawn) this.top = this.mostTop;
    else if (Math.abs(position - this.last) < this.height * 2) this.top += position - this.last;
    else this.top = (position / this.mostDrawn) * this.mostTop;
    this.top = Math.min(this.mostTop, Math.max(0, this.top));
    this.last = position;
  }

  /** Goes to a place in the list; answers where the element must be scrolled to. */
  goTo(top: number): number {
    this.top = Math.min(this.mostTop, Math.max(0, top));
    this.last = this.scaled ? Math.round((this.top / Math.max(1, this.mostTop)) * this.mostDrawn) : this.top;
    return this.last;
  }

  /** Where row `index` is drawn, in px of the scrolled element. */
  offset(index: number): number {
    return this.scaled ? index * this.rowHeight - this.top + this.last : index * this.rowHeight;
  }

  sight(beyond = 6): Sight {
    const from = Math.max(0, Math.floor(this.top / this.rowHeight) - beyond);
    const to = Math.min(this.rows, Math.ceil((this.top + this.height) / this.rowHeight) + beyond);
    return { from, to: Math.max(from, to) };
  }

  /** The top that brings row `index` into sight with the least movement. */
  topFor(index: number): number {
    const start = index * this.rowHeight;
    if (start < this.top) return start;
    return start + this.rowHeight > this.top + this.height ? start + this.rowHeight - this.height : this.top;
  }
}
