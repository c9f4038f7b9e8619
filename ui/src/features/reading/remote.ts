import type { Remote } from "../../ipc/bindings";
import { plural } from "../../words/amounts";

/** What the bar above a message says about what it would load, and whether loading it would change anything. */
export function remoteState(remote: Remote[], loaded: boolean): { words: string; loadable: boolean } {
  const count = (kind: Remote["kind"], blocked: boolean): number =>
    remote.filter((one) => one.kind === kind && one.blocked === blocked).length;
  const trackers = count("tracker", true);
  if (loaded) {
    const shown = `${plural(count("image", false), "remote image")} loaded.`;
    return { words: trackers > 0 ? `${shown} ${plural(trackers, "tracker")} blocked.` : shown, loadable: false };
  }
  const images = count("image", true);
  const loadable = images > 0;
  if (loadable && trackers > 0) {
    return { words: `${plural(images, "image")} and ${plural(trackers, "tracker")} blocked.`, loadable };
  }
  if (loadable)
    return { words: `${plural(images, "remote image")} ${images === 1 ? "was" : "were"} not loaded.`, loadable };
  return { words: trackers > 0 ? `${plural(trackers, "tracker")} blocked.` : "Remote content was blocked.", loadable };
}
