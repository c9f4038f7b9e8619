import { describe, expect, it } from "vitest";
import type { Remote } from "../../ipc/bindings";
import { remoteState } from "./remote";

const one = (kind: Remote["kind"], blocked: boolean): Remote => ({ kind, blocked, url: `https://a.example/${kind}` });

describe("the bar above a message with remote content", () => {
  it("counts images and trackers, and offers to load the images", () => {
    const blocked = [one("image", true), one("image", true), one("tracker", true)];
    expect(remoteState(blocked, false)).toEqual({ words: "2 images and 1 tracker blocked.", loadable: true });
    expect(remoteState([one("image", true)], false)).toEqual({
      words: "1 remote image was not loaded.",
      loadable: true,
    });
  });

  it("offers nothing where only trackers or other content would come", () => {
    expect(remoteState([one("tracker", true)], false)).toEqual({ words: "1 tracker blocked.", loadable: false });
    expect(remoteState([one("style", true)], false)).toEqual({ words: "Remote content was blocked.", loadable: false });
  });

  it("never counts a blocked tracker as loaded", () => {
    const after = [one("image", false), one("tracker", true)];
    expect(remoteState(after, true)).toEqual({ words: "1 remote image loaded. 1 tracker blocked.", loadable: false });
  });
});
