//! The forms of a page, as a browser finds and posts them.

use axum::http::Method;

use super::{
    ask::{Request, Response},
    people::Browser,
};

/// A form that is posted.
#[derive(Clone, Debug)]
pub struct PageForm {
    /// Where to.
    pub action: String,
    /// What it holds before anybody types.
    pub fields: Vec<(String, String)>,
    /// The names of its fields for passwords.
    pub passwords: Vec<String>,
    /// The names of its fields for text.
    pub texts: Vec<String>,
}

impl PageForm {
    /// Those on `page`.
    pub fn all(page: &str) -> Vec<Self> {
        let forms = page.split(r#"<form method="post""#).skip(1);
        forms.map(|rest| Self::read(rest.split_once("</form>").unwrap().0)).collect()
    }

    /// The one that posts to `action`.
    #[track_caller]
    pub fn to(page: &str, action: &str) -> Self {
        let found = Self::all(page).into_iter().find(|form| form.action == action);
        found.unwrap_or_else(|| panic!("no form to {action} in {page}"))
    }

    fn read(html: &str) -> Self {
        let (head, _) = html.split_once('>').unwrap();
        let mut form = Self {
            action: attribute(head, "action").unwrap(),
            fields: Vec::new(),
            passwords: Vec::new(),
            texts: Vec::new(),
        };
        for tag in
            ["<input ", "<textarea "].iter().flat_map(|start| html.split(start).skip(1).map(move |tag| (start, tag)))
        {
            let (start, (head, rest)) = (tag.0, tag.1.split_once('>').unwrap());
            let Some(name) = attribute(head, "name") else { continue };
            if !matches!(attribute(head, "type").as_deref(), Some("hidden" | "password" | "checkbox" | "radio")) {
                form.texts.push(name.clone());
            }
            match attribute(head, "type").as_deref() {
                Some("password") => form.passwords.push(name),
                Some("checkbox") if !head.contains(" checked") => {}
                Some("checkbox") => form.fields.push((name, "on".into())),
                _ if *start == "<textarea " => {
                    let text = text(rest.split_once("</textarea>").unwrap().0);
                    form.fields.push((name, text.strip_prefix('\n').unwrap_or(&text).to_owned()));
                }
                _ => form.fields.push((name, attribute(head, "value").unwrap_or_default())),
            }
        }
        form
    }

    /// What the field `name` holds.
    #[track_caller]
    pub fn value(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(given, _)| given == name);
        &found.unwrap_or_else(|| panic!("no {name} in the form to {}", self.action)).1
    }

    /// With `typed` in its fields.
    pub fn with(mut self, typed: &[(&str, &str)]) -> Self {
        for (name, value) in typed {
            self.fields.retain(|(given, _)| given != name);
            self.fields.push(((*name).into(), (*value).into()));
        }
        self
    }

    /// With one more character in each of its fields for text: for forms of which no test knows what they take.
    pub fn edited(self) -> Self {
        let edited: Vec<_> = self.texts.iter().map(|name| (name.clone(), format!("{}1", self.value(name)))).collect();
        self.with(&edited.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>())
    }

    /// Its post by `browser`, to be sent.
    pub fn by(&self, browser: &Browser) -> Request {
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        browser.ask(Method::POST, &self.action).form(&fields)
    }
}

impl Browser {
    /// Opens `path`, fills the form there that posts to `action`, and posts it.
    pub async fn fill(&self, path: &str, action: &str, typed: &[(&str, &str)]) -> Response {
        PageForm::to(&self.visit(path).await.page(200), action).with(typed).by(self).await
    }

    /// The same, and what the answer leads to.
    pub async fn fill_and_follow(&self, path: &str, action: &str, typed: &[(&str, &str)]) -> Response {
        let reply = self.fill(path, action, typed).await;
        self.visit(reply.assert_status(303).header("location")).await
    }
}

fn attribute(head: &str, name: &str) -> Option<String> {
    let (_, rest) = format!(" {head}").split_once(&format!(" {name}=\"")).map(|(a, b)| (a.to_owned(), b.to_owned()))?;
    Some(text(rest.split_once('"')?.0))
}

fn text(html: &str) -> String {
    html.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&#39;", "'").replace("&amp;", "&")
}
