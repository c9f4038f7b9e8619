// Dates as lists and headers show them. All times are seconds since 1970.

const locale =
  typeof navigator !== "undefined" && navigator.language.startsWith("en") && navigator.language !== "en-US"
    ? navigator.language
    : "en-GB";
const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => new Intl.DateTimeFormat(locale, options);
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const weekday = format({ weekday: "short" });
const dayMonth = format({ day: "numeric", month: "short" });
const dayMonthYear = format({ day: "numeric", month: "short", year: "numeric" });
const full = format({
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const exact = format({ dateStyle: "full", timeStyle: "medium" });

const DAY_MS = 86_400_000;
const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

/** Whole days between two moments by the calendar, 0 for today. */
function daysAgo(date: Date, now: Date): number {
  return Math.round((midnight(now) - midnight(date)) / DAY_MS);
}

export const time = (seconds: number): string => clock.format(new Date(seconds * 1000));

/** For a list: the time today, the weekday within a week, then the day, then also the year. */
export function listDate(seconds: number, now: Date = new Date()): string {
  const date = new Date(seconds * 1000);
  const ago = daysAgo(date, now);
  if (ago === 0) return clock.format(date);
  if (ago > 0 && ago < 7) return weekday.format(date);
  return date.getFullYear() === now.getFullYear() ? dayMonth.format(date) : dayMonthYear.format(date);
}

/** For the header of a message. */
export function headerDate(seconds: number, now: Date = new Date()): string {
  const date = new Date(seconds * 1000);
  const ago = daysAgo(date, now);
  if (ago === 0) return `Today, ${clock.format(date)}`;
  if (ago === 1) return `Yesterday, ${clock.format(date)}`;
  if (date.getFullYear() === now.getFullYear()) return full.format(date);
  return `${dayMonthYear.format(date)}, ${clock.format(date)}`;
}

/** For a collapsed row of a conversation. */
export function rowDate(seconds: number, now: Date = new Date()): string {
  const date = new Date(seconds * 1000);
  const ago = daysAgo(date, now);
  if (ago === 0) return clock.format(date);
  if (ago > 0 && ago < 14) return `${weekday.format(date)} ${dayMonth.format(date)}`;
  return date.getFullYear() === now.getFullYear() ? dayMonth.format(date) : dayMonthYear.format(date);
}

export const exactDate = (seconds: number): string => exact.format(new Date(seconds * 1000));

/** The first and last day of a certificate. */
export function day(rfc3339: string): string {
  const date = new Date(rfc3339);
  return Number.isNaN(date.getTime())
    ? rfc3339
    : format({ day: "numeric", month: "long", year: "numeric" }).format(date);
}
