//! The tokens page: create a token, see it once, list and revoke tokens.

use axum::{extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use time::{Date, Duration, Month, OffsetDateTime};
use uuid::Uuid;

use super::{
    service::{self, Expiry, Issued, NewToken},
    view::{DAY_OVER, ON_A_DAY, REQUIRED, TokensView},
};
use crate::{
    auth::{
        activity::Kind, page::PageContext, reauthentication::Reauthentication, scope_boxes::scope_field,
        store::accounts,
    },
    db::Db,
    http::{
        client::Client,
        extract::{Form, PathId, Query},
        forms::{ShownOnce, shown},
        problem::Problem,
        redirect::{revoked, see_other},
    },
    state::{AppState, Site},
    timestamp::Timestamp,
    ui::FormState,
};

/// `GET /tokens`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn index(context: PageContext, State(state): State<AppState>) -> Result<Response, Problem> {
    let AppState { db, settings, .. } = &state;
    let account = context.signed_in()?.account.id;
    let made = match context.to_show(MADE) {
        Some(secret) => service::find(db, &settings.tokens, account, &secret).await?,
        None => None,
    };
    let shows = made.is_some();
    let page = page(context, &state, StatusCode::OK, fresh_form(&state.site), made).await?;
    Ok(if shows { shown(page) } else { page })
}

/// The kind of [`ShownOnce`] that `POST /tokens` leaves for the page it redirects to: the new token.
const MADE: &str = "token";

/// `POST /tokens`. It redirects to the page that shows the token once. A script gets that page at once, with 201.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn create(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, settings, site, .. } = &state;
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let actor = context.signed_in()?.acting(client);
    let new = NewToken {
        name: form.text("name"),
        scopes: site.scopes.iter().map(|scope| scope.name).filter(|name| form.ticked(&scope_field(name))).collect(),
        expiry: match form.text("days").as_str() {
            ON_A_DAY => Expiry::At(end_of(&form.text("expires_at"), &form.text(DAY_OVER))),
            days => Expiry::Days(days.parse().unwrap_or_default()),
        },
        renew: form.ticked("renew"),
        origins: form
            .text("origins")
            .split([' ', ',', '\n'])
            .map(str::trim)
            .filter(|o| !o.is_empty())
            .map(str::to_owned)
            .collect(),
        key_thumbprint: None,
    };
    let typed = typed(&form, &new);
    if accounts::requires_key(db, actor.account).await? {
        let problem =
            Problem::Conflict("Your account takes only tokens that are bound to a key, so no page can create one.");
        return page(context, &state, problem.status(), typed.with_errors(&problem), None).await;
    }
    match service::create(db, &settings.tokens, &actor, None, new).await {
        Ok(issued) => match context.show_at("/tokens", ShownOnce::new(MADE, issued.secret.reveal())) {
            Some(redirect) => Ok(redirect),
            None => page(context, &state, StatusCode::CREATED, fresh_form(&state.site), Some(issued)).await,
        },
        Err(problem) => page(context, &state, problem.status(), typed.with_errors(&problem), None).await,
    }
}

/// `POST /tokens/key`: whether new tokens have to be bound to a key from now on.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn require_key(
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let actor = context.signed_in()?.acting(client);
    let required = form.text(REQUIRED) == "yes";
    if accounts::set_requires_key(&db, actor.account, required).await? {
        actor.record(&db, if required { Kind::KeyRequired } else { Kind::KeyNotRequired }, None);
    }
    Ok(see_other("/tokens"))
}

/// `POST /tokens/{id}/revoke`. Revoking twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn revoke(
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let actor = context.signed_in()?.acting(client);
    revoked(service::revoke(&db, &actor, id).await, "/tokens")
}

/// `?keep=`
#[derive(Deserialize)]
pub struct Keep {
    keep: Option<Uuid>,
}

/// `POST /tokens/revoke-all`: every token, or all but one.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn revoke_all(
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    Query(Keep { keep }): Query<Keep>,
) -> Result<Response, Problem> {
    let actor = context.signed_in()?.acting(client);
    let result = match keep {
        None => service::revoke_all(&db, &actor).await,
        Some(kept) => service::revoke_others(&db, &actor, kept).await,
    };
    revoked(result, "/tokens")
}

/// The first and the last time zone in which a day ends, relative to UTC.
const ZONES: (Duration, Duration) = (Duration::hours(-14), Duration::hours(12));

/// What the empty form proposes: 30 days, and the first scope there is.
fn fresh_form(site: &Site) -> FormState {
    let form = FormState::default().with("days", "30");
    match site.scopes.first() {
        Some(scope) => form.with(&scope_field(scope.name), "on"),
        None => form,
    }
}

