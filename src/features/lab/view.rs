//! The Lab's page. The HTML holds everything there is to read; the script adds what it observes.

use leptos::{nonce::use_nonce, prelude::*};

use super::{
    diagram,
    experiment::{Experiment, Group},
    experiments::{self, Switches},
    origins::Origins,
    prediction::{Question, Verdict},
};
use crate::ui::Notice;

/// The script of both pages.
const SCRIPT: &str = "/lab/lab.js";

/// The groups in the order of the page, with their headings.
const GROUPS: [(Group, &str, &str); 9] = [
    (
        Group::Reading,
        "Reading a response",
        "CORS decides which page may read a response. It does not decide whether the request is sent.",
    ),
    (Group::Cookies, "Cookies", "Which cookies a browser stores, and which ones it sends."),
    (
        Group::Frame,
        "And inside a frame?",
        "A page of another site in a frame of this page calls its own server. To the browser, its cookies are a third \
         party's, and whether they take part is called storage access.",
    ),
    (Group::Change, "Cookies and scripts", "What a script is told of the cookies of its page, and which it can write."),
    (
        Group::Network,
        "This machine and the local network",
        "A page of the internet needs a permission to reach this machine or another one in the local network.",
    ),
    (
        Group::Bug,
        "The bug of the essay",
        "A page on one port signs in at a server on another. Six variants that differ in one thing at a time.",
    ),
    (Group::Csrf, "Forged requests", "A page of another origin posts a form in your name."),
    (Group::Bearer, "Tokens", "Solution 1 of the essay: the page's own code adds a token to the request."),
    (Group::Proxy, "A proxy", "Solution 2 of the essay: the same call through a path of the page's own origin."),
];

#[component]
pub(super) fn LabView(
    origins: Origins,
    unavailable: Option<String>,
    available: Vec<&'static Experiment>,
    switches: Switches,
) -> impl IntoView {
    let count = available.len();
    let can_run = unavailable.is_none();
    let group = |(group, title, about)| {
        let cards: Vec<_> = available.iter().filter(|experiment| experiment.group == group).collect();
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
                    "Where did the cookie go? The Lab runs every situation of the essay in your own browser, between "
                    "three real origins. It compares what the specifications predict with what your browser does, and "
                    "what the server received with what the page could read."
                </p>
                <Unavailable reason=unavailable />
                <div class="row lab-bar">
                    <button type="button" data-lab="run-all" disabled>{format!("Run all {count} experiments")}</button>
                    <button type="button" class="quiet" data-lab="copy" hidden>"Copy as Markdown"</button>
                    <a class="button quiet" href="/lab/story">"Read the story"</a>
                    <a class="button quiet" href="/lab/doctor">"Check your own setup"</a>
                    <a class="button quiet" href="/lab/theft">"Steal a session"</a>
                </div>
                <progress data-lab="progress" max=count value="0" hidden aria-label="Experiments run"></progress>
                <p class="hint" data-lab="status" role="status">"No experiment has been run yet."</p>
                <p class="hint unscripted">"Running the experiments requires JavaScript. Reading them does not."</p>
            </section>
            <OriginList origins=origins.clone() />
            <Bench origins=origins.clone() switches can_run />
            {groups}
        </LabFrame>
    }
}

/// The root of both pages: it gives the script the three origins and the labels of the verdicts.
#[component]
pub(super) fn LabFrame<C: IntoView + 'static>(origins: Origins, children: TypedChildren<C>) -> impl IntoView {
    let Origins { app, same_site, cross_site } = origins;
    view! {
        <div
            class="lab"
            data-lab="page"
            data-app=app
            data-same-site=same_site
            data-cross-site=cross_site
            data-labels=Question::labels()
        >
            {children.into_inner()()}
        </div>
        <script type="module" src=SCRIPT nonce=use_nonce()></script>
    }
}

/// Says why no experiment can be run, if that is so.
#[component]
pub(super) fn Unavailable(reason: Option<String>) -> impl IntoView {
    view! { <Notice text=reason.map(|why| format!("The experiments cannot be run right now. {why}")) /> }
}

