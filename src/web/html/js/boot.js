// Runs before the first paint: sets the remembered theme, and hides the page until its language is right.
(() => {
  const root = document.documentElement;
  root.dataset.booting = "";
  try {
    const theme = localStorage.getItem("theme");
    if (theme) root.dataset.theme = theme;
  } catch {
    // Without storage the page follows the system's theme.
  }
})();
