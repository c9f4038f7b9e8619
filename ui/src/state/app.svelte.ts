// The whole of the window's state, and how its parts speak with each other.
import { asFailure, type Backend, type Open, type StartState } from "../ipc/backend";
import type {
  Action,
  Coverage,
  Error as Failure,
  Event,
  Filter,
  PlacementId,
  Row,
  Scope,
  Settings,
  Targets,
  Verb,
} from "../ipc/bindings";
import { folderName, isDraft, isUnread } from "../words/rows";
import { Drafts } from "./drafts.svelte";
import { hasTwoPanes } from "./layout";
import { MessageList } from "./list.svelte";
import { Look } from "./look.svelte";
import { Mail } from "./mail.svelte";
import { Reading } from "./reading.svelte";
import { Selection } from "./selection";
import { Toasts } from "./toasts.svelte";
import { Writing } from "./writing";
import { MANY } from "../words/status";

export type Place = Scope | { kind: "starred" } | { kind: "outbox" } | { kind: "removed"; account: number };
export type SettingsPart = "Accounts" | "Appearance" | "Reading" | "Writing" | "Notifications" | "Keyboard" | "Help";
export type Dialog =
  | { kind: "keys" }
  | { kind: "palette" }
  | { kind: "move"; targets: Targets; copy: boolean }
  | { kind: "delete_for_good"; targets: Targets; count: number }
  | { kind: "folder_empty"; mailbox: number }
  | { kind: "folder_keep"; mailbox: number }
  | { kind: "folder_new"; account: number; parent: number | null }
  | { kind: "folder_rename"; mailbox: number }
  | { kind: "folder_delete"; mailbox: number }
  | { kind: "account_remove"; account: number }
  | { kind: "file"; key: number }
  | { kind: "password"; account: number; error: Failure };

const SETTINGS: Settings = {
  theme: "system",
  density: "roomy",
  threaded: true,
  undo_send_secs: 6,
  notify: true,
  ahead: "unmetered",
  folders_width: 232,
  list_width: 372,
};

export class App {
  readonly mail: Mail;
  readonly list: MessageList;
  readonly reading: Reading;
  readonly drafts: Drafts;
  readonly writing: Writing;
  readonly toasts = new Toasts();
  readonly look = new Look();

  start = $state.raw<StartState | null>(null);
  settings = $state.raw<Settings>(SETTINGS);
  place = $state.raw<Place>({ kind: "role", role: "inbox" });
  filter = $state<Filter>("all");
  search = $state("");
  coverage = $state.raw<Coverage | null>(null);
  dialog = $state.raw<Dialog | null>(null);
  wizard = $state(false);
  /** The page of the settings that is open. */
  settingsPart = $state<SettingsPart | null>(null);
  drawer = $state(false);
  /** Where there is room for one pane only: whether it is the message. */
  readingOpen = $state(false);
  getting = $state(false);
  /** Counts the times that the list is to take the focus. */
  wantsFocus = $state(0);

  /** What takes back the newest action on many messages, where something does. */
  large = $state.raw<number | null>(null);