fn typed(form: &Form, new: &NewToken) -> FormState {
    let mut typed = FormState::default();
    for name in ["name", "days", "expires_at", "origins"] {
        typed = typed.with(name, form.text(name));
    }
    for scope in new.scopes.iter() {
        typed = typed.with(&scope_field(scope), "on");
    }
    if new.renew { typed.with("renew", "on") } else { typed }
}

/// The end of the day from `<input type="date">`; a time in the past if there is none. `over` is when the day ends in
/// the person's time zone. Without it, or if it is implausible, the day ends when it has ended everywhere: never too
/// early.
fn end_of(day: &str, over: &str) -> Timestamp {
    let mut parts = day.splitn(3, '-');
    let mut part = || parts.next().unwrap_or_default().parse::<u16>().ok();
    let (year, month, day) = (part(), part(), part());
    let date = || {
        let month = Month::try_from(u8::try_from(month?).ok()?).ok()?;
        Date::from_calendar_date(year?.into(), month, u8::try_from(day?).ok()?).ok()?.next_day()
    };
    let Some(next) = date() else { return Timestamp::new(OffsetDateTime::UNIX_EPOCH) };
    let midnight = Timestamp::new(next.midnight().assume_utc());
    let (first, last) = (midnight + ZONES.0, midnight + ZONES.1);
    over.parse::<Timestamp>().ok().filter(|over| (first..=last).contains(over)).unwrap_or(last)
}

/// The first and the last day that can be chosen: not over everywhere yet, and within the maximum lifetime everywhere.
fn days_to_choose(now: Timestamp, max_days: u32) -> (String, String) {
    let last = now + Duration::days(i64::from(max_days) - 1) + -ZONES.1;
    ((now + -ZONES.1).get().date().to_string(), last.get().date().to_string())
}

async fn page(
    context: PageContext,
    AppState { db, settings, site, .. }: &AppState,
    status: StatusCode,
    form: FormState,
    issued: Option<Issued>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let caller = context.signed_in()?;
    let scopes = site.scopes.clone();
    let (tokens, now, origin) = (service::list(db, caller.account.id).await?, db.now(), context.origin().to_owned());
    let days = days_to_choose(now, settings.tokens.max_days);
    let requires_key = accounts::requires_key(db, caller.account.id).await?;
    let (keep_days, script) = (settings.tokens.keep_days, context.asset("day.js"));
    let view = move || {
        let (form, fresh, tokens, origin) = (form.clone(), issued.clone(), tokens.clone(), origin.clone());
        let (days, script, scopes) = (days.clone(), script.clone(), scopes.clone());
        view! { <TokensView scopes form fresh tokens now origin days keep_days script requires_key /> }
    };
    Ok(context.page(status, "Tokens", view).await)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_when_it_is_over_everywhere() {
        for (day, end) in [
            ("2026-01-31", "2026-02-01T12:00:00.000Z"),
            ("2026-12-31", "2027-01-01T12:00:00.000Z"),
            ("2028-02-28", "2028-02-29T12:00:00.000Z"),
        ] {
            assert_eq!(end_of(day, "").to_string(), end);
        }
        for nothing in ["", "2026", "2026-02-30", "2026-13-01", "31.01.2026", "2026-01-31T10:00", "-1-1-1", "99999-1-1"]
        {
            assert_eq!(end_of(nothing, "2026-02-01T08:00:00Z").get(), OffsetDateTime::UNIX_EPOCH, "{nothing:?}");
        }
    }

    #[test]
    fn a_day_ends_where_the_person_is() {
        for over in [
            "2026-01-31T10:00:00.000Z", // Kiritimati
            "2026-01-31T23:00:00.000Z", // Berlin
            "2026-02-01T00:00:00.000Z",
            "2026-02-01T08:00:00.000Z", // Los Angeles
            "2026-02-01T11:00:00.000Z", // Pago Pago
            "2026-02-01T12:00:00.000Z",
        ] {
            assert_eq!(end_of("2026-01-31", over).to_string(), over);
        }
        for never in ["2026-01-31T09:59:59.999Z", "2026-02-01T12:00:00.001Z", "2099-01-01T00:00:00Z", "tomorrow", "-8"]
        {
            assert_eq!(end_of("2026-01-31", never), end_of("2026-01-31", ""), "{never}");
        }
    }

    #[test]
    fn every_day_that_is_offered_is_taken() {
        let at = |hour| end_of("2026-01-30", "2026-01-31T00:00:00Z") + Duration::hours(hour);
        // In Pago Pago it is the 30th until 11:00 UTC.
        for (hour, first, last) in [(10, "2026-01-30", "2026-02-28"), (13, "2026-01-31", "2026-03-01")] {
            let (now, days) = (at(hour), days_to_choose(at(hour), 30));
            assert_eq!(days, (first.to_owned(), last.to_owned()));
            assert!(end_of(&days.0, "") > now && end_of(&days.1, "") <= now + Duration::days(30));
        }
    }
}
