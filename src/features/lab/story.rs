//! The Lab as a story: the questions of the essay in order, each with the experiment that answers it.

use leptos::{either::Either, prelude::*};

use super::{
    experiments::{self, Switches},
    origins::Origins,
    view::{Bench, ExperimentView, LabFrame, Unavailable},
};

/// One question.
struct Chapter {
    title: &'static str,
    before: &'static str,
    /// The id of the experiment that answers it. None for the bench with the switches.
    experiment: Option<&'static str>,
    after: &'static str,
}

const CHAPTERS: [Chapter; 9] = [
    Chapter {
        title: "Does the browser block the request?",
        before: "A page on one port calls a server on another, and the console shows a CORS error. It looks as if the \
                 browser had blocked the request. Compare that with what the server received.",
        experiment: Some("reading-silent"),
        after: "The request was sent and answered. The browser only kept the response from the page. CORS does not \
                protect a server from requests; it protects responses from being read by other origins.",
    },
    Chapter {
        title: "Is another port another domain?",
        before: "For origins, yes: an origin is scheme, host and port. But cookies are older than origins. Here this \
                 app sets a cookie, and the page then calls the other port.",
        experiment: Some("cookie-ports"),
        after: "The cookie was sent to a port that never set it. So neither the port nor the missing dots in \
                “localhost” explain why a cookie is lost.",
    },
    Chapter {
        title: "So where did the cookie go?",
        before: "Now the setup of the essay, as far as it can be reconstructed. The server names the page's origin, \
                 allows credentials and sets a cookie. The page can read the response. No error is reported.",
        experiment: Some("bug-01110"),
        after: "The server sent Set-Cookie, and the browser did not store the cookie. A fetch without the credentials \
                option uses “same-origin”: for other origins it neither sends cookies nor obeys Set-Cookie. That is \
                specified behavior, so no error is reported.",
    },
    Chapter {
        title: "What was missing?",
        before: "The same request, with credentials: “include”.",
        experiment: Some("bug-11110"),
        after: "The cookie is stored. The server's headers were right from the start, but they only decide what the \
                page may read. Whether cookies take part is decided by the page, before the request is sent.",
    },
    Chapter {
        title: "Why did no advice from the web help?",
        before: "There are several causes, and each one hides the others. Flip the switches. Note that “the page can \
                 read the response” and “the browser stores the cookie” are two separate verdicts.",
        experiment: None,
        after: "While page and server share a host name, the credentials option alone decides whether the cookie is \
                stored. Call one of them 127.0.0.1, and SameSite decides, too.",
    },
    Chapter {
        title: "Does it go away in production?",
        before: "“These problems do not exist in production.” If the API is on a subdomain, they do not. If it is on \
                 another site, this happens, with all CORS headers in place.",
        experiment: Some("cross-site-lax"),
        after: "Across sites only a cookie with SameSite=None and Secure is stored, and browsers are removing that, \
                too. It is no foundation to build on.",
    },
    Chapter {
        title: "What if the cookie is stored?",
        before: "Then the browser attaches it to requests that other pages make. This form is on a page of the \
                 same-site origin, and the cookie is SameSite=Lax.",
        experiment: Some("csrf-same-site-open"),
        after: "The action was carried out in your name. SameSite did not help, because the other origin belongs to \
                the same site. A cookie proves which browser sends a request. It does not prove which page asked for \
                it.",
    },
    Chapter {
        title: "How can the server tell them apart?",
        before: "The browser sends a header that a page cannot forge: Sec-Fetch-Site. This is the same form, at an \
                 endpoint behind the guard that protects this app's own pages.",
        experiment: Some("csrf-same-site-guarded"),
        after: "The guard refused the request: the header was “same-site”, and “same-origin” is required. This is the \
                first half of the rule: a cookie counts only on its own origin.",
    },
    Chapter {
        title: "What about callers from other origins?",
        before: "They send a credential that no browser attaches by itself. This call comes from another site, \
                 without a cookie, a proxy or a special case for development.",
        experiment: Some("bearer-cross-site"),
        after: "The page's own code added the token, so no other page could have made this call. Sites, ports and \
                SameSite make no difference. This is the second half of the rule.",
    },
];

#[component]
pub(super) fn StoryView(origins: Origins, unavailable: Option<String>) -> impl IntoView {
    let can_run = unavailable.is_none();
    let chapter = |(index, chapter): (usize, Chapter)| {
        let origins = origins.clone();
        let tried = match chapter.experiment.map(experiments::find) {
            Some(experiment) => Either::Left(
                experiment.map(|experiment| view! { <ExperimentView experiment origins can_run open=true /> }),
            ),
            None => Either::Right(view! { <Bench origins switches=Switches::ESSAY can_run /> }),
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
    // Experiments that only mean something on localhost are left out elsewhere.
    let local = origins.is_local();
    let applies = |chapter: &Chapter| {
        let found = chapter.experiment.and_then(experiments::find);
        local || found.is_none_or(|experiment| !experiment.local)
    };
    let chapters = CHAPTERS.into_iter().filter(applies).enumerate().map(chapter).collect_view();
    view! {
        <LabFrame origins=origins.clone()>
            <section class="lab-head">
                <p class="back"><a href="/lab">"All experiments"</a></p>
                <h1>"Where did the cookie go?"</h1>
                <p class="lead">
                    "A developer built a sign-in with the app on one port and the API on another. The server sent "
                    "Set-Cookie, the browser reported no error, and the cookie was gone. Run the experiments below to \
                     see "
                    "what happened, in your own browser."
                </p>
                <Unavailable reason=unavailable />
            </section>
            <div class="story">{chapters}</div>
            <section class="rule">
                <p>"A cookie counts only on its own origin."</p>
                <p>"Everybody else brings a token."</p>
            </section>
            <p class="row rule-links">
                <a class="button" href="/lab">"All experiments"</a>
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