  private receipts: number[] = [];
  private actedOnFocus = false;
  private followTimer: ReturnType<typeof setTimeout> | undefined;
  private rereadTimer: ReturnType<typeof setTimeout> | undefined;
  private widthTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly backend: Backend) {
    this.mail = new Mail(backend, (thrown) => this.failed(thrown));
    this.list = new MessageList(backend);
    this.reading = new Reading(backend, (id) => this.markSeen(id));
    this.drafts = new Drafts(backend);
    this.writing = new Writing(backend, this.drafts, this.toasts, () => void this.go({ kind: "outbox" }));
    this.list.onFocusGone = () => this.focusGone();
  }

  readonly failed = (thrown: unknown): void => this.toasts.alert(asFailure(thrown));

  async begin(): Promise<void> {
    try {
      await this.backend.listen((event) => this.hear(event));
      this.start = await this.backend.startState();
    } catch (thrown) {
      this.start = { kind: "failed", error: asFailure(thrown) };
    }
    if (this.start.kind === "ready") await this.ready();
  }

  /** The profile is open: reads what the window shows first. */
  async ready(): Promise<void> {
    this.start = { kind: "ready" };
    const settings = this.backend.call("settings", {}).then(
      (it) => this.takeSettings(it),
      (thrown) => this.failed(thrown),
    );
    await Promise.all([this.mail.load(), settings]);
    if (this.mail.accounts.length === 0) this.wizard = true;
    else {
      await this.goHome();
      this.wantsFocus += 1;
      await this.writing.takeUpAgain();
    }
    await this.backend.opens((open) => this.openFromOutside(open)).catch(this.failed);
    await this.backend.leaving(() => this.drafts.saveAll()).catch(this.failed);
    addEventListener("online", () => void this.backend.call("network_back", {}).catch(this.failed));
  }

  /** A `mailto:` link starts a mail. Without an account there is nobody to write as yet: the wizard stays. */
  private openFromOutside(open: Open): void {
    if (open.kind === "file") this.dialog = { kind: "file", key: open.key };
    else if (this.mail.accounts.length > 0) void this.writing.compose({ kind: "mailto", url: open.url });
  }

  private takeSettings(settings: Settings): void {
    this.settings = settings;
    this.look.take(settings);
  }

  async saveSettings(change: Partial<Settings>): Promise<void> {
    const threaded = this.settings.threaded;
    this.takeSettings({ ...this.settings, ...change });
    try {
      this.takeSettings(await this.backend.call("settings_set", { settings: this.settings }));
    } catch (thrown) {
      this.failed(thrown);
    }
    if (threaded !== this.settings.threaded) await this.reopen();
  }

  /** A splitter was moved: the width is kept once it rests. */
  widen(change: { folders_width?: number; list_width?: number }): void {
    this.settings = { ...this.settings, ...change };
    this.look.take(this.settings);
    clearTimeout(this.widthTimer);
    this.widthTimer = setTimeout(() => void this.saveSettings({}), 400);
  }

  private hear(event: Event): void {
    if (event.kind === "view_changed") this.list.apply(event);
    else if (event.kind === "told") this.toasts.alert(event.error);
    else if (event.kind === "messages_changed") this.rereadOpen();
    else this.mail.hear(event);
    if (event.kind === "outbox_changed") queueMicrotask(() => void this.writing.tellSent());
  }

  /** The open conversation may have changed: it is read again, a burst of changes once. */
  private rereadOpen(): void {
    clearTimeout(this.rereadTimer);
    this.rereadTimer = setTimeout(() => void this.rereadNow(), 30);
  }

  private async rereadNow(): Promise<void> {
    const row = this.reading.row;
    if (!row) return;
    const threaded = this.list.spec?.threaded ?? false;
    try {
      const [now] = await this.backend.call("rows", { ids: [row.id] });
      const inList = this.list.focused?.id === row.id ? this.list.focused : undefined;
      if (now) await this.reading.refresh({ ...now, count: inList?.count ?? row.count }, threaded);
    } catch {
      // What is shown stays; opening it again tells what is wrong.
    }
  }

  // Where the list is

  private goHome(): Promise<void> {
    const first = this.mail.accounts[0];
    const inbox = first && this.mail.byRole(first.id, "inbox");
    return this.go(inbox ? { kind: "mailbox", mailbox: inbox.id } : { kind: "role", role: "inbox" });
  }

  async go(place: Place): Promise<void> {
    this.place = place;
    this.search = "";
    this.filter = "all";
    this.drawer = false;
    this.readingOpen = false;
    await this.reopen();
  }

  async reopen(): Promise<void> {
    if (this.place.kind === "outbox" || this.place.kind === "removed") {
      this.reading.clear();
      return void this.setTitle();
    }
    const words = this.search.trim();
    const everywhere = this.place.kind === "starred" || (words && !this.inTrash);
    const scope: Scope = everywhere || this.place.kind === "starred" ? { kind: "everywhere" } : this.place;
    const filter: Filter = this.place.kind === "starred" ? "starred" : this.filter;
    await this.list.open({
      scope,
      filter,
      threaded: this.settings.threaded && !words && this.place.kind !== "starred",
      search: words || null,
    });
    const two = hasTwoPanes(this.look.layout);
    // A message that was read before opens by itself; an unread one waits, because opening it marks it read everywhere.
    const first = this.list.rows.get(0);
    const opens = two && !words && first !== undefined && !isUnread(first);
    if (opens) this.list.choose(0);
    else this.list.focus = -1;
    if (opens) this.openFocused();
    else this.reading.clear();
    this.setTitle();
  }

  /** Trash and junk are searched on their own; all other folders together. */
  private get inTrash(): boolean {
    const role = this.place.kind === "mailbox" ? this.mail.mailbox(this.place.mailbox)?.role : null;
    return role === "trash" || role === "junk";
  }

  find(words: string): void {
    this.search = words;
    this.coverage = null;
    clearTimeout(this.followTimer);
    this.followTimer = setTimeout(() => {
      void this.reopen();
      void this.askCoverage(words.trim());
    }, 180);
  }

  /** How much of the mail the search saw; it also lets the engine ask the servers where the cache has gaps. */
  private async askCoverage(query: string): Promise<void> {
    if (!query) return;
    try {
      const found = await this.backend.call("search", { query, limit: 1 });
      if (this.search.trim() === query) this.coverage = found.coverage;
    } catch {
      // The list itself stands; only the figure is missing.
    }
  }

  /** Whether the middle pane shows messages that verbs act on. */
  get hasList(): boolean {
    return this.place.kind !== "outbox" && this.place.kind !== "removed";
  }

  get placeName(): string {
    if (this.search.trim() && this.hasList) return "Search";
    const place = this.place;
    if (place.kind === "outbox") return "Outbox";
    if (place.kind === "removed") return "Recently removed";
    if (place.kind === "starred") return "Starred";
    if (place.kind === "role") return "All inboxes";
    if (place.kind === "everywhere") return "All mail";
    const mailbox = this.mail.mailbox(place.mailbox);
    return mailbox ? folderName(mailbox) : "Folder";
  }

  /** Lists over several accounts mark each row with its account. */
  get manyAccounts(): boolean {
    return (this.place.kind !== "mailbox" || this.search.trim() !== "") && this.mail.accounts.length > 1;
  }

  /** Whether the list is of mail that goes out: then it shows recipients. */
  get ownMail(): boolean {
    if (this.place.kind !== "mailbox" || this.search.trim()) return false;
    const role = this.mail.mailbox(this.place.mailbox)?.role;
    return role === "sent" || role === "drafts";
  }

  private setTitle(): void {
    this.backend.windowTitle(`${this.placeName}, Godwit`).catch(() => undefined);
  }

  // Which message

  /** Moves focus and selection, and opens the message where both panes are in sight. */
  choose(index: number): void {
    if (index < 0 || index >= this.list.len) return;
    this.list.choose(index);
    if (hasTwoPanes(this.look.layout) || this.readingOpen) this.openSoon();
  }

  /** Running through a list by a held key opens only where it comes to rest. */
  private openSoon(): void {
    clearTimeout(this.followTimer);
    this.followTimer = setTimeout(() => this.openFocused(), 40);
  }

  openFocused(): void {
    const row = this.list.focused;
    if (!row) return;
    if (isDraft(row) && this.isDraftsBox(row)) this.reading.clear();
    else void this.reading.show(row, this.list.spec?.threaded ?? false);
  }

  private isDraftsBox(row: Row): boolean {
    return this.mail.mailbox(row.mailbox)?.role === "drafts";
  }

  /** Enter or a double click: a draft goes on being written, anything else is read. */
  activate(index = this.list.focus): void {
    if (this.list.focus !== index) this.list.choose(index);
    const row = this.list.focused;
    if (!row) return;
    if (this.isDraftsBox(row)) return void this.writing.compose({ kind: "message", id: row.id });
    this.readingOpen = true;
    this.openFocused();
  }

  private focusGone(): void {
    const mine = this.actedOnFocus;
    this.actedOnFocus = false;
    if (!mine && this.reading.row) return;
    if (this.list.focus < 0) {
      this.readingOpen = false;
      this.list.selection = Selection.none;
      return this.reading.clear();
    }
    const row = this.list.focused;
    this.list.selection = row ? Selection.of(row.id) : Selection.none;
    if (hasTwoPanes(this.look.layout) || this.readingOpen) {
      if (row) this.openFocused();
      else setTimeout(() => this.choose(this.list.focus), 60);
    }
  }

  private markSeen(id: PlacementId): void {
    const shown = this.reading.shown.find((one) => one.item.id === id);
    if (!shown || !isUnread(shown.item)) return;
    shown.item = { ...shown.item, flags: [...shown.item.flags, "\\Seen"] };
    this.backend
      .call("perform", {
        action: { verb: "mark", add: ["\\Seen"], remove: [], targets: { kind: "ids", ids: [id], threads: false } },
      })
      .catch(this.failed);
  }

  // Verbs

  /** What a verb acts on: the selection, else the open message. */
  get targets(): Targets | null {
    const view = this.list.view;
    if (this.hasList && view !== null && this.list.selected > 0)
      return this.list.selection.targets(view, this.list.spec?.threaded ?? false);
    const row = this.reading.row;
    if (!row) return null;
    const ids = { kind: "ids" as const, ids: [row.id], threads: this.list.spec?.threaded ?? false };
    return view === null ? ids : { ...ids, view };
  }

  async perform(verb: Verb, targets: Targets | null = this.targets): Promise<void> {
    if (!targets) return;
    this.actedOnFocus = verb.verb !== "mark";
    try {
      const done = await this.backend.call("perform", { action: { ...verb, targets } as Action });
      const receipt = done.receipt;
      if (receipt !== null) this.receipts.push(receipt);
      if (done.count >= MANY) this.large = receipt;
      // What comes next was not chosen: all that was is gone from here.
      if (targets.kind === "all_but" && verb.verb !== "mark" && this.list.selection.all)
        this.list.selection = Selection.none;
      const quiet = verb.verb === "mark" && done.count <= 1;
      if (!quiet)
        this.toasts.say(done.said, {
          buttons: receipt === null ? [] : [{ label: "Undo", run: () => void this.undo(receipt) }],
        });
      if (verb.verb === "mark" && this.reading.row) this.rereadOpen();
    } catch (thrown) {
      this.actedOnFocus = false;
      this.failed(thrown);
    }
  }

  /** Takes one action back; without any of this run, the newest that is kept from before. */
  async undo(receipt: number | null = this.receipts.at(-1) ?? null): Promise<void> {
    this.receipts = this.receipts.filter((one) => one !== receipt);
    if (receipt === this.large) this.large = null;
    try {
      this.toasts.say((await this.backend.call("undo", { receipt })).said);
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  /** Deletes all of a trash or junk folder for good; the person was asked. */
  async emptyFolder(mailbox: number): Promise<void> {
    const account = this.mail.mailbox(mailbox)?.account;
    try {
      const done = await this.backend.call("mailbox_empty", { mailbox });
      if (done.count >= MANY) this.large = null;
      const look = { label: "Recently removed", run: () => account && void this.go({ kind: "removed", account }) };
      this.toasts.say(done.said, { buttons: done.count > 0 && account !== undefined ? [look] : [] });
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  async getMail(): Promise<void> {
    if (this.getting) return;
    this.getting = true;
    try {
      const synced = await this.backend.call("sync", { account: null, bodies: "none" });
      const broken = synced.find((one) => one.error);
      if (broken?.error) this.toasts.alert(broken.error);
    } catch (thrown) {
      this.failed(thrown);
    } finally {
      this.getting = false;
    }
  }
}
