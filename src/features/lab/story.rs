//! The Lab as a story: the essay's questions in their order, each with the experiment that answers it.

use leptos::prelude::*;

use super::{
    Origins,
    experiments::{self, Switches},
    view::{Bench, ExperimentView, LabFrame},
};
use crate::ui::Notice;

/// One question.
struct Chapter {
    title: &'static str,
    before: &'static str,
    /// The experiment that answers it; none for the bench with the switches.
    experiment: Option<&'static str>,
    after: &'static str,
}

const CHAPTERS: [Chapter; 9] = [
    Chapter {
        title: "Does the browser stop the request?",
        before: "A page on one port calls a server on another, and the console turns red. It reads as if the browser had \
                 rejected the request. Look at what the server saw.",
        experiment: Some("reading-silent"),
        after: "The request was made and answered. The browser kept the answer from the page, nothing more. CORS does not \
                protect the server from being asked; it protects the answer from being read.",
    },
    Chapter {
        title: "Is another port another domain?",
        before: "To “origin”, yes: scheme, host and port. But cookies are older than origins. Here the house sets a cookie, \
                 and the page asks the neighbour.",
        experiment: Some("cookie-ports"),
        after: "The cookie arrived at a port that never set it. So neither the port nor the missing dots in “localhost” can \
                be why a cookie vanishes.",
    },
    Chapter {
        title: "So where did the cookie go?",
        before: "Now the mystery itself, as the essay most likely had it. The server names the origin, allows credentials and \
                 sets a cookie. The page can read the answer. There is no error anywhere.",
        experiment: Some("bug-01110"),
        after: "The server sent Set-Cookie, and the browser did not store it. A fetch that says nothing has credentials \
                “same-origin”. To any other origin it neither sends cookies nor looks at Set-Cookie. It is not a failure, so \
                nothing is reported.",
    },
    Chapter {
        title: "What was the missing word?",
        before: "The same request, with credentials: “include”.",
        experiment: Some("bug-11110"),
        after: "It lives. The server's headers were right all along. They say what the page may read; whether cookies take \
                part is for the page to say, before the request is made.",
    },
    Chapter {
        title: "Why did nothing from the web help?",
        before: "Because there is more than one cause, and each hides the others. Flip the switches. Mind that the page being \
                 able to read the answer and the browser keeping the cookie are two different questions.",
        experiment: None,
        after: "Only two of the five decide about the cookie while page and server share a host name. Call one of them \
                127.0.0.1, and SameSite joins in.",
    },
    Chapter {
        title: "Is it over in production?",
        before: "“These troubles do not exist in production.” If the API is on a subdomain, so it is. On another site it is \
                 this, with every server header in its place.",
        experiment: Some("stranger-lax"),
        after: "Across sites only SameSite=None and Secure gets through, and browsers are closing that way as well. Building \
                on it is building on sand.",
    },
    Chapter {
        title: "And if it does get through?",
        before: "Suppose the cookie is there. Then the browser attaches it to whatever anybody's page sends. This form stands \
                 on the neighbour's page, and the cookie is SameSite=Lax.",
        experiment: Some("csrf-neighbour-open"),
        after: "Done, in your name. SameSite did not help, because a neighbour is of the same site. A cookie proves which \
                browser is calling. It does not prove who asked.",
    },
    Chapter {
        title: "Who tells them apart?",
        before: "The browser does, in a header that no page can forge. The same form, at a door with the guard that stands in \
                 front of this site's own pages.",
        experiment: Some("csrf-neighbour-guarded"),
        after: "Refused, because of one word: “same-site” where “same-origin” was wanted. This is the first half of the rule: a \
                cookie counts only on its own origin.",
    },
    Chapter {
        title: "And everybody else?",
        before: "Brings something that no browser attaches by itself. Another site, no cookie, no proxy, no special case for \
                 development.",
        experiment: Some("bearer-stranger"),
        after: "The code that asks put the token there, so nobody else could have. Sites, ports and SameSite have nothing to say \
                about it. This is the second half.",
    },
];

#[component]
pub(super) fn StoryView(origins: Origins, trouble: Option<String>) -> impl IntoView {
    let can_run = trouble.is_none();
    let chapter = |(index, chapter): (usize, Chapter)| {
        let origins = origins.clone();
        let tried = match chapter.experiment.map(experiments::find) {
            Some(experiment) => experiment
                .map(|experiment| view! { <ExperimentView experiment origins can_run open=true /> })
                .into_any(),
            None => view! { <Bench origins switches=Switches::ESSAY can_run /> }.into_any(),
        };
        view! {
            <section class="chapter">
                <h2><span class="number">{index + 1}</span>{chapter.title}</h2>
                <p>{chapter.before}</p>
                {tried}
                <p>{chapter.after}</p>
            </section>
        }
    };
    // What shows something on localhost only is left out elsewhere.
    let local = origins.local();
    let shows = |chapter: &Chapter| {
        let found = chapter.experiment.and_then(experiments::find);
        local || found.is_none_or(|experiment| !experiment.local)
    };
    let chapters = CHAPTERS.into_iter().filter(shows).enumerate().map(chapter).collect_view();
    view! {
        <LabFrame origins=origins.clone()>
            <section class="lab-head">
                <p class="back"><a href="/lab">"All experiments"</a></p>
                <h1>"Where did the cookie go?"</h1>
                <p class="lead">
                    "Somebody built a sign-in for an app on one port and an API on another. The server said Set-Cookie, the browser said "
                    "nothing, and the cookie was gone. Your own browser answers what happened."
                </p>
                <Notice text=trouble.clone().map(|why| format!("Nothing can be tried here just now. {why}")) />
            </section>
            <div class="story">{chapters}</div>
            <section class="rule">
                <p>"A cookie counts only on its own origin."</p>
                <p>"Everybody else brings a token."</p>
            </section>
            <p class="row rule-links">
                <a class="button" href="/lab">"Try everything else"</a>
                <a class="button quiet" href="/">"See the two doors"</a>
            </p>
        </LabFrame>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chapter_has_its_experiment() {
        for Chapter { title, experiment, .. } in CHAPTERS {
            let found = experiment.is_none_or(|id| experiments::all().iter().any(|known| known.id == id));
            assert!(found, "{title}: {experiment:?}");
        }
    }
}
