import { byId, onButton } from "./dom.js";
import { Picture } from "./picture/picture.js";
import { watch } from "./picture/watch.js";
import { Adding } from "./tasks/adding.js";
import { Changes } from "./tasks/changes.js";
import { TaskList } from "./tasks/list.js";
import { setLanguage, translate } from "./text.js";

const root = document.documentElement;
const themeButton = byId("theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");

const systemTheme = () => (systemDark.matches ? "dark" : "light");
const theme = () => root.dataset.theme ?? systemTheme();

function showTheme() {
  themeButton.setAttribute("aria-pressed", String(theme() === "dark"));
}

// A theme equal to the system's is not stored: the page goes on following the system.
function toggleTheme() {
  const chosen = theme() === "dark" ? "light" : "dark";
  if (chosen === systemTheme()) delete root.dataset.theme;
  else root.dataset.theme = chosen;
  try {
    if (root.dataset.theme) localStorage.setItem("theme", chosen);
    else localStorage.removeItem("theme");
  } catch {
    // The theme is switched, but not remembered.
  }
  showTheme();
}

themeButton.addEventListener("click", toggleTheme);
systemDark.addEventListener("change", showTheme);
onButton("language", setLanguage);

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
