// Every verb of the window, once: it feeds buttons, keys, menus, tooltips, the palette and the list of keys.
import type { IconName } from "../components/icons";
import type { Role } from "../ipc/bindings";
import type { App } from "../state/app.svelte";
import { isStarred, isUnread } from "../words/rows";

export type Section = "Mail" | "Messages" | "Going about" | "Writing" | "Window";

export interface Verb {
  id: string;
  /** Its name; it may depend on what is chosen ("Mark as unread" or "Mark as read"). */
  label: (app: App) => string;
  icon: IconName;
  /** The first one is taught. */
  keys: string[];
  section: Section;
  /** Null: it can be done. Otherwise why not, in words. */
  hindered: (app: App) => string | null;
  run: (app: App) => void;
}

const none = "Choose a message first";
const free = (): null => null;
const chosen = (app: App): string | null => (app.targets ? null : none);
const open = (app: App): string | null => (current(app) === null ? none : null);

/** The message that an answer goes to. */
function current(app: App): number | null {
  return app.reading.current?.item.id ?? app.list.focused?.id ?? null;
}

function firstRow(app: App) {
  const only = app.list.selection.only;
  if (app.reading.row && (only === null || app.reading.row.id === only))
    return app.list.focused?.id === app.reading.row.id ? app.list.focused : app.reading.row;
  return app.list.focused;
}

const answer = (app: App, all: boolean): void => {
  const id = current(app);
  if (id !== null) void app.writing.compose({ kind: "reply", id, all });
};

const step = (app: App, by: number): void => {
  // From the folders or from nowhere the focus goes along; in a message it stays, so that it can be scrolled.
  const here = document.activeElement;
  if (!here || here === document.body || here.closest('[role="tree"]')) focusPane("list");
  const next = app.list.focus + by;
  if (app.hasList && next >= 0 && next < app.list.len) app.choose(next);
};

function goRole(app: App, role: Role): void {
  const here = app.place.kind === "mailbox" ? app.mail.mailbox(app.place.mailbox)?.account : undefined;
  const account = here ?? app.mail.accounts[0]?.id;
  const mailbox = account === undefined ? undefined : app.mail.byRole(account, role);
  if (mailbox) void app.go({ kind: "mailbox", mailbox: mailbox.id });
  else app.toasts.say(`This account has no ${role} folder`);
}

const inRole = (app: App, ...roles: Role[]): boolean => {
  const row = firstRow(app);
  const role = row && app.mail.mailbox(row.mailbox)?.role;
  return role !== undefined && role !== null && roles.includes(role);
};

function remove(app: App): void {
  const targets = app.targets;
  if (!targets) return;
  if (inRole(app, "trash", "junk"))
    app.dialog = { kind: "delete_for_good", targets, count: Math.max(1, app.list.selected) };
  else void app.perform({ verb: "delete" });
}

export const focusPane = (name: string): void => {
  const found = document.querySelector<HTMLElement>(`[data-pane="${name}"]`);
  found?.focus();
};

function cyclePane(by: number): void {
  const panes = [...document.querySelectorAll<HTMLElement>("[data-pane]")].filter(
    (one) => one.checkVisibility?.() ?? true,
  );
  const here = panes.findIndex((one) => one.contains(document.activeElement));
  const next = panes[(here + by + panes.length) % panes.length];
  (next?.tabIndex === 0 ? next : (next?.querySelector<HTMLElement>('[tabindex="0"], input') ?? next))?.focus();
}

export const focusSearch = (): void =>
  document.querySelector<HTMLInputElement>('input[aria-label="Search mail"]')?.focus();

const verb = (
  id: string,
  label: string | ((app: App) => string),
  icon: IconName,
  keys: string[],
  section: Section,
  hindered: Verb["hindered"],
  run: Verb["run"],
): Verb => ({
  id,
  label: typeof label === "string" ? () => label : label,
  icon,
  keys,
  section,
  hindered,
  run,
});

