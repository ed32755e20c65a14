//! Form fields: label, hint, input and error message, linked for screen readers.

use leptos::{attr::custom::custom_attribute, either::Either, prelude::*};

use super::{FormState, Reveal};

/// The label, hint and error message around one input. The input is the child: give it the id `name` and the attribute
/// `aria-describedby` from [`describedby`].
#[component]
pub fn Field<C: IntoView + 'static>(
    /// The input's id.
    name: &'static str,
    /// The label.
    label: &'static str,
    /// A hint below the label; none if empty.
    #[prop(optional)]
    hint: &'static str,
    /// The error message, if the value is not valid.
    #[prop(into)]
    error: Signal<Option<String>>,
    children: TypedChildren<C>,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {(!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{name}-hint")>{hint}</p> })}
            {children.into_inner()()}
            <p class="error" id=format!("{name}-error") role="alert">{move || error.get()}</p>
        </div>
    }
}

/// The value of `aria-describedby` for the input `name`: the ids of its hint, if it has one, and of its error message.
pub fn describedby(name: &str, hint: &str) -> String {
    if hint.is_empty() { format!("{name}-error") } else { format!("{name}-hint {name}-error") }
}

/// Escapes `text` for a `<textarea>`, whose content Leptos neither escapes nor hydrates. It begins with a line break,
/// because browsers drop the first one (HTML, "newlines after start tag").
pub fn in_textarea(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;"))
}

/// A one-line field, required unless it is `optional`.
#[component]
pub fn TextField(
    /// The input's name and id.
    name: &'static str,
    /// The label.
    label: &'static str,
    /// The form's state: what was typed, and what is wrong with it.
    form: FormState,
    /// The input's type.
    #[prop(default = "text")]
    kind: &'static str,
    /// A hint below the label; none if empty.
    #[prop(optional)]
    hint: &'static str,
    /// The `autocomplete` attribute, for browsers and password managers (HTML, "autofill").
    #[prop(optional)]
    autocomplete: &'static str,
    /// Whether the field has the focus when the page opens. A field with an error comes first.
    #[prop(optional)]
    autofocus: bool,
    /// Whether it may be left empty.
    #[prop(optional)]
    optional: bool,
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
            required=!optional
            // A password that is shown is text to keyboards and spell checkers.
            spellcheck=secret.then_some("false")
            autocapitalize=secret.then_some("none")
            {..custom_attribute("autocorrect", secret.then_some("off"))}
            aria-invalid=wrong.then_some("true")
            aria-describedby=describedby(name, hint)
        />
    };
    let input = if secret {
        Either::Left(view! { <div class="secret">{input}<Reveal field=name.to_owned() label=label.to_owned() /></div> })
    } else {
        Either::Right(input)
    };
    view! { <Field name label hint error=error>{input}</Field> }
}

/// A field for a code that was sent, shown by an app, or saved.
#[component]
pub fn CodeField(
    /// The input's name and id.
    name: &'static str,
    /// The label.
    #[prop(default = "Code")]
    label: &'static str,
    /// The form's state: what is wrong with the code.
    form: FormState,
    /// Whether what was typed is shown again, for a code that is no secret of the person.
    #[prop(optional)]
    is_kept: bool,
    /// Where the code comes from, and what it looks like.
    hint: &'static str,
    /// The `inputmode` attribute, such as `numeric`: which keys a phone shows.
    #[prop(optional)]
    keys: Option<&'static str>,
    /// The `autocomplete` attribute.
    #[prop(default = "one-time-code")]
    autocomplete: &'static str,
    /// The `autocapitalize` attribute.
    #[prop(default = "none")]
    capitals: &'static str,
    /// How many characters can be typed: more than the code has, as spaces and hyphens do not count.
    #[prop(default = 20)]
    longest: u8,
) -> impl IntoView {
    let error = form.error(name);
    let wrong = error.is_some();
    view! {
        <Field name label hint error=error>
            <input
                id=name
                name=name
                type="text"
                value=is_kept.then(|| form.value(name))
                inputmode=keys
                autocomplete=autocomplete
                autocapitalize=capitals
                maxlength=longest.to_string()
                autofocus
                required
                spellcheck="false"
                aria-invalid=wrong.then_some("true")
                aria-describedby=describedby(name, hint)
            />
        </Field>
    }
}

/// Tells password managers which account's password the form contains. They ignore `type="hidden"`, but read a text
/// field that is not displayed (chromium.org, "Password Form Styles that Chromium Understands").
#[component]
pub fn Username(
    /// The account's email address.
    email: String,
    /// The name of the field. Without one it is not posted.
    #[prop(optional)]
    name: Option<&'static str>,
) -> impl IntoView {
    view! { <input type="text" id="username" name=name value=email autocomplete="username" readonly hidden /> }
}
