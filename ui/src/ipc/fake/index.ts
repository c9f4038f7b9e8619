// A backend that keeps everything in memory: for `npm run dev`, tests and pictures. It behaves as the engine promises to, errors included.
import type { Backend, Open, Shade, StartState, UnlockChoice } from "../backend";
import type {
  Account,
  Action,
  Commands,
  Draft,
  Event,
  KeepSetting,
  OpenedFile,
  OutboxItem,
  Settings,
} from "../bindings";
import { frameDocument } from "./frame";
import { Outgoing } from "./outgoing";
import { RemovedMail } from "./removed";
import { at, checkOf, discover, fail, remove } from "./servers";
import { performOn, type Taken } from "./verbs";
import { Views } from "./views";
import { newFolders, recount, world, type Item, type World } from "./world";

export interface FakeOptions {
  /** Milliseconds before each answer. */
  delay?: number;
  /** Without an account: the first run. */
  empty?: boolean;
  offline?: boolean;
  /** The keychain does not answer. */
  locked?: boolean;
  /** Whether the system says that the line is metered. */
  metered?: boolean;
  /** More messages in the inbox. */
  extra?: number;
}

type Answers = {
  [K in keyof Commands]?: (request: Commands[K]["request"]) => Commands[K]["reply"] | Promise<Commands[K]["reply"]>;
};

export class FakeBackend implements Backend {
  readonly world: World;
  readonly views: Views;
  readonly outgoing: Outgoing;
  readonly removed: RemovedMail;
  /** What stands outside the window, for tests: asks it to open something. */
  open: (open: Open) => void = () => {};
  /** Every request, in order: what tests look at. */
  readonly asked: { name: string; request: unknown }[] = [];
  title = "";
  /** How many changes wait for the server, by account. */
  waits: Record<number, number> = {};
  private readonly listeners = new Set<(event: Event) => void>();
  private readonly opened = new Map<string, { item: Item; remote: boolean }>();
  private readonly receipts = new Map<number, Taken>();
  private keep: KeepSetting[] = [];
  private locked: boolean;
  private count = 0;
  private settings: Settings = {
    theme: "system",
    density: "roomy",
    threaded: true,
    undo_send_secs: 6,
    notify: true,
    ahead: "unmetered",
    folders_width: 232,
    list_width: 372,
  };

  constructor(private readonly options: FakeOptions = {}) {
    this.world = options.empty ? { accounts: [], mailboxes: [], items: new Map() } : world(options.extra ?? 0);
    this.locked = options.locked ?? false;
    this.views = new Views(this.world, (event) => this.emit(event));
    this.removed = new RemovedMail(this.world, this.views, (event) => this.emit(event));
    this.outgoing = new Outgoing(
      this.world,
      (event) => this.emit(event),
      () => this.settings.undo_send_secs,
    );
  }

  static optionsFrom(query: string): FakeOptions {
    const asked = new URLSearchParams(query);
    return {
      delay: Number(asked.get("delay") ?? 15),
      empty: asked.has("empty"),
      offline: asked.has("offline"),
      locked: asked.has("locked"),
      extra: Number(asked.get("extra") ?? 0),
    };
  }

  async call<K extends keyof Commands>(name: K, request: Commands[K]["request"]): Promise<Commands[K]["reply"]> {
    this.asked.push({ name, request: structuredClone(request) });
    if (this.options.delay !== undefined) await new Promise((done) => setTimeout(done, this.options.delay));
    const answer = this.answers[name] as ((request: Commands[K]["request"]) => Commands[K]["reply"]) | undefined;
    if (!answer) throw fail("unsupported", `The fake backend does not know “${name}”.`);
    return structuredClone(await answer(request));
  }

  async listen(listener: (event: Event) => void): Promise<() => void> {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: Event): void {
    queueMicrotask(() => this.listeners.forEach((listener) => listener(event)));
  }

  async leaving(listener: () => void): Promise<void> {
    addEventListener("pagehide", listener);
  }

  async opens(listener: (open: Open) => void): Promise<void> {
    this.open = listener;
  }

  async startState(): Promise<StartState> {
    if (this.locked)
      return {
        kind: "key_unavailable",
        error: fail("key_unavailable", "The keychain did not answer.", "Unlock it and try again, or use a passphrase."),
      };
    return { kind: "ready" };
  }

