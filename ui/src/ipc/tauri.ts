// The real backend: the only file that knows Tauri.
import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { asFailure, type Backend, type Open, type StartState } from "./backend";
import type { Draft, Event } from "./bindings";

async function ask<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (thrown) {
    throw asFailure(thrown);
  }
}

/** `attach://localhost` where custom schemes have their own origin, `http://attach.localhost` on Windows. */
function uploadOrigin(frameOrigin: string): string {
  return frameOrigin.startsWith("http://") ? "http://attach.localhost" : "attach://localhost";
}

export async function tauriBackend(): Promise<Backend> {
  const frameOrigin = await ask<string>("frame_origin");
  return {
    call: (name, request) => ask("call", { request: { command: name, args: request } }),
    listen: (listener) => listen<Event>("engine", (event) => listener(event.payload)),
    async leaving(listener) {
      await listen("leaving", listener);
    },
    async opens(listener) {
      const take = async () => {
        for (const open of await ask<Open[]>("take_opens")) listener(open);
      };
      await listen("opens", () => void take());
      await take();
    },
    startState: () => ask<StartState>("start_state"),
    unlock: (choice) => ask<StartState>("unlock", { choice }),
    frameUrl: (token, shade) => `${frameOrigin}/${encodeURIComponent(token)}/body?theme=${shade}`,
    openLink: (token, index) => ask("open_link", { token, index }),
    openAttachment: (id, part) => ask("open_attachment", { id, part }),
    saveAttachment: (id, part) => ask("save_attachment", { id, part }),
    openFile: (key, remote) => ask("open_file", { key, remote }),
    openFileAttachment: (token, part) => ask("open_file_attachment", { token, part }),
    saveFileAttachment: (token, part) => ask("save_file_attachment", { token, part }),
    // The window's own title, with the unread count, is the shell's.
    async windowTitle(title) {
      document.title = title;
    },
    async upload(draft, file) {
      const url = `${uploadOrigin(frameOrigin)}/draft/${draft}?name=${encodeURIComponent(file.name)}&type=${encodeURIComponent(file.type)}`;
      let answer: Response;
      try {
        // Bytes, not the file itself: WebKitGTK takes the program down when a custom scheme is handed a Blob.
        answer = await fetch(url, { method: "POST", body: await file.arrayBuffer() });
      } catch (thrown) {
        throw asFailure(thrown);
      }
      const body: unknown = await answer.json();
      if (!answer.ok) throw asFailure(body);
      return body as Draft;
    },
  };
}
