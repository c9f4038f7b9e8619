// The window over the fake backend, addressed as tests and screen readers do: by role and name.
import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { expect, test } from "vitest";
import Root from "../App.svelte";
import { FakeBackend, type FakeOptions } from "../ipc/fake";
import { App } from "../state/app.svelte";

async function open(options: FakeOptions = {}) {
  const backend = new FakeBackend(options);
  const app = new App(backend);
  render(Root, { props: { app } });
  await app.begin();
  return { backend, app, user: userEvent.setup() };
}

const option = (name: RegExp): Promise<HTMLElement> => screen.findByRole("option", { name });
const heading = (name: string): Promise<HTMLElement> => screen.findByRole("heading", { name });

async function violations(): Promise<string[]> {
  const found = await axe.run(document.body, {
    iframes: false,
    rules: { "color-contrast": { enabled: false }, region: { enabled: false } },
  });
  return found.violations.map((one) => `${one.id}: ${one.nodes[0]?.html ?? ""}`);
}

test("the inbox stands there with its names", async () => {
  await open();
  expect(await screen.findByRole("listbox", { name: "Messages" })).toBeDefined();
  const tree = screen.getByRole("tree", { name: "Folders" });
  expect(within(tree).getAllByRole("treeitem", { name: /^Inbox, \d+ unread$/ }).length).toBe(2);
  expect(within(tree).getByRole("group", { name: "Marit Solheim, marit@fjordlys.example" })).toBeDefined();
  expect(
    await option(/^has attachment, 3 messages, Jonas Lindqvist, Slipway drawings for the boathouse, 09:42$/),
  ).toBeDefined();
  for (const name of ["Compose", "Settings", "Get mail"]) expect(screen.getByRole("button", { name })).toBeDefined();
  expect(screen.getByRole("searchbox", { name: "Search mail" })).toBeDefined();
  expect(screen.getByRole("status", { name: "Sync status" }).textContent).toContain("Up to date, 09:44");
  expect(await violations()).toEqual([]);
});

test("the message has its region, verbs and frame", async () => {
  await open();
  const region = await screen.findByRole("region", { name: "Message" });
  expect(await heading("Slipway drawings for the boathouse")).toBeDefined();
  for (const name of [
    "Reply",
    "Reply all",
    "Forward",
    "Archive",
    "Delete",
    "Move to…",
    "Mark as unread",
    "Star",
    "More actions",
  ])
    expect(within(region).getByRole("button", { name })).toBeDefined();
  const frame = await within(region).findByTitle("Message body");
  expect(frame.getAttribute("sandbox")).toBe("allow-scripts");
  expect(await within(region).findByRole("button", { name: "Load remote images" })).toBeDefined();
  expect(within(region).getAllByRole("button", { name: "Save attachment" })).toHaveLength(2);
  expect(region.textContent).toContain("jonas@lindqvist-dahl.example");
});

test("a message file from the desktop is read in a dialog of its own", async () => {
  const { backend, app, user } = await open();
  const id = app.list.focused?.id ?? 0;
  backend.hand({ kind: "file", key: id });
  const dialog = await screen.findByRole("dialog", { name: "Slipway drawings for the boathouse" });
  expect((await within(dialog).findByTitle("Message body")).getAttribute("sandbox")).toBe("allow-scripts");
  expect(dialog.textContent).toContain("message.eml");
  expect(within(dialog).queryByRole("button", { name: "Reply" })).toBeNull();
  expect(await violations()).toEqual([]);
  await user.click(within(dialog).getByRole("button", { name: "Load remote images" }));
  await waitFor(() => expect(within(dialog).queryByRole("button", { name: "Load remote images" })).toBeNull());
  await user.keyboard("{Escape}");
  expect(screen.queryByRole("dialog")).toBeNull();
  backend.hand({ kind: "file", key: 999_999 });
  const broken = await screen.findByRole("dialog", { name: "Message file" });
  await waitFor(() => expect(broken.textContent).toContain("gone"));
});