  async unlock(choice: UnlockChoice): Promise<StartState> {
    if (choice !== "retry") this.locked = false;
    return this.startState();
  }

  frameUrl(token: string, shade: Shade): string {
    const opened = this.opened.get(token);
    return `data:text/html;charset=utf-8,${encodeURIComponent(frameDocument(opened?.item.html ?? "", shade))}`;
  }

  async upload(draft: number, file: File): Promise<Draft> {
    return structuredClone(this.outgoing.attach(draft, file.name, file.type, file.size));
  }

  async openLink(): Promise<void> {
    this.asked.push({ name: "open_link", request: null });
  }

  async openAttachment(): Promise<void> {
    this.asked.push({ name: "open_attachment", request: null });
  }

  async saveAttachment(id: number, part: number): Promise<string> {
    const file = this.world.items.get(id)?.files.find((one) => one.part === part);
    if (!file) throw fail("gone", "This attachment is gone.", "Open the message again.");
    return `/home/marit/Downloads/${file.name}`;
  }

  /** Something is opened from outside. */
  hand(open: Open): void {
    this.open?.(open);
  }

  /** The files on the fake desktop are the world's messages, by id. */
  async openFile(key: number, remote: boolean): Promise<OpenedFile> {
    const opened = await this.call("message_open", { id: key, remote });
    return { ...opened, name: "message.eml" };
  }

  async openFileAttachment(): Promise<void> {
    this.asked.push({ name: "open_file_attachment", request: null });
  }

  async saveFileAttachment(): Promise<string> {
    return "/home/marit/Downloads/file";
  }

  async windowTitle(title: string): Promise<void> {
    this.title = title;
    document.title = title;
  }

  /** New mail, as the server would bring it. */
  arrive(from: string, subject: string, mailbox = 1): number {
    const sample = [...this.world.items.values()][0];
    if (!sample) return 0;
    const id = Math.max(...this.world.items.keys()) + 1;
    const item: Item = {
      ...sample,
      id,
      message: id,
      thread: 100_000 + id,
      mailbox,
      uid: id,
      subject,
      from: [{ name: from, address: `${from.toLowerCase().replaceAll(" ", ".")}@new.example` }],
      date: Math.max(...[...this.world.items.values()].map((one) => one.date)) + 60,
      flags: [],
      files: [],
      attachments: false,
      count: 1,
    };
    this.world.items.set(id, item);
    this.changed();
    return id;
  }

  changed(): void {
    recount(this.world);
    this.emit({ kind: "messages_changed", messages: [] });
    this.views.refresh();
    this.emit({ kind: "mailboxes_changed" });
  }

