//! `/sign-in/{step}`: the page for the second factor.
//!
//! What was on its way before signing in goes along: `next` in the URL, and the text of an unsent form in hidden fields,
//! so with such a text the other steps are buttons of the same form.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;

use super::{
    finish,
    view::{SHOW, StepView, step_path},
};
use crate::{
    auth::{
        AuthSession,
        page::PageContext,
        sign_in::{ANSWER_FIELD, Admitted, Answer, At, Factor, PendingCookie, Proven, Wants},
    },
    features::accounts::{
        sign_in_form::{later, sign_in_form},
        unsent::Unsent,
    },
    http::{
        client::Client,
        extract::{Form, Query},
        problem::Problem,
        redirect::{ReturnTo, see_other},
    },
    state::AppState,
    ui::FormState,
};

/// The step in the path.
#[derive(Deserialize)]
pub struct Step {
    step: String,
}

/// Answers a form of the sign-in page, by which somebody has `proven` a first factor or not: signs in this browser, asks
/// for a second factor, or shows the page again, with what is wrong.
///
/// # Errors
/// If the session cannot be written. Other problems are shown on the page.
pub(crate) async fn begin(
    context: PageContext,
    state: &AppState,
    (auth, pending): (&mut AuthSession, &PendingCookie),
    client: &Client,
    form: &Form,
    proven: Result<impl Into<Proven>, Problem>,
) -> Result<Response, Problem> {
    let (home, next, remember, unsent) =
        (context.home(), form.text("next"), form.ticked("remember"), Unsent::carried(form));
    let mut typed = FormState::default().with("email", form.text("email")).with("next", next.clone());
    if let Some(unsent) = &unsent {
        typed = unsent.carry(typed);
    }
    if remember {
        typed = typed.with("remember", "on");
    }
    let admitted = match proven {
        Ok(proven) => state.sign_ins.proceed(proven, At::Browser(pending), Wants::in_browser(remember), client).await,
        Err(problem) => Err(problem),
    };
    let admitted = match admitted {
        Ok(admitted) => admitted,
        Err(Problem::SecondFactorRequired { next: steps, .. }) => {
            return first(context, state, &steps, &next, unsent).await;
        }
        Err(problem) => {
            return Ok(later(&problem, sign_in_form(context, problem.status(), typed.with_errors(&problem)).await));
        }
    };
    let by_password = is_by_password(&admitted);
    finish::in_browser(state, auth, admitted, remember, client).await?;
    match unsent {
        Some(unsent) => unsent.offer(context, auth).await,
        None => Ok(onward(&context, by_password, ReturnTo { next }.or(home))),
    }
}

fn is_by_password(admitted: &Admitted) -> bool {
    admitted.factors().first() == Some(&Factor::Password)
}

fn onward(context: &PageContext, by_password: bool, path: &str) -> Response {
    if by_password { context.signed_in_at(path) } else { see_other(path) }
}

