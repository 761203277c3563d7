/* Loaded in <head> before the first paint, so that a chosen theme does not flash. A plain script, not a module: modules come too late. */
(function () {
  "use strict";
  var choice = null;
  try {
    choice = JSON.parse(localStorage.getItem("adminTheme")); // the admin's own switch keeps its choice there: one for all
  } catch (error) {
    /* storage may be forbidden; then the system's theme counts */
  }
  if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
})();
