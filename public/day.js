// @ts-check
// Makes a token expire at the end of its last day in the visitor's time zone. Without this script, it expires when that
// day has ended in every time zone.

const day = /** @type {HTMLInputElement} */ (document.querySelector("#expires_at"));
const over = /** @type {HTMLInputElement} */ (document.querySelector("#day_over"));
const hint = /** @type {HTMLElement} */ (document.querySelector("#expires_at-hint"));

const now = new Date();
// A date field has no time zone, so this is the local date.
day.min = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
hint.textContent = "The token works until this day has ended in your time zone.";

day.form?.addEventListener("submit", () => {
  const [year, month, date] = day.value.split("-").map(Number);
  const midnight = new Date(year ?? NaN, (month ?? NaN) - 1, (date ?? NaN) + 1);
  over.value = Number.isNaN(midnight.getTime()) ? "" : midnight.toISOString();
});
