//! The fields of a note's form, shared by the forms that create and edit one.

use leptos::{html, prelude::*};

use crate::{
    features::notes::Draft,
    ui::{Field, FormErrors, FormState, describedby, in_textarea},
};

/// The inputs, once they are on the page.
#[derive(Clone, Copy, Default)]
pub(super) struct Inputs {
    title: NodeRef<html::Input>,
    body: NodeRef<html::Textarea>,
}

impl Inputs {
    /// What they contain now; `None` before they are on the page.
    pub(super) fn draft(self) -> Option<Draft> {
        let (title, body) = (self.title.get_untracked()?, self.body.get_untracked()?);
        Some(Draft { title: title.value(), body: body.value() })
    }

    /// Empties them, and moves the focus to the first.
    pub(super) fn clear(self) {
        if let (Some(title), Some(body)) = (self.title.get_untracked(), self.body.get_untracked()) {
            title.set_value("");
            body.set_value("");
            let _ = title.focus();
        }
    }
}

#[component]
pub(super) fn Fields(
    inputs: Inputs,
    /// The values to begin with.
    form: FormState,
    errors: FormErrors,
    /// The height of the body, in lines.
    rows: &'static str,
) -> impl IntoView {
    let (title, body) = (form.value("title"), in_textarea(&form.value("body")));
    view! {
        <Field name="title" label="Title" error=errors.of_field("title")>
            <input
                id="title"
                name="title"
                node_ref=inputs.title
                value=title
                required
                autocomplete="off"
                aria-invalid=errors.is_invalid("title")
                aria-describedby=describedby("title", "")
            />
        </Field>
        <Field name="body" label="Body" error=errors.of_field("body")>
            <textarea
                id="body"
                name="body"
                node_ref=inputs.body
                rows=rows
                aria-invalid=errors.is_invalid("body")
                aria-describedby=describedby("body", "")
            >
                {body}
            </textarea>
        </Field>
    }
}
