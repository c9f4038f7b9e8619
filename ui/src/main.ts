// Where the window begins: the styles, the backend, the state, the first paint.
import { mount } from "svelte";
import App from "./App.svelte";
import { connect } from "./ipc";
import { App as State } from "./state/app.svelte";
import { followKeys } from "./state/modality";
import "./styles/index.css";

const target = document.getElementById("app");
if (target) {
  followKeys();
  const state = new State(await connect());
  mount(App, { target, props: { app: state } });
  await state.begin();
}