  private readonly answers: Answers = {
    accounts: () => this.world.accounts,
    mailboxes: () => this.world.mailboxes,
    settings: () => this.settings,
    settings_set: ({ settings }) => (this.settings = settings),
    status: () =>
      this.world.accounts.map((one) => ({
        account: one.id,
        activity: this.options.offline
          ? {
              kind: "offline",
              since: at(9, 20),
              error: fail("offline", "You are offline.", "Everything here works; changes wait."),
            }
          : { kind: "up_to_date", at: at(9, 44) },
        waiting: this.waits[one.id] ?? (this.options.offline ? 1 : 0),
      })),
    sync: () => [],
    network_back: () => null,
    account_discover: ({ email }) => discover(email),
    account_check: ({ account: draft }) => ({
      imap: checkOf(draft.imap.host, draft.imap.pin),
      smtp: checkOf(draft.smtp.host, draft.smtp.pin),
    }),
    account_add: (request) => this.addAccount(request),
    account_test: () => ({ imap: { error: null, certificate: null }, smtp: { error: null, certificate: null } }),
    account_quota: ({ account: id }) => {
      if (this.options.offline) throw fail("offline", "You are offline.");
      const first = id === this.world.accounts[0]?.id;
      return { storage: first ? { used_kib: 14_470_000, limit_kib: 15_728_640 } : null, messages: null };
    },
    account_password: () => ({ imap: { error: null, certificate: null }, smtp: { error: null, certificate: null } }),
    account_edit: ({ account: id, name, signature }) => {
      const it = this.accountOf(id);
      Object.assign(it, { name, signature });
      this.emit({ kind: "accounts_changed" });
      return it;
    },
    account_remove: ({ account: id }) => {
      remove(this.world.accounts, (one) => one.id === id);
      remove(this.world.mailboxes, (one) => one.account === id);
      for (const item of [...this.world.items.values()]) if (item.account === id) this.world.items.delete(item.id);
      this.emit({ kind: "accounts_changed" });
      this.changed();
      return null;
    },
    mailbox_create: ({ account: id, path }) => {
      if (this.world.mailboxes.some((one) => one.account === id && one.path === path))
        throw fail("refused", `There is a folder “${path}” already.`, "Choose another name.");
      const cut = path.lastIndexOf("/");
      const parent =
        this.world.mailboxes.find((one) => one.account === id && one.path === path.slice(0, cut))?.id ?? null;
      const made = {
        id: Math.max(0, ...this.world.mailboxes.map((one) => one.id)) + 1,
        account: id,
        path,
        name: path.slice(cut + 1),
        parent,
        delimiter: "/",
        role: null,
        selectable: true,
        subscribed: true,
        messages: 0,
        unread: 0,
        held_back: 0,
        verified_at: null,
        repaired: 0,
      };
      this.world.mailboxes.push(made);
      this.changed();
      return made;
    },
    mailbox_rename: ({ mailbox, path }) => {
      const it = this.world.mailboxes.find((one) => one.id === mailbox);
      if (!it) throw fail("gone", "This folder is gone.");
      it.path = path;
      it.name = path.slice(path.lastIndexOf("/") + 1);
      this.changed();
      return it;
    },
    mailbox_delete: ({ mailbox }) => {
      remove(this.world.mailboxes, (one) => one.id === mailbox);
      for (const item of [...this.world.items.values()]) if (item.mailbox === mailbox) this.world.items.delete(item.id);
      this.changed();
      return null;
    },
    mailbox_subscribe: () => null,
    view_open: ({ spec }) => this.views.start(spec),
    view_window: ({ view, from, count }) => this.views.window(view, from, count),
    view_position: ({ view, id }) => {
      const index = this.views.ids(view).indexOf(id);
      return index < 0 ? null : index;
    },
    view_close: ({ view }) => (this.views.close(view), null),
    rows: ({ ids }) =>
      ids.flatMap((id) => {
        const item = this.world.items.get(id);
        return item ? [this.views.rowOf(item)] : [];
      }),
    search: () => ({
      total: 0,
      coverage: {
        messages: this.world.items.size,
        bodies: this.world.items.size,
        mailboxes_complete: this.world.mailboxes.length,
        mailboxes_total: this.world.mailboxes.length,
      },
      rows: [],
    }),
    conversation: ({ id }) => {
      const item = this.itemOf(id);
      return [...this.world.items.values()]
        .filter((one) => one.thread === item.thread)
        .sort((a, b) => a.date - b.date)
        .map((one) => ({
          id: one.id,
          message: one.message,
          mailbox: one.mailbox,
          from: one.from,
          date: one.date,
          preview: one.preview,
          flags: one.flags,
          own: one.from.some((who) => who.name === "Marit Solheim"),
          attachments: one.attachments,
        }));
    },
    message_open: ({ id, remote }) => this.openMessage(id, remote),
    message_close: ({ token }) => (this.opened.delete(token), null),
    perform: ({ action }) => this.perform(action),
    keep: () => this.keep,
    keep_set: ({ account, mailbox, policy }) => {
      this.keep = this.keep.filter((one) => one.account !== account || one.mailbox !== mailbox);
      if (policy) this.keep.push({ account, mailbox, policy });
      return this.keep;
    },
    disk_use: () =>
      this.world.accounts.map(({ id }) => ({ account: id, messages: 12_480, whole: 12_031, bytes: 734_003_200 })),
    fetching: () => {
      const { metered = null } = this.options;
      return {
        metered,
        ahead: this.settings.ahead === "unmetered" ? metered !== true : this.settings.ahead === "always",
      };
    },
    doctor_bundle: () => "Godwit\nNothing here names a person.\n\n# Protocol, times in UTC\nc1 > g1 NOOP\n",
    removed: ({ account, limit }) => this.removed.list(account, limit),
    restore: ({ ids }) => this.removed.restore(ids),
    mailbox_empty: ({ mailbox }) => this.removed.empty(mailbox),
    undo: ({ receipt }) => this.undo(receipt),
    compose: ({ from }) => this.outgoing.compose(from),
    drafts: () => this.outgoing.kept,
    draft_save: ({ draft }) => this.outgoing.save(draft),
    draft_rest: () => null,
    draft_discard: ({ draft }) => this.outgoing.discard(draft),
    draft_detach: ({ draft, attachment }) => this.outgoing.detach(draft, attachment),
    draft_send: ({ draft }) => this.outgoing.send(draft),
    outbox: (): OutboxItem[] => this.outgoing.box,
    outbox_retry: ({ id }) => this.outgoing.retry(id),
    outbox_cancel: ({ id }) => this.outgoing.cancel(id),
    contacts: ({ prefix, limit }) => this.outgoing.contacts(prefix, limit),
  };

