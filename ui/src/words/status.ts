// The sync status: one short, true sentence out of what every account is doing.
import type { Account, AccountStatus, Error as Failure } from "../ipc/bindings";
import { number, plural } from "./amounts";
import { time } from "./dates";

export interface StatusWords {
  text: string;
  dot: "ok" | "off" | "bad";
  /** 0 to 1 where the total is known. */
  progress: number | null;
  /** Where the progress is that of many changes on their way to a server: how many arrived. */
  sending?: string;
  /** What went wrong, where something did, and in which account. */
  trouble: { account: number; error: Failure } | null;
}

const waits = (n: number): string => (n === 0 ? "" : n === 1 ? ", 1 change waits" : `, ${plural(n, "change")} wait`);

/** So many changes are worth a bar, and a way to stop them. */
export const MANY = 100;

/** Many changes on their way: how many waited before them, and with them. */
export interface SendingMany {
  from: number;
  most: number;
}

/** What a new count of waiting changes makes of it: many more at once begin it, and it ends where it began. */
export function sendingMany(now: SendingMany | null, before: number, waiting: number): SendingMany | null {
  if (waiting - before >= MANY) return { from: now?.from ?? before, most: Math.max(now?.most ?? 0, waiting) };
  if (!now || waiting <= now.from) return null;
  return waiting > now.most ? { ...now, most: waiting } : now;
}

/** How many changes the server has not confirmed yet, in all accounts. */
export const changesWaiting = (statuses: AccountStatus[]): number =>
  statuses.reduce((sum, one) => sum + one.waiting, 0);

/**
 * What is worst is said first: stopped, many changes under way, getting, offline, signing in, up to date.
 */
export function statusWords(
  statuses: AccountStatus[],
  accounts: Account[],
  sending: SendingMany | null = null,
): StatusWords {
  const waiting = changesWaiting(statuses);
  const nameOf = (id: number): string => domain(accounts.find((one) => one.id === id)?.email ?? "");
  const several = accounts.length > 1;
  for (const { account, activity } of statuses)
    if (activity.kind === "stopped") {
      const prefix = several && nameOf(account) ? `${nameOf(account)}: ` : "";
      return {
        text: `${prefix}${stopped(activity.error)}`,
        dot: "bad",
        progress: null,
        trouble: { account, error: activity.error },
      };
    }
  const kinds = statuses.map((one) => one.activity);
  const getting = kinds.flatMap((one) => (one.kind === "getting" ? [one] : []));
  const online = !kinds.some((one) => one.kind === "offline" || one.kind === "signing_in");
  if (sending && waiting > sending.from && online) {
    const [done, total] = [sending.most - waiting, sending.most - sending.from];
    const arrived = `${number(done)} of ${plural(total, "change")} reached the server`;
    const text = `Sending, ${Math.floor((100 * done) / total)}%`;
    return { text, dot: "ok", progress: done / total, sending: arrived, trouble: null };
  }
  if (getting.length > 0) {
    const done = getting.reduce((sum, one) => sum + one.done, 0);
    const total = getting.reduce((sum, one) => sum + one.total, 0);
    const text = total > 0 ? `Getting mail, ${number(done)} of ${number(total)}` : "Getting mail";
    return { text, dot: "ok", progress: total > 0 ? done / total : null, trouble: null };
  }
  const off = statuses.find((one) => one.activity.kind === "offline");
  if (off?.activity.kind === "offline") {
    const all = kinds.every((one) => one.kind === "offline");
    const where = all || !several ? "Offline" : `${nameOf(off.account)} offline`;
    return {
      text: `${where} since ${time(off.activity.since)}${waits(waiting)}`,
      dot: "off",
      progress: null,
      trouble: { account: off.account, error: off.activity.error },
    };
  }
  if (kinds.some((one) => one.kind === "signing_in"))
    return { text: "Signing in", dot: "off", progress: null, trouble: null };
  const times = kinds.flatMap((one) => (one.kind === "up_to_date" ? [one.at] : []));
  if (times.length > 0) {
    if (waiting > 0) return { text: `Sending ${plural(waiting, "change")}`, dot: "ok", progress: null, trouble: null };
    return { text: `Up to date, ${time(Math.min(...times))}`, dot: "ok", progress: null, trouble: null };
  }
  return { text: statuses.length === 0 ? "No account" : "Starting", dot: "off", progress: null, trouble: null };
}

function stopped(error: Failure): string {
  if (error.kind === "sign_in_needed") return "Password refused";
  if (error.kind.startsWith("certificate")) return "Certificate not trusted";
  return error.what;
}

export const domain = (email: string): string => email.slice(email.lastIndexOf("@") + 1);

/** Cause, then mend, in one line. */
export const sentence = (error: Failure): string =>
  [error.what, error.mend]
    .filter(Boolean)
    .join(" ")
    .replace(/(\p{L})'(?=\p{L})/gu, "$1’");
