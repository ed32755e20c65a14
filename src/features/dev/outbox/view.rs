//! The pages of the outbox.

use leptos::{either::Either, prelude::*};

use crate::mail::outbox::KeptMail;

#[component]
pub(super) fn OutboxView(mails: Vec<KeptMail>, by_smtp: bool) -> impl IntoView {
    let empty = mails.is_empty();
    view! {
        <header>
            <h1>"Outbox"</h1>
            <p class="lead">"Mail that was written but not sent, because no mail server is set."</p>
        </header>
        {by_smtp.then(|| view! { <p class="notice">"A mail server is set, so new mail goes there."</p> })}
        <section class="card">
            {empty.then(|| view! { <p class="empty">"Nothing yet. Sign up, or ask for a new password."</p> })}
            <ul class="rows">
                {mails
                    .into_iter()
                    .map(|mail| view! {
                        <li>
                            <div>
                                <p><a href=format!("/dev/outbox/{}", mail.id)><strong>{mail.subject}</strong></a></p>
                                <p class="hint">{mail.to} ", " {mail.date}</p>
                            </div>
                        </li>
                    })
                    .collect_view()}
            </ul>
        </section>
    }
}

#[component]
pub(super) fn MailView(mail: KeptMail) -> impl IntoView {
    view! {
        <header>
            <h1>{mail.subject}</h1>
            <p><a href="/dev/outbox">"Outbox"</a></p>
        </header>
        <section class="card">
            <dl>
                <div><dt>"To"</dt><dd>{mail.to}</dd></div>
                <div><dt>"Date"</dt><dd>{mail.date}</dd></div>
            </dl>
        </section>
        <section class="card">
            {mail.text.split("\n\n").map(|paragraph| view! { <p>{linked(paragraph)}</p> }).collect_view()}
        </section>
    }
}

/// A paragraph, its links as anchors.
fn linked(paragraph: &str) -> impl IntoView + use<> {
    let line = |line: &str| {
        let line = line.to_owned();
        if line.starts_with("http://") || line.starts_with("https://") {
            Either::Left(view! { <a href=line.clone()>{line.clone()}</a> })
        } else {
            Either::Right(view! { {line} " " })
        }
    };
    paragraph.lines().map(line).collect_view()
}