/// Answers a first factor with the first of the steps `steps`: a redirect to its page, or the page itself, if it has to
/// carry an unsent form along.
///
/// # Errors
/// If there is no such step.
pub(in crate::features::accounts) async fn first(
    context: PageContext,
    state: &AppState,
    steps: &[&'static str],
    next: &str,
    unsent: Option<Unsent>,
) -> Result<Response, Problem> {
    let first = steps.first().copied().ok_or(Problem::SignInExpired)?;
    let Some(unsent) = unsent else { return Ok(see_other(&step_path(first, next))) };
    let form = unsent.carry(FormState::default().with("next", next));
    let steps = steps.iter().filter_map(|step| Factor::of_name(step)).collect::<Vec<_>>();
    let factor = steps.first().copied().ok_or(Problem::SignInExpired)?;
    Ok(step_form(context, state, StatusCode::OK, (factor, &steps), form).await)
}

/// `GET /sign-in/{step}`. Without a pending sign-in it leads to the sign-in page.
///
/// # Errors
/// [`Problem::NotFound`] if there is no such step; or if the database fails.
pub async fn step(
    context: PageContext,
    State(state): State<AppState>,
    pending: PendingCookie,
    Path(Step { step }): Path<Step>,
    Query(next): Query<ReturnTo>,
) -> Result<Response, Problem> {
    let factor = named(&state, &step)?;
    let Some(steps) = steps(&state, &pending).await? else {
        let to: String = url::form_urlencoded::byte_serialize(next.next.as_bytes()).collect();
        let sign_in = if to.is_empty() { "/sign-in".into() } else { format!("/sign-in?next={to}") };
        return Ok(see_other(&sign_in));
    };
    if !steps.contains(&factor) {
        return Ok(see_other(&step_path(steps[0].as_str(), &next.next)));
    }
    let form = FormState::default().with("next", next.next);
    Ok(step_form(context, &state, StatusCode::OK, (factor, &steps), form).await)
}

/// `POST /sign-in/{step}`
///
/// # Errors
/// [`Problem::NotFound`] if there is no such step; or if the session cannot be written. Other problems are shown in the
/// form.
pub async fn post_step(
    context: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    Path(Step { step }): Path<Step>,
    form: Form,
) -> Result<Response, Problem> {
    let factor = named(&state, &step)?;
    let (home, next, unsent) = (context.home(), form.text("next"), Unsent::carried(&form));
    let mut typed = FormState::default().with("next", next.clone());
    if let Some(unsent) = &unsent {
        typed = unsent.carry(typed);
    }
    if form.ticked("trust") {
        typed = typed.with("trust", "on");
    }
    let steps = steps(&state, &pending).await?;
    let problem = match steps {
        Some(steps) if !form.text(SHOW).is_empty() && steps.contains(&factor) => {
            return Ok(step_form(context, &state, StatusCode::OK, (factor, &steps), typed).await);
        }
        Some(steps) => {
            let text = form.text(ANSWER_FIELD);
            let answer = Answer { factor, text: &text, trust: form.ticked("trust") };
            match state.sign_ins.answer(answer, At::Browser(&pending), &client).await {
                Ok((admitted, wants)) => {
                    let by_password = is_by_password(&admitted);
                    finish::in_browser(&state, &mut auth, admitted, wants.remember, &client).await?;
                    return match unsent {
                        Some(unsent) => unsent.offer(context, &auth).await,
                        None => Ok(onward(&context, by_password, ReturnTo { next }.or(home))),
                    };
                }
                Err(Problem::SignInExpired) => Problem::SignInExpired,
                Err(problem @ (Problem::Validation(_) | Problem::RateLimited { .. })) => {
                    let (status, form) = (problem.status(), typed.with_errors(&problem));
                    return Ok(later(&problem, step_form(context, &state, status, (factor, &steps), form).await));
                }
                Err(problem) => return Err(problem),
            }
        }
        None => Problem::SignInExpired,
    };
    Ok(sign_in_form(context, problem.status(), typed.with_errors(&problem)).await)
}

/// The factor of the step `name`.
fn named(state: &AppState, name: &str) -> Result<Factor, Problem> {
    Factor::of_name(name).filter(|factor| state.sign_ins.has_step(*factor)).ok_or(Problem::NotFound)
}

/// The steps that may come next in this browser; none of them is missing from `state`.
async fn steps(state: &AppState, pending: &PendingCookie) -> Result<Option<Vec<Factor>>, Problem> {
    let next = state.sign_ins.next(At::Browser(pending)).await?;
    Ok(next.map(|next| next.into_iter().map(|second| second.factor).collect()))
}

async fn step_form(
    context: PageContext,
    state: &AppState,
    status: StatusCode,
    (factor, steps): (Factor, &[Factor]),
    form: FormState,
) -> Response {
    use leptos::prelude::*;
    let seconds = state.sign_ins.factors();
    let of = |factor: Factor| seconds.iter().find(|second| second.factor == factor).copied();
    let Some(second) = of(factor) else {
        return axum::response::IntoResponse::into_response(Problem::NotFound);
    };
    let others: Vec<_> = steps.iter().filter(|other| **other != factor).filter_map(|other| of(*other)).collect();
    context.page(status, "Two-factor authentication", move || view! { <StepView second others form /> }).await
}
