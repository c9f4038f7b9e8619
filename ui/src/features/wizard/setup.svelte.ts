// The steps of adding an account: what was typed, what was found, what went wrong. Nothing is saved before both servers were tried.
import { asFailure, type Backend } from "../../ipc/backend";
import type { Account, AccountDraft, Candidate, CertificateSeen, Error as Failure, Security } from "../../ipc/bindings";
import { isAddress, proposal } from "../../words/people";

export type Step = "address" | "lookup" | "confirm" | "by_hand" | "trying" | "certificate";

export interface ServerForm {
  host: string;
  port: string;
  security: Security;
  pin: string | null;
}

const USUAL: Record<"imap" | "smtp", Record<Security, string>> = {
  imap: { tls: "993", starttls: "143" },
  smtp: { tls: "465", starttls: "587" },
};
const blank = (kind: "imap" | "smtp"): ServerForm => ({ host: "", port: USUAL[kind].tls, security: "tls", pin: null });

export type Wrong = Partial<Record<"email" | "password" | "imap" | "smtp" | "imapPort" | "smtpPort" | "user", string>>;

export class Setup {
  step = $state<Step>("address");
  /** Counts the attempts that something was wrong with: the focus goes there. */
  refused = $state(0);
  name = $state("");
  email = $state("");
  password = $state("");
  user = $state("");
  imap = $state(blank("imap"));
  smtp = $state(blank("smtp"));
  found = $state.raw<Candidate | null>(null);
  wrong = $state<Wrong>({});
  error = $state.raw<Failure | null>(null);
  certificate = $state.raw<{ seen: CertificateSeen; server: "imap" | "smtp"; error: Failure } | null>(null);
  /** By hand without having seen the first page: it asks for everything. */
  all = $state(false);
  private before: Step = "address";
  private turn = 0;

  constructor(
    private readonly backend: Backend,
    private readonly done: (account: Account) => void,
  ) {}

  private checkAddress(): boolean {
    const email = this.email.trim();
    const guess = proposal(email);
    this.wrong = {};
    if (!email) this.wrong.email = "Type your email address.";
    else if (!isAddress(email))
      this.wrong.email = guess
        ? `That is not an address. Did you mean ${guess}?`
        : "That is not an address. It looks like name@provider.";
    if (!this.password) this.wrong.password = "Type your password.";
    return this.fine();
  }

  private fine(): boolean {
    const fine = Object.keys(this.wrong).length === 0;
    if (!fine) this.refused += 1;
    return fine;
  }

  async lookUp(): Promise<void> {
    if (!this.checkAddress()) return;
    this.turn += 1;
    const turn = this.turn;
    this.error = null;
    this.step = "lookup";
    try {
      const [first] = await this.backend.call("account_discover", { email: this.email.trim() });
      if (turn !== this.turn) return;
      if (!first) {
        this.error = {
          kind: "host_unknown",
          what: "No servers were found for this address.",
          mend: "Your provider’s help pages list them.",
          server_words: null,
        };
        return this.byHand();
      }
      this.found = first;
      this.fill(first);
      this.step = "confirm";
    } catch (thrown) {
      if (turn !== this.turn) return;
      this.error = asFailure(thrown);
      this.step = "address";
    }
  }

  private fill({ imap, smtp, user }: Candidate): void {
    this.imap = { host: imap.host, port: String(imap.port), security: imap.security, pin: imap.pin };
    this.smtp = { host: smtp.host, port: String(smtp.port), security: smtp.security, pin: smtp.pin };
    this.user = user;
  }

  byHand(): void {
    this.turn += 1;
    this.all = this.step === "address" && (!this.email || !this.password);
    const host = this.email.trim().split("@")[1];
    if (host && !this.imap.host) this.imap.host = `imap.${host}`;
    if (host && !this.smtp.host) this.smtp.host = `smtp.${host}`;
    if (!this.user) this.user = this.email.trim();
    this.wrong = {};
    this.step = "by_hand";
  }

  back(): void {
    this.turn += 1;
    this.error = null;
    this.wrong = {};
    this.step = "address";
  }

