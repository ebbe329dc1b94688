// Before the first paint: the remembered theme, and no flash of the wrong language.
(() => {
  const root = document.documentElement;
  root.dataset.booting = "";
  try {
    const theme = localStorage.getItem("theme");
    if (theme) root.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; the system's theme does as well.
  }
})();
