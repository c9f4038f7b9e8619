// The one object behind which everything outside the window stands: the engine's requests, its events, and the shell's few own verbs.
// Nothing else in the interface knows whether a real engine or the fake one answers.
import type { Commands, Draft, DraftId, Error as Failure, Event, OpenedFile, PlacementId } from "./bindings";

export type Unsubscribe = () => void;
export type Shade = "light" | "dark";

/** How the program came up. */
export type StartState =
  { kind: "ready" } | { kind: "key_unavailable"; error: Failure } | { kind: "failed"; error: Failure };

/** What a person can choose when the keychain does not answer. */
export type UnlockChoice = "retry" | "this_run_only" | { passphrase: string };

/** What the person asked to open from outside: a `mailto:` link in a browser, a message file on the desktop (by number). */
export type Open = { kind: "mailto"; url: string } | { kind: "file"; key: number };

export interface Backend {
  /** Asks the engine. Rejects with `Failure`, always. */
  call<K extends keyof Commands>(name: K, request: Commands[K]["request"]): Promise<Commands[K]["reply"]>;
  /** Hears the engine's events until unsubscribed. */
  listen(listener: (event: Event) => void): Promise<Unsubscribe>;
  /** Hands over what is to be opened, now and later. */
  opens(listener: (open: Open) => void): Promise<void>;
  /** The window is about to close: what was typed last is to be saved now. */
  leaving(listener: () => void): Promise<void>;
  startState(): Promise<StartState>;
  unlock(choice: UnlockChoice): Promise<StartState>;
  /** Where the sanitised body of an opened message is served. */
  frameUrl(token: string, shade: Shade): string;
  /** Attaches a file that the person picked, dropped or pasted. */
  upload(draft: DraftId, file: File): Promise<Draft>;
  openLink(token: string, index: number): Promise<void>;
  openAttachment(id: PlacementId, part: number): Promise<void>;
  /** Saves to Downloads; answers the path. */
  saveAttachment(id: PlacementId, part: number): Promise<string>;
  /** Opens a message file that the shell was told of. */
  openFile(key: number, remote: boolean): Promise<OpenedFile>;
  openFileAttachment(token: string, part: number): Promise<void>;
  saveFileAttachment(token: string, part: number): Promise<string>;
  windowTitle(title: string): Promise<void>;
}

/** Anything thrown on the way becomes a failure that can be shown. */
export function asFailure(thrown: unknown): Failure {
  if (isFailure(thrown)) return thrown;
  const what =
    thrown instanceof Error ? thrown.message : typeof thrown === "string" ? thrown : "Something in Godwit broke.";
  return {
    kind: "bug",
    what: what.slice(0, 300),
    mend: "Try again. If it happens again, restart Godwit.",
    server_words: null,
  };
}

function isFailure(thrown: unknown): thrown is Failure {
  if (typeof thrown !== "object" || thrown === null) return false;
  const it = thrown as Record<string, unknown>;
  return typeof it.kind === "string" && typeof it.what === "string" && typeof it.mend === "string";
}