test("archive goes to the next message and undo brings it back", async () => {
  const { user, backend } = await open();
  await heading("Slipway drawings for the boathouse");
  await user.keyboard("e");
  expect(await screen.findByText("Archived")).toBeDefined();
  await waitFor(() => expect(screen.queryByRole("option", { name: /Slipway drawings/ })).toBeNull());
  expect(await heading("موعد تسليم الأخشاب يوم الأحد")).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Undo" }));
  expect(await option(/Slipway drawings/)).toBeDefined();
  expect(backend.asked.filter((one) => one.name === "undo")).toHaveLength(1);
});

test("an action on many messages says how far it is, and can be cancelled", async () => {
  const { user, backend, app } = await open({ extra: 300 });
  await heading("Slipway drawings for the boathouse");
  await user.keyboard("{Control>}a{/Control}");
  await user.keyboard("e");
  await waitFor(() => expect(backend.asked.filter((one) => one.name === "perform")).toHaveLength(1));
  await screen.findByText("All done");
  expect(app.list.selected).toBe(0);
  expect(screen.queryByRole("heading", { name: /messages selected/ })).toBeNull();
  expect(app.list.selection.all, "what comes next is not selected").toBe(false);
  const account = app.mail.accounts[0]?.id ?? 0;
  const left = (waiting: number): void => {
    backend.waits = { [account]: waiting };
    backend.emit({ kind: "status_changed" });
  };
  left(300);
  await waitFor(() => expect(screen.getByRole("status", { name: "Sync status" }).textContent).toContain("Sending, 0%"));
  left(120);
  const bar = await screen.findByRole("progressbar", { name: "Sending changes" });
  await waitFor(() => expect(bar.getAttribute("aria-valuenow")).toBe("60"));
  expect(await violations()).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Cancel" }));
  expect(await option(/Slipway drawings/)).toBeDefined();
  expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  left(0);
  await waitFor(() => expect(screen.queryByRole("progressbar")).toBeNull());
});

test("J and K go through mail and reading marks it read", async () => {
  const { user } = await open();
  await option(/^unread, عمر/);
  await user.keyboard("j");
  expect(await heading("موعد تسليم الأخشاب يوم الأحد")).toBeDefined();
  expect(await option(/^عمر/)).toBeDefined();
  await user.keyboard("k");
  expect(await heading("Slipway drawings for the boathouse")).toBeDefined();
});

test("S stars, U marks unread, with the state in the button", async () => {
  const { user } = await open();
  await heading("Slipway drawings for the boathouse");
  await user.keyboard("s");
  expect(await option(/^starred, has attachment, 3 messages, Jonas/)).toBeDefined();
  await waitFor(() => expect(screen.getByRole("button", { name: "Star" }).getAttribute("aria-pressed")).toBe("true"));
  await user.keyboard("u");
  expect(await option(/^unread, starred, has attachment, 3 messages/)).toBeDefined();
  expect(await screen.findByRole("button", { name: "Mark as read" })).toBeDefined();
});

test("the first run asks for an account and ends in its inbox", async () => {
  const { user } = await open({ empty: true });
  expect(await heading("Add your mail account")).toBeDefined();
  expect(await violations()).toEqual([]);
  await user.type(screen.getByRole("textbox", { name: "Your name" }), "Marit");
  await user.type(screen.getByRole("textbox", { name: "Email address" }), "marit@fjordlys.example");
  await user.type(screen.getByLabelText("Password"), "secret");
  await user.click(screen.getByRole("button", { name: "Continue" }));
  expect(await heading("Are these your servers?")).toBeDefined();
  await user.click(screen.getByRole("button", { name: "Add account" }));
  expect(await screen.findByRole("tree", { name: "Folders" })).toBeDefined();
});

test("by hand, everything has its name and a wrong password is asked again", async () => {
  const { user } = await open({ empty: true });
  await user.click(await screen.findByRole("button", { name: "Set up by hand" }));
  for (const name of [
    "Your name",
    "Email address",
    "IMAP server",
    "IMAP port",
    "SMTP server",
    "SMTP port",
    "User name",
  ])
    expect(screen.getByRole("textbox", { name })).toBeDefined();
  await user.type(screen.getByRole("textbox", { name: "Email address" }), "a@b.example");
  await user.type(screen.getByLabelText("Password"), "wrong");
  await user.type(screen.getByRole("textbox", { name: "IMAP server" }), "imap.b.example");
  await user.type(screen.getByRole("textbox", { name: "SMTP server" }), "smtp.b.example");
  await user.selectOptions(screen.getByRole("combobox", { name: "SMTP security" }), "starttls");
  expect((screen.getByRole("textbox", { name: "SMTP port" }) as HTMLInputElement).value).toBe("587");
  expect((screen.getByRole("combobox", { name: "IMAP security" }) as HTMLSelectElement).value).toBe("tls");
  await user.click(screen.getByRole("button", { name: "Add account" }));
  expect((await screen.findByRole("alert")).textContent).toContain("refused the password");
  expect(await violations()).toEqual([]);
});

