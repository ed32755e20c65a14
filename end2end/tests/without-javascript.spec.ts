import { expect, makeToken, signIn, signUp, test } from "./support.ts";

test.use({ javaScriptEnabled: false });

test("sign up, write, search, edit, delete, sign out", async ({ page }) => {
  const person = await signUp(page);
  for (const [title, body] of [["Milk", "and bread"], ["Tea", "green"]] as const) {
    await page.getByLabel("Title").fill(title);
    await page.getByLabel("Body").fill(body);
    await page.getByRole("button", { name: "Add note" }).click();
    await expect(page.getByRole("link", { name: title })).toBeVisible();
  }

  await page.getByLabel("Search notes").fill("bread");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("link", { name: "Tea" })).toBeHidden();
  await expect(page.getByRole("link", { name: "Milk" })).toBeVisible();
  await expect(page.getByLabel("Search notes")).toHaveValue("bread");

  await page.getByRole("link", { name: "Milk" }).click();
  await page.getByLabel("Body").fill("oat milk </textarea><script>alert(1)</script>");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("link", { name: "Milk" }).click();
  await expect(page.getByLabel("Body")).toHaveValue("oat milk </textarea><script>alert(1)</script>");

  await page.getByText("Delete this note…").click();
  await page.getByRole("button", { name: "Delete for good" }).click();
  await expect(page.getByRole("link", { name: "Milk" })).toBeHidden();

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.goto("/account");
  await expect(page).toHaveURL("/sign-in?next=%2Faccount");
  await signIn(page, person);
  await expect(page).toHaveURL("/account");
});

test.describe("two editors at once", () => {
  test.use({ expected: /status of 412/ });

  test("the slower is told, and loses nothing", async ({ page, context }) => {
    await signUp(page);
    await page.getByLabel("Title").fill("Shared");
    await page.getByRole("button", { name: "Add note" }).click();
    await page.getByRole("link", { name: "Shared" }).click();
    const other = await context.newPage();
    await other.goto(page.url());
    await other.getByLabel("Body").fill("theirs");
    await other.getByRole("button", { name: "Save" }).click();

    await page.getByLabel("Body").fill("mine");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("changed elsewhere")).toBeVisible();
    await expect(page.getByLabel("Body")).toHaveValue("mine");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "Shared" }).click();
    await expect(page.getByLabel("Body")).toHaveValue("mine");
  });
});

test("a token is made, shown once and revoked", async ({ page }) => {
  await signUp(page);
  const token = await makeToken(page, "phone");
  await page.goto("/tokens");
  expect(await page.content()).not.toContain(token);
  await page.getByRole("button", { name: "Revoke… phone" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("No tokens yet.")).toBeVisible();
});

test("a token lasts to the day that was chosen, works from one origin, and all are revoked at once", async ({ page }) => {
  await signUp(page);
  await makeToken(page, "phone");
  await page.goto("/tokens");
  await expect(page.getByLabel("Last day")).toBeHidden();
  await page.getByLabel("Expires after").selectOption("Custom date");
  const day = new Date(Date.now() + 20 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  await page.getByLabel("Last day").fill(day);
  await page.getByLabel("Allowed origins (optional)").fill("https://app.example.com");
  await makeToken(page, "browser", false);
  const row = page.getByRole("listitem").filter({ hasText: "browser" });
  await expect(row).toContainText("Only from https://app.example.com");
  await expect(row).toContainText(/expires in 2[01] days/);

  await page.getByRole("button", { name: "Revoke all others…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke all others" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "phone" })).toContainText("Revoked");
  await page.getByRole("button", { name: "Revoke all tokens…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke all" }).click();
  await expect(page.getByText("No tokens yet.")).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: "browser" })).toContainText("Revoked");
});

test.describe("a form that is refused", () => {
  test.use({ expected: /status of 4\d\d/ });

  test("keeps what was typed and says what is wrong beside its field", async ({ page }) => {
    const person = await signUp(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto("/sign-up");
    await page.getByLabel("Name").fill("Grace");
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill("password123");
    await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
    await expect(page.locator("#password-error")).toContainText("most common passwords");
    await expect(page.getByLabel("Name")).toHaveValue("Grace");
    await expect(page.getByLabel("Password")).toHaveValue("");
    await page.getByLabel("Password").fill("three quiet words");
    await page.getByRole("main").getByRole("button", { name: "Sign up" }).click();
    await expect(page.locator("#email-error")).toContainText("Sign in instead");

    await page.goto("/sign-in");
    await page.getByLabel("E-mail").fill(person.email);
    await page.getByLabel("Password").fill("not this one");
    await page.getByRole("main").getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert").first()).toContainText("address or the password is wrong");
    await expect(page.getByLabel("E-mail")).toHaveValue(person.email);
  });
});
