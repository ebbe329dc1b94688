import { Adding } from "./adding.js";
import { Changes } from "./changes.js";
import { TaskList } from "./list.js";
import { Picture } from "./picture.js";
import { setLanguage, translate } from "./text.js";
import { watch } from "./watch.js";

const root = document.documentElement;
const themeButton = document.getElementById("theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");

const systemTheme = () => (systemDark.matches ? "dark" : "light");
const theme = () => root.dataset.theme ?? systemTheme();

function showTheme() {
  themeButton.setAttribute("aria-pressed", String(theme() === "dark"));
}

// A choice equal to the system's is none: the page goes on following the system.
function toggleTheme() {
  const chosen = theme() === "dark" ? "light" : "dark";
  if (chosen === systemTheme()) delete root.dataset.theme;
  else root.dataset.theme = chosen;
  try {
    if (root.dataset.theme) localStorage.setItem("theme", chosen);
    else localStorage.removeItem("theme");
  } catch {
    // Not remembered, but switched.
  }
  showTheme();
}

themeButton.addEventListener("click", toggleTheme);
systemDark.addEventListener("change", showTheme);
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => setLanguage(button.dataset.language));
}

const picture = new Picture();
showTheme();
translate();
delete root.dataset.booting;

const list = new TaskList();
const adding = new Adding(list);
new Changes(list);
watch((view) => {
  picture.show(view);
  if (view.state.kind === "ok") {
    list.refresh();
    adding.flush();
  }
});
