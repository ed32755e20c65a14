/** One cell of the theft drill, as the page shows it. */
export interface Cell {
  readonly id: string;
  readonly predicted: string;
  readonly observed: string | undefined;
  readonly attempts: readonly string[];
}

/** The body of a function that reads the cells from the page, in any browser. */
export const CELLS = `return [...document.querySelectorAll("td[data-way]")].map((cell) => ({
  id: cell.id,
  predicted: cell.dataset.predicted,
  observed: cell.dataset.observed,
  attempts: [...cell.querySelectorAll("li")].map((item) => item.textContent),
}));`;

/** What each theft is worth, by credential and way. */
export const WORTH: Readonly<Record<string, string>> = {
  "cookie-read": "stopped",
  "cookie-in-place": "opened",
  "cookie-copy": "opened",
  "cookie-log": "opened",
  "token-read": "opened",
  "token-in-place": "opened",
  "token-copy": "opened",
  "token-log": "opened",
  "bound-cookie-read": "stopped",
  "bound-cookie-in-place": "opened",
  "bound-cookie-copy": "expires",
  "bound-cookie-log": "expires",
  "bound-token-read": "stopped",
  "bound-token-in-place": "opened",
  "bound-token-copy": "stopped",
  "bound-token-log": "stopped",
};

/** Where no session can be bound: those four cells are not run, and say so. */
export const WORTH_WITHOUT_BINDING: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(WORTH).map(([id, worth]) => [id, id.startsWith("bound-cookie-") ? "missing" : worth]),
);

/** What was observed, by cell. */
export const observed = (cells: readonly Cell[]) => Object.fromEntries(cells.map(({ id, observed }) => [id, observed]));
