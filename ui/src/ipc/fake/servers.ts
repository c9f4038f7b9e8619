// What the servers of the sample accounts answer, failures of the wizard included, and small things the fake backend shares.
import type { Candidate, Commands, Error as Failure, ErrorKind } from "../bindings";
import { account } from "./world";

export const fail = (kind: ErrorKind, what: string, mend = ""): Failure => ({ kind, what, mend, server_words: null });

/** Proposals for an address; a domain that begins with "nowhere" has none. */
export function discover(email: string): Candidate[] {
  const host = email.slice(email.indexOf("@") + 1);
  if (host.startsWith("nowhere")) return [];
  const made = account(0, email, "", 1);
  return [
    {
      imap: made.imap,
      smtp: made.smtp,
      user: email,
      source: host === "fjordlys.example" ? "table" : "guess",
      must_confirm: host !== "fjordlys.example",
    },
  ];
}

export function at(hours: number, minutes: number): number {
  const day = new Date();
  day.setHours(hours, minutes, 0, 0);
  return Math.floor(day.getTime() / 1000);
}

export function remove<T>(list: T[], which: (one: T) => boolean): void {
  for (let i = list.length - 1; i >= 0; i -= 1) if (which(list[i] as T)) list.splice(i, 1);
}

/** Hosts that begin with these words play the failures of the wizard. */
export function checkOf(host: string, pin: string | null): Commands["account_check"]["reply"]["imap"] {
  if (host.includes("unknown"))
    return {
      error: fail(
        "host_unknown",
        `There is no server called ${host}.`,
        "Check the name, or try again when you are online.",
      ),
      certificate: null,
    };
  if (host.includes("refused"))
    return { error: fail("port_refused", `${host} refused the connection.`, "Is the port right?"), certificate: null };
  if (host.includes("selfsigned") && !pin) {
    return {
      error: fail("certificate_untrusted", `${host} can’t prove who it is.`, "Ask your provider before you go on."),
      certificate: {
        names: [host],
        issuer: "Solheim Home CA",
        not_before: "2026-03-03T00:00:00Z",
        not_after: "2028-03-03T00:00:00Z",
        spki_sha256: "7f419ce206bd5813a4770ed921c65b903ae814f26db74905cc813e97d02fa654",
      },
    };
  }
  return { error: null, certificate: null };
}
