/* The fairness report: own dates show where they are chosen, and a ready period takes them away. */

const form = document.querySelector("[data-fairness]");

if (form) {
  const { period, since, until } = form.elements;
  const showDates = () => {
    for (const label of form.querySelectorAll("[data-own]")) label.hidden = period.value !== "";
  };
  /* before htmx reads the form: this listens closer to the control */
  period.addEventListener("change", (event) => {
    showDates();
    if (period.value) since.value = until.value = "";
    else {
      event.stopPropagation(); // nothing to ask before a date is there
      since.focus();
    }
  });
  /* an empty date is no part of the address */
  form.addEventListener("htmx:configRequest", (event) => {
    for (const name of ["since", "until", "period"]) {
      if (event.detail.parameters[name] === "") delete event.detail.parameters[name];
    }
  });
  showDates();
}
