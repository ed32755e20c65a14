//! The doctor's page. The HTML holds the table of causes; the script makes the line to paste.

use leptos::{nonce::use_nonce, prelude::*};

use super::causes::{self, Cause, STACKS};
use crate::features::lab::experiments;

/// The script of the page.
const SCRIPT: &str = "/lab/doctor/page.js";

/// What the table is filled with as long as nothing else is known.
const EXAMPLE: [(&str, &str); 10] = [
    ("page", "https://app.example.com"),
    ("expected", "https://api.example.com"),
    ("api", "https://api.example.com"),
    ("near", "https://app.example.com"),
    ("url", "https://api.example.com/me"),
    ("path", "/api"),
    ("host", "app.example.com"),
    ("header", "x-csrf-token"),
    ("cookie", "session"),
    ("status", "401"),
];

#[component]
pub(super) fn DoctorView(
    /// Whether the Lab is on `http://localhost`, where all of its experiments can be run.
    local: bool,
) -> impl IntoView {
    let causes = causes::all().iter().map(|cause| view! { <CauseView cause local /> }).collect_view();
    view! {
        <div class="lab doctor" data-doctor="root">
            <section class="lab-head">
                <p class="back"><a href="/lab">"All experiments"</a></p>
                <h1>"What is wrong with my setup?"</h1>
                <p class="lead">
                    "Your page calls an API on another origin, and the cookie is gone or the console shows a CORS "
                    "error. The doctor makes the calls in your own browser, from your own page, and names the line to "
                    "change. It works with any server."
                </p>
                <p class="hint">
                    "What you type stays in this page and in the line that you paste. No address, no result and no "
                    "cookie is sent here, or anywhere but to your own API."
                </p>
                <p class="hint unscripted">
                    "The doctor needs JavaScript. Without it, compare what your browser's Network panel shows with the "
                    "causes below."
                </p>
            </section>
            <section class="card" data-doctor="seen" aria-label="Report" hidden></section>
            <Setup />
            <section class="card" data-doctor="waiting">
                <h2>"Run it in your page"</h2>
                <p class="hint">"Fill in the addresses of your page and of the call first."</p>
            </section>
            <section class="card" data-doctor="result" hidden>
                <h2>"Run it in your page"</h2>
                <ol class="run">
                    <li>
                        <p><a data-doctor="open" target="_blank" rel="noreferrer noopener">"Open your page"</a>
                            ", and its console (F12)."</p>
                    </li>
                    <li><p>"Paste this line:"</p><Copied name="snippet" /></li>
                    <li>
                        <p>
                            "The report appears in your page. If its Content-Security-Policy blocks the script, "
                            "paste the whole doctor instead, which loads nothing:"
                        </p>
                        <button type="button" class="quiet" data-doctor="whole">"Copy the whole doctor"</button>
                    </li>
                    <li>
                        <p>"Without a console, put this in your page's HTML for a moment:"</p>
                        <Copied name="tag" />
                    </li>
                </ol>
                <p class="hint">
                    "The doctor makes some GET requests to the call, and the sign-in twice at most. If the preflight "
                    "is in doubt, it also sends one empty POST without credentials."
                </p>
            </section>
            <section class="card">
                <h2>"The causes"</h2>
                <div class="causes">{causes}</div>
            </section>
        </div>
        <script type="module" src=SCRIPT nonce=use_nonce()></script>
    }
}

