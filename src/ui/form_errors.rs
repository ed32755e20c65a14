//! The errors of a form that an island submits in place.

use leptos::prelude::*;
use web_sys::{HtmlElement, wasm_bindgen::JsCast};

use super::{FieldError, FormState};

const SIGNED_OUT: &str = "You have been signed out. What you typed is still here.";

/// What [`FormErrors::show`] needs to know of a failed submission.
pub trait SubmitError {
    /// The errors of fields.
    fn field_errors(&self) -> &[FieldError];
    /// The message for the form as a whole.
    fn message(&self) -> &str;
    /// Whether the session has ended.
    fn is_signed_out(&self) -> bool;
}

/// Why a submission failed: messages for the fields, or a notice for the whole form.
#[derive(Clone, Copy, Debug)]
pub struct FormErrors {
    fields: RwSignal<Vec<FieldError>>,
    notice: RwSignal<Option<String>>,
    signed_out: RwSignal<bool>,
}

impl FormErrors {
    /// The errors that the server rendered the form with.
    pub fn of(form: &FormState) -> Self {
        let (fields, notice) = (RwSignal::new(form.errors.clone()), RwSignal::new(form.notice.clone()));
        Self { fields, notice, signed_out: RwSignal::new(false) }
    }

    /// Shows `failure` in place of the errors before and focuses the first field it names; without one, clears them.
    pub fn show(self, failure: Option<&impl SubmitError>) {
        let fields = failure.map(|failure| failure.field_errors().to_vec()).unwrap_or_default();
        let signed_out = failure.is_some_and(SubmitError::is_signed_out);
        let notice = failure.filter(|_| fields.is_empty()).map(|failure| failure.message().to_owned());
        self.notice.set(if signed_out { Some(SIGNED_OUT.into()) } else { notice });
        self.signed_out.set(signed_out);
        if let Some(first) = fields.first() {
            focus(&first.field);
        }
        self.fields.set(fields);
    }

    /// The message beside the field `name`.
    pub fn of_field(self, name: &'static str) -> Signal<Option<String>> {
        Signal::derive(move || {
            self.fields.with(|errors| {
                let error = errors.iter().find(|error| error.field == name);
                error.map(|error| error.message.clone())
            })
        })
    }

    /// The value of `aria-invalid` of the field `name`.
    pub fn is_invalid(self, name: &'static str) -> impl Fn() -> Option<&'static str> {
        move || self.fields.with(|errors| errors.iter().any(|error| error.field == name)).then_some("true")
    }

    /// Whether there is a notice for the whole form.
    pub fn has_notice(self) -> bool {
        self.notice.with(Option::is_some)
    }
}

/// The notice above the form. If the session has ended, it links to the sign-in page in a new tab, so that what was
/// typed stays on the page.
#[component]
pub fn FormNotice(
    /// The class of the paragraph.
    class: &'static str,
    /// The errors to show.
    errors: FormErrors,
    /// The path to return to after signing in.
    #[prop(into)]
    back: String,
) -> impl IntoView {
    let sign_in = move || {
        let href = format!("/sign-in?next={back}");
        errors
            .signed_out
            .get()
            .then(|| view! { " " <a href=href target="_blank">"Sign in"</a> " (opens a new tab), then try again." })
    };
    view! {
        <p class=class role="alert" hidden=move || !errors.has_notice()>{move || errors.notice.get()}{sign_in}</p>
    }
}

/// Moves the focus to the input with the id `field`.
fn focus(field: &str) {
    let input = document().get_element_by_id(field).and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(input) = input {
        let _ = input.focus();
    }
}