test("an untrusted certificate is shown, and its key can be pinned", async () => {
  const { user, app, backend } = await open({ empty: true });
  await user.type(await screen.findByRole("textbox", { name: "Email address" }), "a@selfsigned.example");
  await user.type(screen.getByLabelText("Password"), "secret");
  await user.click(screen.getByRole("button", { name: "Continue" }));
  await user.click(await screen.findByRole("button", { name: "Add account" }));
  expect(await heading("This server can’t prove who it is")).toBeDefined();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Trust this key" }));
  await user.click(await screen.findByRole("button", { name: "Trust this key" }));
  await waitFor(() => expect(app.mail.accounts).toHaveLength(1));
  expect(backend.world.accounts[0]?.imap.pin).toMatch(/^[0-9a-f]{64}$/);
});

test("a reply is written, saved by itself and sent with undo", async () => {
  const { user, backend } = await open();
  await heading("Slipway drawings for the boathouse");
  await user.keyboard("r");
  const composer = await screen.findByRole("region", { name: "New message" });
  for (const name of ["To", "Subject", "Message body"])
    expect(within(composer).getByRole("textbox", { name })).toBeDefined();
  expect(within(composer).getByRole("combobox", { name: "From" })).toBeDefined();
  for (const name of ["Send", "Attach files", "Discard draft", "Edit quote"])
    expect(within(composer).getByRole("button", { name })).toBeDefined();
  expect((within(composer).getByRole("textbox", { name: "Subject" }) as HTMLInputElement).value).toBe(
    "Re: Slipway drawings for the boathouse",
  );
  expect(await violations()).toEqual([]);
  const body = within(composer).getByRole("textbox", { name: "Message body" });
  body.innerHTML = "<p>Good catch.</p>";
  await fireEvent.input(body);
  await user.click(within(composer).getByRole("button", { name: "Send" }));
  await waitFor(() => expect(screen.queryByRole("region", { name: "New message" })).toBeNull());
  expect(backend.asked.find((one) => one.name === "draft_save")?.request).toMatchObject({
    draft: { text: "Good catch." },
  });
  await user.click(await screen.findByRole("button", { name: "Undo" }));
  expect(await screen.findByRole("region", { name: "New message" })).toBeDefined();
});

test("a composer that closes saves its draft and lets it go to Drafts at once; an untouched one leaves nothing", async () => {
  const { user, backend } = await open();
  const close = async (write: boolean): Promise<void> => {
    await user.click(await screen.findByRole("button", { name: "Compose" }));
    const composer = await screen.findByRole("region", { name: "New message" });
    if (write) await user.type(within(composer).getByRole("textbox", { name: "Subject" }), "Slipway");
    await user.click(within(composer).getByRole("button", { name: "Close, keep draft" }));
    await waitFor(() => expect(screen.queryByRole("region", { name: "New message" })).toBeNull());
  };
  const asked = (): string[] => backend.asked.map((one) => one.name).filter((name) => name.startsWith("draft_"));
  await close(false);
  expect(asked()).toEqual(["draft_discard"]);
  await close(true);
  await waitFor(() => expect(asked()).toEqual(["draft_discard", "draft_save", "draft_rest"]));
});

test("a new message needs people, and says so", async () => {
  const { user } = await open();
  await user.click(await screen.findByRole("button", { name: "Compose" }));
  const composer = await screen.findByRole("region", { name: "New message" });
  await user.click(within(composer).getByRole("button", { name: "Send" }));
  expect((await screen.findByRole("alert")).textContent).toContain("Write who it goes to first.");
  await user.type(within(composer).getByRole("textbox", { name: "To" }), "sigrid@vik,");
  expect(within(composer).getByText(/is not an address/)).toBeDefined();
  await user.click(within(composer).getByRole("button", { name: "Cc" }));
  await user.click(within(composer).getByRole("button", { name: "Bcc" }));
  for (const name of ["Cc", "Bcc"]) expect(within(composer).getByRole("textbox", { name })).toBeDefined();
});