#[component]
fn OriginList(origins: Origins) -> impl IntoView {
    let item = |name: &'static str, origin: String, about: &'static str| {
        view! { <li><h2>{name}</h2><p><code>{origin}</code></p><p class="hint">{about}</p></li> }
    };
    view! {
        <ul class="origins" aria-label="The three origins">
            {item("This app", origins.app, "The origin of this page.")}
            {item("Same site", origins.same_site, "Another origin of the same site.")}
            {item("Cross-site", origins.cross_site, "An origin of another site.")}
        </ul>
    }
}

/// The setup of the essay, with a switch for each cause.
#[component]
pub(super) fn Bench(origins: Origins, switches: Switches, can_run: bool) -> impl IntoView {
    let switch = |((name, label), on): ((&'static str, &'static str), bool)| {
        view! {
            <label class="check switch">
                <input type="checkbox" name=name checked=on autocomplete="off" />
                {label}
            </label>
        }
    };
    let switches_view = Switches::LABELS.into_iter().zip(switches.positions()).map(switch).collect_view();
    let experiment = experiments::find(&switches.id());
    view! {
        <section class="card bench" id="bench" data-lab="bench">
            <h2>"One switch per cause"</h2>
            <p class="hint">
                "A page signs in at a server on another origin, and the response sets a cookie. The switches start \
                 where "
                "the essay most likely had them. Flip one to see whether the cookie is stored."
            </p>
            <form method="get" action="/lab#bench" data-lab="switches">
                <input type="hidden" name="bench" value="1" />
                <fieldset><legend class="unseen">"Switches"</legend>{switches_view}</fieldset>
                <button class="quiet unscripted">"Apply"</button>
            </form>
            {experiment.map(|experiment| view! { <ExperimentView experiment origins can_run open=true bench=true /> })}
        </section>
    }
}

/// One experiment: its outcome in one line, and the details below.
#[component]
pub(super) fn ExperimentView(
    experiment: &'static Experiment,
    origins: Origins,
    can_run: bool,
    #[prop(optional)] open: bool,
    /// Whether it stands on the bench. It has no id there, because another one takes its place.
    #[prop(optional)]
    bench: bool,
) -> impl IntoView {
    let record = serde_json::to_string(experiment).unwrap_or_default();
    let mark = |(question, verdict): &(Question, Verdict)| {
        let label = question.label(verdict.value);
        view! { <li class="mark" data-question=question.key() data-value=verdict.value.as_str()>{label}</li> }
    };
    let marks = experiment.prediction.iter().map(mark).collect_view();
    let verdicts = experiment.prediction.iter().map(|(question, verdict)| {
        let differences = experiment.exceptions.iter().filter(|exception| exception.question == *question);
        let differences = differences.map(|exception| {
            let summary = format!("{}: {}. ", exception.engine.name(), question.label(exception.value));
            view! { <p class="hint known"><strong>{summary}</strong>{exception.reason}</p> }
        });
        view! { <VerdictView question=*question verdict=*verdict>{differences.collect_view()}</VerdictView> }
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
            <div class="details">
                <div class="intro">
                    <p class="claim">{experiment.claim}</p>
                    <button type="button" class="quiet" data-lab="run" disabled=true hidden=!can_run>"Run"</button>
                </div>
                <div class="diagram" inner_html=diagram::svg(experiment, &origins)></div>
                <ol class="verdicts">{verdicts}</ol>
                <div class="wire" data-lab="wire" hidden></div>
            </div>
        </details>
    }
}

/// One question: the predicted answer with its reason, and room for the observed one.
#[component]
fn VerdictView<C: IntoView + 'static>(
    question: Question,
    verdict: Verdict,
    children: TypedChildren<C>,
) -> impl IntoView {
    let predicted = verdict.value.shown();
    view! {
        <li class="verdict" data-question=question.key()>
            <p class="question">{question.text()}</p>
            <p class="values">
                <span>"Predicted: "<strong>{predicted}</strong></span>
                <span>"Observed: "<strong data-lab="observed">"not run"</strong></span>
            </p>
            <p class="hint">{verdict.reason}" "<a href=verdict.spec.url rel="noreferrer">{verdict.spec.name}</a></p>
            {children.into_inner()()}
            <p class="difference" data-lab="difference" hidden></p>
        </li>
    }
}
