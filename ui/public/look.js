// Sets the look on <html> before the first paint: the system's, or what was chosen last time. Runs before the interface loads.
(function () {
  var chosen;
  try {
    chosen = JSON.parse(localStorage.getItem("look") || "{}") || {};
  } catch {
    chosen = {};
  }
  var root = document.documentElement;
  var dark =
    chosen.theme === "dark" || (chosen.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  root.dataset.contrast = matchMedia("(prefers-contrast: more)").matches ? "more" : "normal";
  if (chosen.density === "cosy" || chosen.density === "compact") root.dataset.density = chosen.density;
  var agent = navigator.userAgent;
  root.dataset.platform = /Mac/.test(agent) ? "macos" : /Windows/.test(agent) ? "windows" : "linux";
})();