test("people are completed out of own mail", async () => {
  const { user } = await open();
  await user.keyboard("c");
  const to = await screen.findByRole("textbox", { name: "To" });
  await user.type(to, "sigr");
  await screen.findByRole("option", { name: /Sigrid Vik/ });
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("button", { name: "Remove Sigrid Vik" })).toBeDefined();
});

test("a forgotten attachment is asked about once", async () => {
  const { user } = await open();
  await heading("Slipway drawings for the boathouse");
  await user.keyboard("r");
  const body = await screen.findByRole("textbox", { name: "Message body" });
  body.innerHTML = "<p>See the attached plan.</p>";
  await fireEvent.input(body);
  await user.click(screen.getByRole("button", { name: "Send" }));
  await user.click(await screen.findByRole("button", { name: "Send anyway" }));
  await waitFor(() => expect(screen.queryByRole("region", { name: "New message" })).toBeNull());
});

test("messages move to a folder found by its name", async () => {
  const { user } = await open();
  await heading("Slipway drawings for the boathouse");
  await user.keyboard("v");
  await user.type(await screen.findByRole("combobox", { name: "Find a folder" }), "rec");
  expect(await violations()).toEqual([]);
  await user.keyboard("{Enter}");
  expect(await screen.findByText("Moved to Receipts")).toBeDefined();
});

test("single letters never fire where text is typed", async () => {
  const { user, backend } = await open();
  await heading("Slipway drawings for the boathouse");
  await user.type(screen.getByRole("searchbox", { name: "Search mail" }), "else");
  expect(backend.asked.some((one) => one.name === "perform")).toBe(false);
});

test("search narrows the list and Esc brings it back", async () => {
  const { user } = await open();
  await option(/Slipway drawings/);
  await user.keyboard("/");
  await user.keyboard("tideline");
  await waitFor(() => expect(screen.queryByRole("option", { name: /Slipway drawings/ })).toBeNull());
  expect(await option(/Eleven days/)).toBeDefined();
  await user.keyboard("{Escape}");
  expect(await option(/Slipway drawings/)).toBeDefined();
});

test("several are selected, counted and archived as one", async () => {
  const { user } = await open();
  await option(/Slipway drawings/);
  await user.keyboard("{Shift>}jj{/Shift}");
  expect(await heading("3 messages selected")).toBeDefined();
  await user.keyboard("e");
  expect(await screen.findByText("Archived 3 messages")).toBeDefined();
});

test("folders are made, named anew and deleted from the menu", async () => {
  const { user, app } = await open();
  const tree = await screen.findByRole("tree", { name: "Folders" });
  await fireEvent.contextMenu(within(tree).getByRole("treeitem", { name: "Receipts" }));
  await user.click(await screen.findByRole("menuitem", { name: "New folder inside…" }));
  await user.type(await screen.findByRole("textbox", { name: "Folder name" }), "2026{Enter}");
  expect(await within(tree).findByRole("treeitem", { name: "2026" })).toBeDefined();
  await fireEvent.contextMenu(within(tree).getByRole("treeitem", { name: "2026" }));
  await user.click(await screen.findByRole("menuitem", { name: "Delete folder…" }));
  await user.click(await screen.findByRole("button", { name: "Delete folder" }));
  await waitFor(() => expect(app.mail.mailboxes.some((one) => one.name === "2026")).toBe(false));
});

test("the tree is one tab stop and walks by arrows", async () => {
  const { user } = await open();
  const tree = await screen.findByRole("tree", { name: "Folders" });
  expect(tree.querySelectorAll('[tabindex="0"]')).toHaveLength(1);
  tree.querySelector<HTMLElement>('[tabindex="0"]')?.focus();
  await user.keyboard("{ArrowDown}");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("Drafts, 2 drafts");
  await user.keyboard("{Enter}");
  expect(await heading("Drafts")).toBeDefined();
});

