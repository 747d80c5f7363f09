/** Runs before anything is drawn: applies the theme that was chosen last. Without a choice the system's own applies. */
const chosen = localStorage.getItem("icr-simulator-theme")
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen
