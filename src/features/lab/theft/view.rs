//! The page of the drill. The HTML holds the predictions; the script adds what it observes.

use leptos::{nonce::use_nonce, prelude::*};

use super::{
    cells::{Cell, Credential, Outcome, Way, cell},
    state::SHORT_LIFE,
};
use crate::features::lab::view::Unavailable;

const SCRIPT: &str = "/lab/theft/drill.js";

#[component]
pub(super) fn TheftView(
    /// The origin of the thief.
    thief: String,
    unavailable: Option<String>,
    https: bool,
    /// How long a short cookie lasts outside of the drill, in seconds.
    usual: u32,
) -> impl IntoView {
    let (can_run, origin) = (unavailable.is_none(), thief.clone());
    let outcomes: serde_json::Map<_, _> =
        Outcome::ALL.iter().map(|outcome| (outcome.key().to_owned(), outcome.title().into())).collect();
    let outcomes = serde_json::Value::from(outcomes).to_string();
    view! {
        <div
            class="lab theft"
            data-drill="page"
            data-thief=origin
            data-https=https.to_string()
            data-outcomes=outcomes
        >
            <section class="lab-head">
                <p class="back"><a href="/lab">"All experiments"</a></p>
                <h1>"The theft drill"</h1>
                <p class="lead">
                    "A credential gets stolen. What is it worth? Four credentials, stolen in four ways: what the "
                    "specifications predict, and what the doors of this server answer to a real attempt."
                </p>
                <p class="hint">
                    "The credentials belong to accounts that are made for the drill and deleted after it. Your own "
                    "session is left alone. The thief is "<code>{thief}</code>", another origin and another client."
                </p>
                <Unavailable reason=unavailable />
                <div class="row lab-bar" hidden=!can_run>
                    <button type="button" data-drill="run" disabled>"Steal all sixteen"</button>
                </div>
                <p class="hint" data-drill="status" role="status">"Nothing has been stolen yet."</p>
                <p class="hint unscripted">
                    "Running the drill requires JavaScript. Reading the predictions does not."
                </p>
            </section>
            <Table />
            <section class="card">
                <h2>"What to take from it"</h2>
                <ul class="lessons">
                    <li>
                        "A script that acts in place is stopped by none of the four. What helps is to let no script "
                        "in: a Content Security Policy, escaping, few dependencies."
                    </li>
                    <li>
                        "A key makes a copy worthless elsewhere: at once for a bound token, and after "
                        {minutes(usual)}" at most for a bound cookie. In the drill its short cookie lasts "
                        {SHORT_LIFE.whole_seconds()}" seconds, so that you need not wait."
                    </li>
                    <li>
                        "HttpOnly keeps a cookie from scripts, but not from copies and logs. Nothing keeps a bearer "
                        "token from any of them: short lifetimes limit what a copy is worth."
                    </li>
                    <li>
                        "The key of a bound cookie is in the security chip, where there is one. That of a bound token "
                        "is in the files of the browser's profile, unreadable for scripts, but not for malware."
                    </li>
                </ul>
            </section>
        </div>
        <script type="module" src=SCRIPT nonce=use_nonce()></script>
    }
}

/// A short time in words.
fn minutes(seconds: u32) -> String {
    match (seconds / 60, seconds % 60) {
        (1, 0) => "a minute".into(),
        (minutes, 0) => format!("{minutes} minutes"),
        _ => format!("{seconds} seconds"),
    }
}

/// The roles are named because the style sheet lays the cells out as cards on a phone, which takes them away.
#[component]
fn Table() -> impl IntoView {
    let heads = Credential::ALL.map(|credential| {
        let needs = credential.needs().map(|needs| view! { <span class="hint">{needs}</span> });
        view! {
            <th scope="col" role="columnheader">
                {credential.title()}<span class="hint"><code>{credential.docs()}</code></span>{needs}
            </th>
        }
    });
    let rows = Way::ALL.map(|way| {
        let cells = Credential::ALL.map(|credential| view! { <CellView credential way /> });
        view! {
            <tr role="row">
                <th scope="row" role="rowheader">{way.title()}<span class="hint">{way.about()}</span></th>
                {cells.collect_view()}
            </tr>
        }
    });
    view! {
        <div class="cells">
            <table role="table">
                <caption>"What a stolen credential is worth"</caption>
                <thead role="rowgroup">
                    <tr role="row"><td role="cell"></td>{heads.collect_view()}</tr>
                </thead>
                <tbody role="rowgroup">{rows.collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn CellView(credential: Credential, way: Way) -> impl IntoView {
    let Cell { predicted, why, spec } = cell(credential, way);
    let needs = credential.needs();
    view! {
        <td
            role="cell"
            id=format!("{}-{}", credential.key(), way.key())
            data-credential=credential.key()
            data-way=way.key()
            data-predicted=predicted.key()
            data-needs=needs
        >
            <p class="column" aria-hidden="true">{credential.title()}</p>
            <p class="outcomes">
                <span>"Predicted"</span>
                <strong class="outcome" data-outcome=predicted.key()>{predicted.title()}</strong>
                <span>"Observed"</span>
                <strong class="outcome" data-drill="observed">"not run"</strong>
            </p>
            <p class="hint">{why}" "<a href=spec.url rel="noreferrer">{spec.name}</a></p>
            <details class="attempts" data-drill="attempts" hidden>
                <summary>"Attempts"</summary>
                <ul></ul>
            </details>
        </td>
    }
}
