//! What the Lab looks like. All there is to read is here from the start; the engine adds what it observes.

use leptos::{nonce::use_nonce, prelude::*};

use super::{
    Origins, diagram,
    experiment::{Engine, Experiment, Group, Value, Verdict, What},
    experiments::{self, Switches},
    peer::ENGINE,
};
use crate::ui::Notice;

/// The groups in the order of the page, with their headings.
const GROUPS: [(Group, &str, &str); 6] = [
    (Group::Reading, "Reading", "Who may read an answer. That the request is made at all is another matter."),
    (Group::Cookies, "Cookies", "Which are kept, and which go along."),
    (
        Group::Bug,
        "The essay's bug",
        "A page on one port signs in at a server on another. Six ways, one difference at a time.",
    ),
    (Group::Csrf, "Forged requests", "A form that somebody else's page posts, in your name."),
    (Group::Bearer, "Tokens", "What the code that asks brings by itself. Solution 1."),
    (Group::Proxy, "A proxy", "The same call through a path of the page's own origin. Solution 2."),
];

#[component]
pub(super) fn LabView(
    origins: Origins,
    trouble: Option<String>,
    here: Vec<&'static Experiment>,
    switches: Switches,
) -> impl IntoView {
    let count = here.len();
    let can_run = trouble.is_none();
    let group = |(group, title, about)| {
        let cards: Vec<_> = here.iter().filter(|experiment| experiment.group == group).collect();
        let cards = cards.into_iter().map(|experiment| {
            view! { <ExperimentView experiment origins=origins.clone() can_run /> }
        });
        view! {
            <section class="card group">
                <h2>{title}</h2>
                <p class="hint">{about}</p>
                <div class="experiments">{cards.collect_view()}</div>
            </section>
        }
    };
    let groups = GROUPS.into_iter().map(group).collect_view();
    view! {
        <LabFrame origins=origins.clone()>
            <section class="lab-head">
                <h1>"The Lab"</h1>
                <p class="lead">
                    "Where did the cookie go? Each situation of the essay, for real: in your own browser, between three real origins. "
                    "What the specifications predict stands beside what your browser does, and what the server saw beside what the page got."
                </p>
                <Notice text=trouble.clone().map(|why| format!("Nothing can be tried here just now. {why}")) />
                <div class="row lab-bar">
                    <button type="button" data-lab="run-all" disabled>{format!("Run all {count} experiments")}</button>
                    <button type="button" class="quiet" data-lab="copy" hidden>"Copy as Markdown"</button>
                    <a class="button quiet" href="/lab/story">"Read it as a story"</a>
                </div>
                <progress data-lab="progress" max=count value="0" hidden aria-label="Experiments run"></progress>
                <p class="hint" data-lab="status" role="status">"Nothing has been run yet."</p>
                <p class="hint unscripted">"Running them takes JavaScript. Reading them does not."</p>
            </section>
            <FooterLinks origins=origins.clone() />
            <Bench origins=origins.clone() switches can_run />
            {groups}
        </LabFrame>
    }
}

/// Around everything of the Lab: who the origins are, and the engine.
#[component]
pub(super) fn LabFrame(origins: Origins, children: Children) -> impl IntoView {
    view! {
        <div class="lab" data-lab="page" data-house=origins.house data-neighbour=origins.neighbour data-stranger=origins.stranger>
            {children()}
        </div>
        <script type="module" src=ENGINE nonce=use_nonce()></script>
    }
}

/// Who is who.
#[component]
fn FooterLinks(origins: Origins) -> impl IntoView {
    let place = |name: &'static str, origin: String, about: &'static str| {
        view! { <li><h2>{name}</h2><p><code>{origin}</code></p><p class="hint">{about}</p></li> }
    };
    view! {
        <ul class="places" aria-label="The three origins">
            {place("The house", origins.house, "This page's own origin.")}
            {place("The neighbour", origins.neighbour, "Another origin of the same site.")}
            {place("The stranger", origins.stranger, "Another site.")}
        </ul>
    }
}

