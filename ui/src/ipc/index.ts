// Chooses the backend: the engine inside the window, the fake one in a plain browser or with `?fake`.
import type { Backend } from "./backend";

export async function connect(): Promise<Backend> {
  const inWindow = "__TAURI_INTERNALS__" in window;
  if (!inWindow || new URLSearchParams(location.search).has("fake")) {
    const { FakeBackend } = await import("./fake");
    return new FakeBackend(FakeBackend.optionsFrom(location.search));
  }
  const { tauriBackend } = await import("./tauri");
  return tauriBackend();
}
