//! The page for the second factor.

use leptos::{either::Either, prelude::*};

use crate::{
    auth::sign_in::SecondFactor,
    features::accounts::unsent::Carried,
    ui::{FormGuard, FormState, Notice},
};

/// The field that asks for the page of a step, and checks nothing.
pub(super) const SHOW: &str = "show";

/// The path of the page of `step`, which leads to `next` afterwards.
pub(super) fn step_path(step: &str, next: &str) -> String {
    let path = format!("/sign-in/{step}");
    if next.is_empty() {
        return path;
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

#[component]
pub(super) fn StepView(second: SecondFactor, others: Vec<SecondFactor>, form: FormState) -> impl IntoView {
    let (next, trust) = (form.value("next"), !form.value("trust").is_empty());
    let carries = form.values.iter().any(|(name, _)| name.starts_with("unsent"));
    let other = move |other: SecondFactor| {
        let (step, label) = (other.factor.as_str(), other.label);
        let link = if carries {
            let action = format!("/sign-in/{step}");
            Either::Left(view! {
                <button class="quiet" formaction=action formnovalidate=true name=SHOW value="on">{label}</button>
            })
        } else {
            let href = step_path(step, &next);
            Either::Right(view! { <a href=href>{label}</a> })
        };
        view! { <p>{link}</p> }
    };
    // Buttons belong to the form, links stand below it with the way back.
    let others = others.into_iter().map(other).collect_view();
    let (buttons, links) = if carries { (Some(others), None) } else { (None, Some(others)) };
    view! {
        <section class="door">
            <h1>"Two-factor authentication"</h1>
            <Notice text=form.notice.clone() />
            <form method="post" action=format!("/sign-in/{}", second.factor.as_str())>
                <FormGuard anybody=true />
                <Carried form=form.clone() />
                <input type="hidden" name="next" value=form.value("next") />
                {(second.fields)(form)}
                <label class="check">
                    <input type="checkbox" name="trust" checked=trust />
                    "Trust this browser for 30 days"
                </label>
                <button>"Sign in"</button>
                {buttons}
            </form>
            {links}
            <p><a href="/sign-in">"Back to sign in"</a></p>
        </section>
    }
}