  /** Another security brings its usual port along, unless the port was somebody's own. */
  secure(kind: "imap" | "smtp", security: Security): void {
    const form = this[kind];
    if (form.port === USUAL[kind][form.security]) form.port = USUAL[kind][security];
    form.security = security;
  }

  private checkServers(): boolean {
    const wrong: Wrong = {};
    for (const kind of ["imap", "smtp"] as const) {
      const form = this[kind];
      const port = Number(form.port);
      if (!form.host.trim()) wrong[kind] = "Type the name of this server.";
      else if (/[\s/@]/.test(form.host.trim())) wrong[kind] = "A server’s name has no spaces or slashes.";
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        wrong[kind === "imap" ? "imapPort" : "smtpPort"] =
          `A port is a number from 1 to 65535. ${USUAL[kind][form.security]} is usual here.`;
    }
    if (!this.user.trim()) {
      if (this.email.trim()) this.user = this.email.trim();
      else wrong.user = "Type the name you sign in with.";
    }
    this.wrong = wrong;
    return this.fine();
  }

  private get draft(): AccountDraft {
    const server = ({ host, port, security, pin }: ServerForm) => ({
      host: host.trim(),
      port: Number(port),
      security,
      pin,
    });
    return {
      email: this.email.trim(),
      name: this.name.trim(),
      user: this.user.trim(),
      imap: server(this.imap),
      smtp: server(this.smtp),
    };
  }

  /** Tries both servers and saves. A refused certificate is shown; a refused password is asked again. */
  async add(): Promise<void> {
    if (this.step !== "certificate") this.before = this.step;
    if (this.before === "by_hand") {
      if (!this.checkAddress()) {
        this.all = true;
        const found = this.wrong;
        this.checkServers();
        this.wrong = { ...found, ...this.wrong };
        return;
      }
      if (!this.checkServers()) return;
    }
    this.turn += 1;
    const turn = this.turn;
    this.error = null;
    this.wrong = {};
    this.step = "trying";
    try {
      const account = await this.backend.call("account_add", { account: this.draft, password: this.password });
      if (turn !== this.turn)
        return void this.backend.call("account_remove", { account: account.id }).catch(() => undefined);
      this.password = "";
      this.done(account);
    } catch (thrown) {
      if (turn === this.turn) await this.failed(asFailure(thrown), turn);
    }
  }

  private async failed(error: Failure, turn: number): Promise<void> {
    if (error.kind.startsWith("certificate")) {
      const check = await this.backend
        .call("account_check", { account: this.draft, password: this.password })
        .catch(() => null);
      if (turn !== this.turn) return;
      for (const server of ["imap", "smtp"] as const) {
        const it = check?.[server];
        if (it?.certificate && it.error) {
          // The key that was trusted a moment ago, on the same host: nobody is asked twice for it.
          const mine = this[server];
          const other = server === "imap" ? this.smtp : this.imap;
          if (mine.pin === null && other.pin === it.certificate.spki_sha256 && other.host.trim() === mine.host.trim()) {
            mine.pin = other.pin;
            this.step = "certificate";
            return this.add();
          }
          this.certificate = { seen: it.certificate, server, error: it.error };
          this.step = "certificate";
          return;
        }
      }
    }
    this.step = this.before;
    this.error = error;
    this.refused += 1;
    if (error.kind === "sign_in_needed") {
      this.wrong = { password: [error.what, error.mend].filter(Boolean).join(" ") };
      if (this.before === "by_hand") this.all = true;
    }
  }

  cancel(): void {
    this.turn += 1;
    this.step = this.before;
  }

  dontTrust(): void {
    this.certificate = null;
    this.step = this.before;
    this.error = {
      kind: "cancelled",
      what: "Not connected.",
      mend: "Nothing was sent and nothing was saved.",
      server_words: null,
    };
  }

  async trust(): Promise<void> {
    const it = this.certificate;
    if (!it) return;
    this[it.server].pin = it.seen.spki_sha256;
    this.certificate = null;
    await this.add();
  }
}
