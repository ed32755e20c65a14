//! The HTML around every page: head, header and footer.

use std::sync::Arc;

use leptos::{attr::custom::custom_attribute, config::LeptosOptions, either::EitherOf3, nonce::use_nonce, prelude::*};

use super::{FormGuard, NavLink, SiteLinks, Toasts};
use crate::{assets::Assets, text::email_address::shown};

const DESCRIPTION: &str = "Vestibule: two doors into one house. Session cookies for your own pages, bearer tokens for \
     everyone else.";
const IMAGE_ALT: &str = "Two arched doors in one wall: one closed, one open";
const FONT: &str = "/fonts/source-serif-4-600.woff2";

/// Who is looking at the page. It decides what the header shows.
#[derive(Clone, Debug)]
pub enum Who {
    /// A visitor who is not signed in.
    Visitor,
    /// A person who is signed in.
    SignedIn {
        /// The address of the account.
        email: String,
    },
    /// The page does not read the session cookie.
    Unknown,
}

/// The whole document.
#[component]
pub(crate) fn Layout(
    title: String,
    who: Who,
    assets: Assets,
    /// The URLs of this page's own style sheets.
    styles: Vec<String>,
    /// The URLs of this page's own scripts.
    scripts: Vec<String>,
    path: String,
    links: Arc<SiteLinks>,
    /// The event after which `page.js` listens for changes to what the page shows.
    last_event_id: Option<i64>,
    /// The HTML of the content.
    content: String,
) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <meta name="description" content=DESCRIPTION />
                <title>{format!("{title} · Vestibule")}</title>
                <meta {..custom_attribute("property", "og:title")} content=title />
                <meta {..custom_attribute("property", "og:type")} content="website" />
                <meta {..custom_attribute("property", "og:image")} content=format!("{}/card.png", assets.origin()) />
                <meta {..custom_attribute("property", "og:image:alt")} content=IMAGE_ALT />
                <meta name="twitter:card" content="summary_large_image" />
                <meta name="theme-color" content="#faf6ed" media="(prefers-color-scheme: light)" />
                <meta name="theme-color" content="#12181a" media="(prefers-color-scheme: dark)" />
                <link rel="preload" href=FONT r#as="font" type="font/woff2" crossorigin="" />
                <link rel="stylesheet" href=assets.url("pkg/vestibule.css") />
                {styles.into_iter().map(|href| view! { <link rel="stylesheet" href=href /> }).collect_view()}
                <link rel="icon" href="/favicon.ico" sizes="32x32" />
                <link rel="icon" href=assets.url("mark.svg") type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <Hydration assets=assets.clone() />
                {scripts.into_iter().map(|src| view! { <script type="module" src=src nonce=use_nonce()></script> }).collect_view()}
                <LiveReload />
            </head>
            <body>
                <a class="skip" href="#main">"Skip to the content"</a>
                <Header who path links=links.clone() mark=assets.url("mark.svg") />
                <main id="main" data-last-event-id=last_event_id inner_html=content></main>
                <Toasts />
                <Footer links />
            </body>
        </html>
    }
}

#[component]
fn Header(who: Who, path: String, links: Arc<SiteLinks>, mark: String) -> impl IntoView {
    let link = move |href: &'static str, label: &'static str| {
        let current = path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'));
        view! { <a href=href aria-current=current.then_some("page")>{label}</a> }
    };
    let all = || links.nav.iter().map(|NavLink { path, label }| view! { {link(path, label)} " " }).collect_view();
    let nav = match who {
        Who::SignedIn { email } => EitherOf3::A(view! {
            <nav aria-label="Main">
                {all()}
                <form method="post" action="/sign-out">
                    <FormGuard />
                    <button class="quiet" title=format!("Signed in as {}", shown(&email))>"Sign out"</button>
                </form>
            </nav>
        }),
        Who::Visitor => EitherOf3::B(view! {
            <nav aria-label="Main">
                {link("/sign-in", "Sign in")} <a class="button" href="/sign-up">"Sign up"</a>
            </nav>
        }),
        // Both redirect to the sign-in page if needed, and back.
        Who::Unknown => EitherOf3::C(view! {
            <nav aria-label="Main">{all()}</nav>
        }),
    };
    view! {
        <header>
            <a class="brand" href="/"><img src=mark alt="" width="28" height="28" />"Vestibule"</a>
            {nav}
        </header>
    }
}

#[component]
fn Footer(links: Arc<SiteLinks>) -> impl IntoView {
    let link = |NavLink { path, label }: &NavLink| view! { <a href=*path>{*label}</a> " " };
    view! {
        <footer>
            <p>"A cookie counts only on its own origin. Everybody else brings a token."</p>
            <nav aria-label="More">{links.footer.iter().map(link).collect_view()}</nav>
        </footer>
    }
}

/// Loads `page.js`, which hydrates the islands.
///
/// We write the tag ourselves because Leptos also puts the nonce into `crossorigin`, where browsers do not hide it from
/// scripts (T17).
#[component]
fn Hydration(assets: Assets) -> impl IntoView {
    let (script, js, wasm) = (assets.url("page.js"), assets.url("pkg/vestibule.js"), assets.url("pkg/vestibule.wasm"));
    view! { <script type="module" src=script data-js=js data-wasm=wasm nonce=use_nonce()></script> }
}

/// The script with which `cargo leptos watch` reloads the page; nothing otherwise.
#[component]
fn LiveReload() -> impl IntoView {
    let watched = std::env::var_os("LEPTOS_WATCH").is_some();
    watched.then(|| {
        let port = std::env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3001_u32);
        let options = LeptosOptions::builder().output_name("vestibule").reload_port(port).build();
        view! { <AutoReload options /> }
    })
}
