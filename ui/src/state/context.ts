// Hands the state of the window to the features.
import { getContext, setContext } from "svelte";
import type { App } from "./app.svelte";

const KEY = Symbol("app");

export const provideApp = (app: App): App => setContext(KEY, app);
export const useApp = (): App => getContext<App>(KEY);
