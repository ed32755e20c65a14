//! The checkboxes for scopes, in every form in which a person chooses some.

use leptos::prelude::*;

use super::ScopeInfo;
use crate::ui::FormState;

/// The name of the checkbox for `scope`.
pub fn scope_field(scope: &str) -> String {
    format!("scope-{}", scope.replace(':', "-"))
}

/// A checkbox for each of `scopes`, ticked where `form` says so.
#[component]
pub fn ScopeBoxes(
    /// Those to choose from.
    scopes: Vec<ScopeInfo>,
    /// The form as it was sent, or as it is proposed.
    form: FormState,
) -> impl IntoView {
    let one = |scope: ScopeInfo| {
        let name = scope_field(scope.name);
        let ticked = !form.value(&name).is_empty();
        view! {
            <label class="check">
                <input type="checkbox" name=name checked=ticked />
                <span>{scope.meaning} " " <code>{scope.name}</code></span>
            </label>
        }
    };
    scopes.into_iter().map(one).collect_view()
}