test("the outbox says what was refused, in the server's words", async () => {
  const { user } = await open();
  await user.click(await screen.findByRole("treeitem", { name: "Outbox, 1 waiting" }));
  expect((await screen.findByRole("list", { name: "Outbox" })).textContent).toContain("550: mailbox full");
  expect(screen.getByRole("button", { name: "Try again" })).toBeDefined();
  expect(await violations()).toEqual([]);
});

test("settings change the look and are kept", async () => {
  const { user, backend } = await open();
  await user.click(await screen.findByRole("button", { name: "Settings" }));
  await user.click(await screen.findByRole("button", { name: "Appearance" }));
  await user.click(screen.getByRole("radio", { name: "Dark" }));
  expect(document.documentElement.dataset.theme).toBe("dark");
  expect(backend.asked.find((one) => one.name === "settings_set")?.request).toMatchObject({
    settings: { theme: "dark" },
  });
  for (const part of ["Accounts", "Reading", "Writing", "Notifications", "Keyboard"]) {
    await user.click(screen.getByRole("button", { name: part }));
    expect(await violations()).toEqual([]);
  }
  await user.keyboard("{Escape}");
  expect(await screen.findByRole("listbox", { name: "Messages" })).toBeDefined();
});

test("a metered connection is told, and mail can come ahead all the same", async () => {
  const { user, backend } = await open({ metered: true });
  await user.click(await screen.findByRole("button", { name: "Settings" }));
  const when = await screen.findByRole("combobox", { name: "Fetch mail ahead" });
  expect(await screen.findByText("This connection is metered: text comes as you open it.")).toBeDefined();
  expect(await violations()).toEqual([]);
  await user.selectOptions(when, "Always");
  expect(backend.asked.find((one) => one.name === "settings_set")?.request).toMatchObject({
    settings: { ahead: "always" },
  });
  expect(await screen.findByText("This connection is metered.")).toBeDefined();
});

test("a silent keychain offers its three ways", async () => {
  const { user } = await open({ locked: true });
  for (const name of ["Try again", "This run only", "Use a passphrase"])
    expect(await screen.findByRole("button", { name })).toBeDefined();
  expect(await violations()).toEqual([]);
  await user.click(screen.getByRole("button", { name: "Use a passphrase" }));
  await user.type(await screen.findByLabelText("Passphrase"), "long enough{Enter}");
  expect(await screen.findByRole("listbox", { name: "Messages" })).toBeDefined();
});

test("keys pressed inside a message frame do the same as outside", async () => {
  const { user } = await open();
  const frame = (await screen.findByTitle("Message body")) as HTMLIFrameElement;
  const say = (data: unknown, source: Window | null): boolean =>
    window.dispatchEvent(new MessageEvent("message", { data, source }));
  say({ godwit: 1, kind: "key", key: "s" }, window);
  say({ godwit: 1, kind: "key", key: "s" }, frame.contentWindow);
  expect(await option(/^starred, has attachment, 3 messages, Jonas/)).toBeDefined();
  say({ godwit: 1, kind: "height", height: 333 }, frame.contentWindow);
  await waitFor(() => expect(frame.style.height).toBe("333px"));
  expect(user).toBeDefined();
});

test("an engine that is gone is told with its mend", async () => {
  const { app, backend, user } = await open();
  await heading("Slipway drawings for the boathouse");
  backend.call = () =>
    Promise.reject({ kind: "bug", what: "The engine stopped.", mend: "Restart Godwit.", server_words: null });
  await user.keyboard("e");
  expect((await screen.findByRole("alert")).textContent).toContain("The engine stopped. Restart Godwit.");
  expect(app.list.len).toBeGreaterThan(0);
});

