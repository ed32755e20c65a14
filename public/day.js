// @ts-check
// Sends when the last day of a token ends in its owner's time zone. Without this script it ends in the last time zone.

const day = /** @type {HTMLInputElement} */ (document.querySelector("#expires_at"));
const over = /** @type {HTMLInputElement} */ (document.querySelector("#day_over"));
const hint = /** @type {HTMLElement} */ (document.querySelector("#expires_at-hint"));

const now = new Date();
// A date field takes and gives dates without a zone, so this one shows the day it is here.
day.min = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
hint.textContent = "The token works until this day has ended in your time zone.";

day.form?.addEventListener("submit", () => {
  const [year, month, date] = day.value.split("-").map(Number);
  const midnight = new Date(year ?? NaN, (month ?? NaN) - 1, (date ?? NaN) + 1);
  over.value = Number.isNaN(midnight.getTime()) ? "" : midnight.toISOString();
});