  private accountOf(id: number): Account {
    const it = this.world.accounts.find((one) => one.id === id);
    if (!it) throw fail("gone", "This account is gone.");
    return it;
  }

  private itemOf(id: number): Item {
    const item = this.world.items.get(id);
    if (!item) throw fail("gone", "This message is gone.", "It was moved or deleted elsewhere.");
    return item;
  }

  private addAccount({ account: draft, password }: Commands["account_add"]["request"]): Account {
    const broken = checkOf(draft.imap.host, draft.imap.pin).error ?? checkOf(draft.smtp.host, draft.smtp.pin).error;
    if (broken) throw broken;
    if (password === "wrong")
      throw {
        ...fail("sign_in_needed", `${draft.imap.host} refused the password.`, "Check it and try again."),
        server_words: "Authentication failed.",
      };
    const id = this.world.accounts.length + 1;
    const made: Account = { id, ...draft, color: [1, 4, 7, 3, 5, 6, 8][(id - 1) % 7] ?? 1, signature: "" };
    this.world.accounts.push(made);
    this.world.mailboxes.push(...newFolders(id, 100 * id));
    this.emit({ kind: "accounts_changed" });
    this.changed();
    return made;
  }

  private openMessage(id: number, remote: boolean): Commands["message_open"]["reply"] {
    const item = this.itemOf(id);
    this.count += 1;
    const token = `fake-${this.count}`;
    this.opened.set(token, { item, remote });
    const pictures = Array.from({ length: item.remoteImages }, (_, n) => ({
      url: `https://pictures.example/${n}.png`,
      kind: n < item.trackers ? ("tracker" as const) : ("image" as const),
      blocked: !remote,
    }));
    return {
      id,
      message: item.message,
      thread: item.thread,
      account: item.account,
      mailbox: item.mailbox,
      subject: item.subject,
      from: item.from,
      reply_to: [],
      to: item.to,
      cc: item.cc,
      date: item.date,
      flags: item.flags,
      labels: item.labels,
      token,
      remote_loaded: remote,
      remote: pictures,
      links: [{ text: "The track, day by day", url: "https://tideline.example/48", warning: null }],
      attachments: item.files,
      verdict: { level: item.verdict, reasons: item.reasons },
      problems: [],
    };
  }

  private perform(action: Action): Commands["perform"]["reply"] {
    const taken = performOn(this.world, this.views, action);
    this.count += 1;
    const receipt = taken.before.length > 0 && action.verb !== "delete_for_good" ? this.count : null;
    if (receipt !== null) this.receipts.set(receipt, taken);
    this.changed();
    return { receipt, count: taken.before.length, said: taken.said };
  }

  private undo(receipt: number | null): Commands["undo"]["reply"] {
    const id = receipt ?? Math.max(0, ...this.receipts.keys());
    const taken = this.receipts.get(id);
    if (!taken) throw fail("gone", "There is nothing to undo.");
    this.receipts.delete(id);
    for (const before of taken.before) this.world.items.set(before.id, before);
    this.changed();
    const n = taken.before.length;
    return { undone: n, skipped: 0, said: n === 1 ? "Undone" : `${n} messages brought back` };
  }
}