export const verbs: Verb[] = [
  verb(
    "compose",
    "Compose",
    "square-pen",
    ["c", "Ctrl+n"],
    "Writing",
    free,
    (app) => void app.writing.compose({ kind: "nothing", account: accountHere(app) }),
  ),
  verb(
    "kept-drafts",
    "Open kept drafts",
    "square-pen",
    [],
    "Writing",
    free,
    (app) => void app.writing.takeUpAgain(true),
  ),
  verb("reply", "Reply", "reply", ["r", "Ctrl+r"], "Writing", open, (app) => answer(app, false)),
  verb("reply-all", "Reply all", "reply-all", ["a", "Ctrl+Shift+r"], "Writing", open, (app) => answer(app, true)),
  verb("forward", "Forward", "forward", ["f", "Ctrl+Shift+f"], "Writing", open, (app) => {
    const id = current(app);
    if (id !== null) void app.writing.compose({ kind: "forward", id });
  }),
  verb(
    "send",
    "Send",
    "send",
    ["Ctrl+Enter"],
    "Writing",
    (app) => (app.drafts.front ? null : "No message is being written"),
    (app) => {
      if (app.drafts.front) void app.writing.send(app.drafts.front);
    },
  ),
  verb(
    "discard",
    "Discard draft",
    "trash-2",
    ["Ctrl+Shift+d"],
    "Writing",
    (app) => (app.drafts.front ? null : "No message is being written"),
    (app) => {
      if (app.drafts.front) void app.writing.discard(app.drafts.front);
    },
  ),

  verb("archive", "Archive", "archive", ["e"], "Messages", chosen, (app) => void app.perform({ verb: "archive" })),
  verb(
    "delete",
    (app) => (inRole(app, "trash", "junk") ? "Delete for good" : "Delete"),
    "trash-2",
    ["#", "Delete"],
    "Messages",
    chosen,
    remove,
  ),
  verb("move", "Move to…", "folder-input", ["v"], "Messages", chosen, (app) => {
    if (app.targets) app.dialog = { kind: "move", targets: app.targets, copy: false };
  }),
  verb("copy", "Copy to…", "copy", [], "Messages", chosen, (app) => {
    if (app.targets) app.dialog = { kind: "move", targets: app.targets, copy: true };
  }),
  verb(
    "unread",
    (app) => (isUnread(firstRow(app) ?? { flags: [] }) && firstRow(app) ? "Mark as read" : "Mark as unread"),
    "mail",
    ["u"],
    "Messages",
    chosen,
    (app) => {
      const unread = firstRow(app) ? isUnread(firstRow(app) ?? { flags: [] }) : false;
      void app.perform({ verb: "mark", add: unread ? ["\\Seen"] : [], remove: unread ? [] : ["\\Seen"] });
    },
  ),
  verb("star", "Star", "star", ["s"], "Messages", chosen, (app) => {
    const on = isStarred(firstRow(app) ?? { flags: [] });
    void app.perform({ verb: "mark", add: on ? [] : ["\\Flagged"], remove: on ? ["\\Flagged"] : [] });
  }),
  verb(
    "junk",
    (app) => (inRole(app, "junk") ? "Not junk" : "Mark as junk"),
    "shield-alert",
    ["!"],
    "Messages",
    chosen,
    (app) => void app.perform({ verb: inRole(app, "junk") ? "not_junk" : "junk" }),
  ),
  verb(
    "select",
    "Select",
    "check",
    ["x"],
    "Messages",
    (app) => (app.list.focus < 0 ? none : null),
    (app) => app.list.toggle(app.list.focus),
  ),
  verb(
    "select-older",
    "Extend to older",
    "chevron-down",
    ["Shift+j", "Shift+ArrowDown"],
    "Messages",
    (app) => (app.list.focus < 0 ? none : null),
    (app) => {
      if (app.list.focus + 1 < app.list.len) void app.list.span(app.list.focus + 1);
    },
  ),
  verb(
    "select-newer",
    "Extend to newer",
    "chevron-up",
    ["Shift+k", "Shift+ArrowUp"],
    "Messages",
    (app) => (app.list.focus < 0 ? none : null),
    (app) => {
      if (app.list.focus > 0) void app.list.span(app.list.focus - 1);
    },
  ),
  verb("empty-trash", "Empty Trash…", "trash-2", [], "Messages", free, (app) => {
    const account = accountHere(app) ?? app.mail.accounts[0]?.id;
    const trash = account === undefined ? undefined : app.mail.byRole(account, "trash");
    if (trash && trash.messages > 0) app.dialog = { kind: "folder_empty", mailbox: trash.id };
    else app.toasts.say("Trash is empty");
  }),
  verb("undo", "Undo", "undo-2", ["Ctrl+z"], "Messages", free, (app) => void app.undo()),

  verb("older", "Older message", "chevron-down", ["j"], "Going about", free, (app) => step(app, 1)),
  verb("newer", "Newer message", "chevron-up", ["k"], "Going about", free, (app) => step(app, -1)),
  verb("next-in", "Next in conversation", "chevron-down", ["n"], "Going about", free, () => stepArticle(1)),
  verb("previous-in", "Previous in conversation", "chevron-up", ["p"], "Going about", free, () => stepArticle(-1)),
  verb("go-inbox", "Go to Inbox", "inbox", ["g i"], "Going about", free, (app) => goRole(app, "inbox")),
  verb("go-sent", "Go to Sent", "send", ["g s"], "Going about", free, (app) => goRole(app, "sent")),
  verb("go-drafts", "Go to Drafts", "file-pen-line", ["g d"], "Going about", free, (app) => goRole(app, "drafts")),
  verb("go-archive", "Go to Archive", "archive", ["g a"], "Going about", free, (app) => goRole(app, "archive")),
  verb("go-removed", "Go to recently removed", "trash-2", [], "Going about", free, (app) => {
    const account = accountHere(app) ?? app.mail.accounts[0]?.id;
    if (account !== undefined) void app.go({ kind: "removed", account });
  }),
  verb("search", "Search mail", "search", ["/", "Ctrl+f"], "Going about", free, () => focusSearch()),
  verb("pane-next", "Next pane", "chevron-right", ["F6"], "Going about", free, () => cyclePane(1)),
  verb("pane-previous", "Previous pane", "arrow-left", ["Shift+F6"], "Going about", free, () => cyclePane(-1)),

  verb("get-mail", "Get mail", "refresh-cw", ["F5"], "Mail", free, (app) => void app.getMail()),
  verb("settings", "Settings", "settings", ["Ctrl+,"], "Window", free, (app) => void (app.settingsPart = "Accounts")),
  verb("palette", "Commands", "search", ["Ctrl+k"], "Window", free, (app) => void (app.dialog = { kind: "palette" })),
  verb("keys", "All keys", "keyboard", ["?"], "Window", free, (app) => void (app.dialog = { kind: "keys" })),
  verb("add-account", "Add account", "plus", [], "Mail", free, (app) => {
    app.dialog = null;
    app.wizard = true;
  }),
  ...Array.from({ length: 9 }, (_, n) =>
    verb(
      `account-${n + 1}`,
      (app) => `Go to ${app.mail.accounts[n]?.email ?? `account ${n + 1}`}`,
      "inbox",
      [`Ctrl+${n + 1}`],
      "Going about",
      (app) => (app.mail.accounts[n] ? null : "There is no such account"),
      (app) => {
        const account = app.mail.accounts[n];
        const inbox = account && app.mail.byRole(account.id, "inbox");
        if (inbox) void app.go({ kind: "mailbox", mailbox: inbox.id });
      },
    ),
  ),
];