test("trash is emptied after a question, and what was in it can come back", async () => {
  const { backend, app, user } = await open();
  await screen.findByRole("listbox", { name: "Messages" });
  const trash = app.mail.mailboxes.find((one) => one.role === "trash" && one.messages > 0);
  if (!trash) throw new Error("the sample mail has nothing in Trash");
  app.dialog = { kind: "folder_empty", mailbox: trash.id };
  const dialog = await screen.findByRole("dialog", { name: "Empty Trash?" });
  expect(dialog.textContent).toContain("stay under Recently removed for seven days");
  expect(backend.asked.some((one) => one.name === "mailbox_empty")).toBe(false);
  await user.click(within(dialog).getByRole("button", { name: "Empty Trash" }));
  await waitFor(() => expect(app.mail.mailbox(trash.id)?.messages).toBe(0));
  await app.go({ kind: "removed", account: trash.account });
  const list = await screen.findByRole("list", { name: "Recently removed" });
  const before = within(list).getAllByRole("listitem").length;
  expect(before).toBe(trash.messages);
  expect(await violations()).toEqual([]);
  await user.click(within(list).getAllByRole("button", { name: "Restore" })[0] as HTMLElement);
  await waitFor(() => expect(backend.asked.some((one) => one.name === "restore")).toBe(true));
  await waitFor(() =>
    expect(screen.queryByRole("list", { name: "Recently removed" })?.children.length ?? 0).toBe(before - 1),
  );
});

test("what is kept offline is chosen per account and per folder", async () => {
  const { backend, app, user } = await open();
  await screen.findByRole("listbox", { name: "Messages" });
  app.settingsPart = "Accounts";
  const text = (await screen.findAllByRole("combobox", { name: "Text kept on this computer" }))[0] as HTMLElement;
  expect((await screen.findAllByText(/on this computer: 12,031 of 12,480 messages with their text/)).length).toBe(2);
  await user.selectOptions(text, "The last 30 days");
  const account = app.mail.accounts[0]?.id;
  await waitFor(() =>
    expect(backend.asked.filter((one) => one.name === "keep_set").map((one) => one.request)).toEqual([
      { account, mailbox: null, policy: { text: "month", attachments_mb: 0 } },
    ]),
  );
  app.settingsPart = null;
  const inbox = app.mail.mailboxes[0]?.id ?? 0;
  app.dialog = { kind: "folder_keep", mailbox: inbox };
  const dialog = await screen.findByRole("dialog", { name: "Keep “Inbox” offline" });
  await user.click(await within(dialog).findByRole("switch", { name: "Its own choice, not the account’s" }));
  await user.selectOptions(within(dialog).getByRole("combobox", { name: "Attachments kept" }), "Up to 5 MB");
  await waitFor(() =>
    expect(backend.asked.filter((one) => one.name === "keep_set").at(-1)?.request).toEqual({
      account,
      mailbox: inbox,
      policy: { text: "month", attachments_mb: 5 },
    }),
  );
  expect(await violations()).toEqual([]);
});

test("how full an account is on its server is shown where the server says it", async () => {
  const { app } = await open();
  await screen.findByRole("listbox", { name: "Messages" });
  app.settingsPart = "Accounts";
  const meters = await screen.findAllByRole("meter", { name: "Room used on the server" });
  expect(meters.length).toBe(1);
  expect(meters[0]?.getAttribute("aria-valuenow")).toBe("92");
  expect(meters[0]?.getAttribute("aria-valuetext")).toBe("13.8 GB of 15.0 GB");
  await screen.findByText(/This account is nearly full/);
  expect(await violations()).toEqual([]);
});

test("room that can’t be asked for is said to be unknown, with the reason", async () => {
  const { app } = await open({ offline: true });
  await screen.findByRole("listbox", { name: "Messages" });
  app.settingsPart = "Accounts";
  expect((await screen.findAllByText(/not known now. You are offline/)).length).toBe(app.mail.accounts.length);
  expect(screen.queryByRole("meter")).toBeNull();
});

test("the engine hears when the network is back", async () => {
  const { backend } = await open();
  await screen.findByRole("listbox", { name: "Messages" });
  dispatchEvent(new Event("online"));
  await waitFor(() => expect(backend.asked.some((one) => one.name === "network_back")).toBe(true));
});

test("the report is shown before anything is done with it", async () => {
  const { app, user } = await open();
  await screen.findByRole("listbox", { name: "Messages" });
  app.settingsPart = "Help";
  await user.click(await screen.findByRole("button", { name: "Show report" }));
  const report = (await screen.findByRole("textbox", { name: "Report" })) as HTMLTextAreaElement;
  expect(report.value).toContain("# Protocol");
  expect(await violations()).toEqual([]);
});
