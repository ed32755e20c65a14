// A small API: node express.mjs PORT. `LINE` configures CORS, `DOMAIN` is that of the cookie.
import cors from "cors";
import express from "express";

const { LINE = "app.use(cors());", DOMAIN } = process.env;
const app = express();
new Function("app", "cors", LINE)(app, cors);
app.use(express.json());
app.post("/login", (_, answer) => {
  answer.cookie("sid", "signed-in", { httpOnly: true, sameSite: "lax", ...(DOMAIN && { domain: DOMAIN }) }).json({});
});
app.get("/me", ({ headers }, answer) => {
  if (/(^|; )sid=signed-in/.test(headers.cookie ?? "")) answer.json({ name: "Ada" });
  else answer.sendStatus(401);
});
app.listen(Number(process.argv[2]), "localhost");