function accountHere(app: App): number | null {
  if (app.place.kind === "removed") return app.place.account;
  return app.place.kind === "mailbox" ? (app.mail.mailbox(app.place.mailbox)?.account ?? null) : null;
}

function stepArticle(by: number): void {
  const heads = [...document.querySelectorAll<HTMLElement>("article.msg [data-head]")];
  const here = heads.findIndex(
    (one) => one === document.activeElement || one.closest("article")?.contains(document.activeElement),
  );
  const next = heads[here < 0 ? (by > 0 ? 0 : heads.length - 1) : here + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const byId = new Map(verbs.map((one) => [one.id, one]));
const byKey = new Map(verbs.flatMap((one) => one.keys.map((key) => [key, one] as const)));
const starts = new Set(
  verbs.flatMap((one) => one.keys.filter((key) => key.includes(" ")).map((key) => key.slice(0, key.indexOf(" ")))),
);

export function find(id: string): Verb {
  const found = byId.get(id);
  if (!found) throw new Error(`no verb called ${id}`);
  return found;
}

export const verbOfKey = (words: string): Verb | undefined => byKey.get(words);
export const startsSequence = (words: string): boolean => starts.has(words);

/** Runs a verb, or says why it can't be run. */
export function run(app: App, which: Verb): void {
  const why = which.hindered(app);
  if (why === null) which.run(app);
  else app.toasts.say(why, { staysMs: 3_000 });
}
