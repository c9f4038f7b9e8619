// One road for every pressed key, from the window or forwarded out of a message frame, to its verb.
import type { App } from "../state/app.svelte";
import { isMac, isPlain, Sequence, typesText, wordsOf, type Pressed } from "./keys";
import { focusPane, run, startsSequence, verbOfKey } from "./registry";

const sequence = new Sequence();

/** Runs the verb of a key; true if it was one. */
export function press(app: App, event: Pressed, target: EventTarget | null, now = Date.now()): boolean {
  const words = wordsOf(event, isMac());
  if (typesText(target) && isPlain(words) && words !== "Escape") return false;
  if (app.dialog || app.wizard || app.settingsPart || app.start?.kind !== "ready") return false;
  const whole = sequence.take(words, startsSequence, now);
  if (whole === null) return true;
  if (whole === "Escape") return back(app);
  const element = target instanceof Element ? target : null;
  if (element?.closest('[role="menu"], [role="dialog"]')) return false;
  if (whole === "Delete" && element?.closest('[role="tree"]')) return false;
  if (whole === "Ctrl+z" && typesText(target)) return false;
  const verb = verbOfKey(whole);
  if (!verb) return false;
  run(app, verb);
  return true;
}

/** Esc goes one step back: the composer, the drawer, several selected, the search, the message. */
function back(app: App): boolean {
  const front = app.drafts.front;
  if (front) {
    front.minimised = true;
    void front.save();
    focusPane("list");
    return true;
  }
  if (app.drawer) app.drawer = false;
  else if (app.list.selected > 1 || app.list.selection.all) app.list.clearSelection();
  else if (app.readingOpen) app.readingOpen = false;
  else if (app.search) app.find("");
  focusPane("list");
  return true;
}
