//! A field: label, hint, input, error, tied together for screen readers.

use leptos::{attr::custom::custom_attribute, prelude::*};

use super::{FormState, Reveal};

/// The frame around one input. The input itself, the child, has `name` as its id and [`describedby`] as its description.
#[component]
pub fn Field(
    /// The input's id.
    name: &'static str,
    /// What people read.
    label: &'static str,
    /// What they should know before they type.
    #[prop(optional)]
    hint: &'static str,
    /// What is wrong.
    #[prop(into)]
    error: Signal<Option<String>>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{name}-hint")>{hint}</p> })}
            {children()}
            <p class="error" id=format!("{name}-error") role="alert">{move || error.get()}</p>
        </div>
    }
}

/// The ids of the error of `name` and, if it has one, of its hint.
pub fn describedby(name: &str, hint: &str) -> String {
    if hint.is_empty() { format!("{name}-error") } else { format!("{name}-hint {name}-error") }
}

/// As the content of a `<textarea>`: Leptos writes its children as they are, and browsers drop a line break that
/// comes first (HTML, "newlines after start tag"). They are not hydrated.
pub fn in_textarea(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

/// A one-line field of a form that is posted as a whole.
#[component]
pub fn TextField(
    /// The input's name and id.
    name: &'static str,
    /// What people read.
    label: &'static str,
    /// What was typed before, and what is wrong with it.
    form: FormState,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// What they should know before they type.
    #[prop(optional)]
    hint: &'static str,
    /// For password managers and browsers (HTML, "autofill").
    #[prop(optional)]
    autocomplete: &'static str,
    /// Whether to put the cursor here.
    #[prop(optional)]
    autofocus: bool,
) -> impl IntoView {
    let error = form.error(name);
    let wrong = error.is_some();
    let first_wrong = form.errors.first().is_some_and(|first| first.field == name);
    let secret = kind == "password";
    let value = if secret { String::new() } else { form.value(name) };
    let input = view! {
        <input
            id=name
            name=name
            type=kind
            value=value
            autocomplete=autocomplete
            autofocus=first_wrong || (autofocus && form.errors.is_empty())
            required
            // Once it is shown, a password is text like any other to keyboards and spell checkers.
            spellcheck=secret.then_some("false")
            autocapitalize=secret.then_some("none")
            {..custom_attribute("autocorrect", secret.then_some("off"))}
            aria-invalid=wrong.then_some("true")
            aria-describedby=describedby(name, hint)
        />
    };
    let input = if secret {
        view! { <div class="secret">{input}<Reveal field=name.to_owned() label=label.to_owned() /></div> }.into_any()
    } else {
        input.into_any()
    };
    view! { <Field name label hint error=error>{input}</Field> }
}

/// Whose password the form is about, for password managers, which keep it under a name. They pass over `type="hidden"` and
/// see a field that is only not displayed (chromium.org, "Password Form Styles that Chromium Understands").
#[component]
pub fn Username(
    /// The account's email address.
    email: String,
    /// The name to post it under. Without one it is not posted.
    #[prop(optional)]
    name: Option<&'static str>,
) -> impl IntoView {
    view! { <input type="text" id="username" name=name value=email autocomplete="username" readonly hidden /> }
}