/// What the visitor says about the page and its API. No field has a name, so nothing of it is ever posted.
#[component]
fn Setup() -> impl IntoView {
    let field = |name: &'static str, label: &'static str, hint: &'static str, placeholder: &'static str| {
        let (id, described) = (format!("doctor-{name}"), format!("doctor-{name}-hint"));
        view! {
            <div class="field">
                <label for=id.clone()>{label}</label>
                <p class="hint" id=described.clone()>{hint}</p>
                <input
                    id=id
                    data-doctor=name
                    aria-describedby=described
                    placeholder=placeholder
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                />
            </div>
        }
    };
    let check = |name: &'static str, label: &'static str| {
        view! { <label class="check"><input type="checkbox" data-doctor=name autocomplete="off" />{label}</label> }
    };
    let servers = STACKS.into_iter().skip(1).map(|(key, name)| view! { <option value=key>{name}</option> });
    view! {
        <form class="card scripted" autocomplete="off">
            <h2>"Your setup"</h2>
            {field(
                "page",
                "Your page",
                "Its address, as your API's settings have it.",
                "http://localhost:5173",
            )}
            {field(
                "call",
                "A call to your API that requires signing in",
                "The URL of a GET.",
                "http://localhost:8000/api/me",
            )}
            <fieldset>
                <legend>"What identifies the visitor?"</legend>
                <label class="check">
                    <input type="radio" name="intent" data-doctor="cookie" checked autocomplete="off" />"A cookie"
                </label>
                <label class="check">
                    <input type="radio" name="intent" data-doctor="token" autocomplete="off" />
                    "A token in Authorization"
                </label>
            </fieldset>
            {check("included", "My calls set credentials: “include”")}
            <div class="field">
                <label for="doctor-stack">"What answers the call"</label>
                <select id="doctor-stack" data-doctor="stack" autocomplete="off">
                    <option value="">"Something else"</option>
                    {servers.collect_view()}
                </select>
            </div>
            <details class="more">
                <summary>"The sign-in, and headers"</summary>
                <div class="fields">
                    {field(
                        "sign-in",
                        "The call that signs in",
                        "The URL of a POST. With it, the doctor follows the cookie.",
                        "http://localhost:8000/api/login",
                    )}
                    {field(
                        "body",
                        "Its body",
                        "JSON or a form. Use a test account: it becomes part of the line that you paste.",
                        r#"{"username": "test", "password": "test"}"#,
                    )}
                    {check("sign-in-included", "The sign-in sets credentials: “include”")}
                    {field(
                        "headers",
                        "Headers that my calls set",
                        "Separated by commas. Authorization is among them if you use a token.",
                        "X-CSRF-Token",
                    )}
                    {field("reads", "Response headers that my page reads", "Separated by commas.", "ETag")}
                </div>
            </details>
        </form>
    }
}

/// A text that the script fills in, with a button that copies it.
#[component]
fn Copied(name: &'static str) -> impl IntoView {
    view! {
        <div class="code">
            <pre tabindex="0"><code data-doctor=name></code></pre>
            <button type="button" class="quiet" data-copies=name>"Copy"</button>
        </div>
    }
}

#[component]
fn CauseView(cause: &'static Cause, local: bool) -> impl IntoView {
    let line = |(name, place, line): (&'static str, &'static str, &'static str)| {
        let (place, line) = (causes::fill(place, &EXAMPLE), causes::fill(line, &EXAMPLE));
        view! {
            <div class="line">
                <p><strong>{name}</strong>", "{place}":"</p>
                <pre tabindex="0"><code>{line}</code></pre>
            </div>
        }
    };
    let id = cause.id.as_str();
    let shown = experiments::that_show(id, local).map(|experiment| {
        view! { <li><a href=format!("/lab#{}", experiment.id)>{experiment.title}</a></li> }
    });
    let shown: Vec<_> = shown.collect();
    let shown = (!shown.is_empty()).then(|| {
        view! {
            <p class="hint">"See it in the Lab:"</p>
            <ul class="shown">{shown}</ul>
        }
    });
    view! {
        <details class="cause" id=id>
            <summary><h3>{cause.title.as_str()}</h3></summary>
            <p>{causes::fill(&cause.about, &EXAMPLE)}</p>
            <p class="hint">"In the Network panel: "{causes::fill(&cause.look, &EXAMPLE)}</p>
            {shown}
            {cause.lines().map(line).collect_view()}
        </details>
    }
}
