// How an attachment looks: the drawing and the colour of its kind.
import type { IconName } from "../../components/icons";

export interface Kind {
  icon: IconName;
  colour: number;
}

export function kindOf(type: string, name: string): Kind {
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  if (type.startsWith("image/")) return { icon: "file-image", colour: 4 };
  if (type.startsWith("audio/")) return { icon: "file-music", colour: 7 };
  if (type.startsWith("video/")) return { icon: "file-play", colour: 7 };
  if (type === "text/calendar" || ending === "ics") return { icon: "calendar", colour: 7 };
  if (/sheet|excel|csv/.test(type) || ["ods", "xls", "xlsx", "csv"].includes(ending))
    return { icon: "file-spreadsheet", colour: 3 };
  if (/zip|compressed|tar|7z|rar/.test(type)) return { icon: "file-archive", colour: 6 };
  if (type === "application/pdf" || type.startsWith("text/") || /word|document/.test(type))
    return { icon: "file-text", colour: 2 };
  return { icon: "file", colour: 8 };
}