/// The essay's set-up with a switch for each cause.
#[component]
pub(super) fn Bench(origins: Origins, switches: Switches, can_run: bool) -> impl IntoView {
    let switch = |((name, label), on): ((&'static str, &'static str), bool)| {
        view! { <label class="check switch"><input type="checkbox" name=name checked=on autocomplete="off" />{label}</label> }
    };
    let switches_view = Switches::NAMES.into_iter().zip(switches.positions()).map(switch).collect_view();
    let experiment = experiments::find(&switches.id());
    view! {
        <section class="card bench" id="bench" data-lab="bench">
            <h2>"One switch per cause"</h2>
            <p class="hint">
                "A page signs in at a server on another origin, and the answer sets a cookie. This is how the essay most likely had it. "
                "Flip a switch, and see the cookie live or die."
            </p>
            <form method="get" action="/lab#bench" data-lab="switches">
                <input type="hidden" name="bench" value="1" />
                <fieldset><legend class="unseen">"Switches"</legend>{switches_view}</fieldset>
                <button class="quiet unscripted">"Set the switches"</button>
            </form>
            {experiment.map(|experiment| view! { <ExperimentView experiment origins can_run open=true bench=true /> })}
        </section>
    }
}

/// One experiment: closed, a line that says how it ends; open, why.
#[component]
pub(super) fn ExperimentView(
    experiment: &'static Experiment,
    origins: Origins,
    can_run: bool,
    #[prop(optional)] open: bool,
    /// Whether its switches can be flipped, so that it has no name of its own on the page.
    #[prop(optional)]
    bench: bool,
) -> impl IntoView {
    let record = serde_json::to_string(experiment).unwrap_or_default();
    let mark = |(what, verdict): &(What, Verdict)| {
        let text = word(*what, verdict.value);
        view! { <li class="mark" data-what=what.key() data-value=verdict.value.as_str()>{text}</li> }
    };
    let marks = experiment.prediction.iter().map(mark).collect_view();
    let verdicts = experiment.prediction.iter().map(|(what, verdict)| {
        let known = experiment.exceptions.iter().filter(|exception| exception.what == *what).map(|exception| {
            let (who, said) = (engine(exception.engine), word(*what, exception.value));
            view! { <p class="hint known"><strong>{format!("{who}: {said}. ")}</strong>{exception.reason}</p> }
        });
        view! { <VerdictView what=*what verdict=*verdict>{known.collect_view()}</VerdictView> }
    });
    let verdicts = verdicts.collect_view();
    let id = (!bench).then_some(experiment.id);
    view! {
        <details class="experiment" id=id open=open data-record=record>
            <summary>
                <h3>{experiment.title}</h3>
                <span class="outcome" data-lab="outcome"></span>
                <ul class="marks" aria-label="Predicted">{marks}</ul>
            </summary>
            <div class="inside">
                <div class="telling">
                    <p class="claim">{experiment.claim}</p>
                    <button type="button" class="quiet" data-lab="run" disabled=true hidden=!can_run>"Run it"</button>
                </div>
                <div class="diagram" inner_html=diagram::svg(experiment, &origins)></div>
                <ol class="verdicts">{verdicts}</ol>
                <div class="wire" data-lab="wire" hidden></div>
            </div>
        </details>
    }
}

/// One question: what is predicted and why, and room for what is observed.
#[component]
fn VerdictView(what: What, verdict: Verdict, children: Children) -> impl IntoView {
    view! {
        <li class="verdict" data-what=what.key()>
            <p class="question">{what.question()}</p>
            <p class="values">
                <span>"Predicted: "<strong>{said(verdict.value)}</strong></span>
                <span>"Observed: "<strong data-lab="observed">"not yet"</strong></span>
            </p>
            <p class="hint">{verdict.reason}" "<a href=verdict.spec.url rel="noreferrer">{verdict.spec.name}</a></p>
            {children()}
            <p class="difference" data-lab="difference" hidden></p>
        </li>
    }
}

/// A verdict in a word or two, for the line of an experiment. The engine has the same.
fn word(what: What, value: Value) -> &'static str {
    match (what, value) {
        (What::Reached, Value::Yes) => "reached",
        (What::Reached, _) => "not reached",
        (What::Sent, Value::Yes) => "cookie sent",
        (What::Sent, _) => "no cookie sent",
        (What::Stored, Value::Yes) => "stored",
        (What::Stored, _) => "not stored",
        (What::Read, Value::Yes) => "readable",
        (What::Read, _) => "not readable",
        (What::Done, Value::Yes) => "done",
        (What::Done, _) => "not done",
        (What::Site, Value::Absent) => "no Sec-Fetch-Site",
        (What::Site, value) => value.as_str(),
    }
}

fn said(value: Value) -> &'static str {
    if value == Value::Absent { "nothing" } else { value.as_str() }
}

fn engine(engine: Engine) -> &'static str {
    match engine {
        Engine::Chromium => "Chromium",
        Engine::Firefox => "Firefox",
        Engine::WebKit => "WebKit",
    }
}
