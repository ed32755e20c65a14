//! Answering with a page: what it needs to know of its request, and how it is rendered.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, OnceLock},
};

use axum::{
    extract::{FromRef, FromRequestParts, Request, State},
    http::{HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use leptos::{nonce::Nonce, prelude::*};
use time::OffsetDateTime;

use crate::{
    assets::Assets,
    auth::{Caller, session, sign_in::Factor},
    http::{
        answer_log::Refusal,
        client::Device,
        forms::{self, Posted, ShownOnce},
        problem::{Problem, problem_of},
        redirect::see_other,
        request_id::RequestId,
        security_headers::{PERMISSIONS, PERMISSIONS_REACHING},
    },
    timestamp::Timestamp,
    ui::{
        AccountLink, FormOrigin, LastWay, Now, SiteLinks, WayIn,
        layout::{Layout, Who},
        shape::with_shapes,
    },
};

/// The request a page answers. Handlers of pages take it as an argument and answer with [`PageContext::page`].
#[derive(Clone, Debug)]
pub struct PageContext {
    /// Who is signed in, if anybody. It is known before the page is rendered, so the first HTML already shows it.
    pub caller: Option<Caller>,
    /// The URL of the request.
    pub uri: Uri,
    method: Method,
    request_id: RequestId,
    assets: Assets,
    reach: Vec<String>,
    styles: Vec<String>,
    knows: bool,
    links: Arc<SiteLinks>,
    /// Whether the request is a form that one of our pages posted.
    keyed: bool,
    shown: Option<ShownOnce>,
    last_event_id: Option<i64>,
    /// The factor by which somebody signed in last in this browser.
    last_way: Option<&'static str>,
}

impl PageContext {
    /// Who is signed in.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`], which redirects to the sign-in page and back.
    pub fn signed_in(&self) -> Result<Caller, Problem> {
        self.caller.clone().ok_or(Problem::NotSignedIn)
    }

    /// For a page that does not read the session cookie: its header shows neither a signed-in person nor "Sign in".
    #[must_use]
    pub fn of_nobody(self) -> Self {
        Self { caller: None, knows: false, ..self }
    }

    /// The URL of one of the site's files, with its content hash.
    pub fn asset(&self, path: &str) -> String {
        self.assets.url(path)
    }

    /// The site's own origin.
    pub fn origin(&self) -> &str {
        self.assets.origin()
    }

    /// Lets the page call these origins and show their pages in frames. Without it, a page may call its own origin
    /// only.
    #[must_use]
    pub fn reaching(self, origins: impl IntoIterator<Item = String>) -> Self {
        Self { reach: origins.into_iter().collect(), ..self }
    }

    /// Adds a style sheet for this page. Its rules belong in `@layer pages`.
    #[must_use]
    pub fn styled(mut self, path: &str) -> Self {
        self.styles.push(self.asset(path));
        self
    }

    /// The page to go to after signing in, unless the visitor was on the way to another: the first link of the header.
    pub fn home(&self) -> &'static str {
        self.links.nav.first().map_or("/", |link| link.path)
    }

    /// Whether the footer links to `path`.
    pub fn leads_to(&self, path: &str) -> bool {
        self.links.footer.iter().any(|link| link.path == path)
    }

    /// The links of the features on the account page.
    pub fn account_links(&self) -> Vec<AccountLink> {
        self.links.account.clone()
    }

    /// The ways to sign in beside the password, each with the URL of its script.
    pub fn ways_in(&self) -> Vec<(WayIn, String)> {
        self.links.ways_in.iter().map(|way| (*way, self.asset(way.script))).collect()
    }

    /// The ways to sign up beside the password, each with the URL of its script.
    pub fn ways_up(&self) -> Vec<(WayIn, String)> {
        self.links.ways_up.iter().map(|way| (*way, self.asset(way.script))).collect()
    }

    /// After a post: redirects (303) to `path`, which shows `what` once, so that a reload repeats nothing. `None` if
    /// the form was not posted by one of our pages: then answer at once.
    pub fn show_at(&self, path: &str, what: ShownOnce) -> Option<Response> {
        self.keyed.then(|| what.at(path))
    }

    /// After a sign-in with the password: redirects (303) to `path`, where the scripts for that run once.
    pub fn signed_in_at(&self, path: &str) -> Response {
        let scripts = !self.links.after_sign_in.is_empty();
        let shown = scripts.then(|| self.show_at(path, ShownOnce::new(SIGNED_IN, ""))).flatten();
        shown.unwrap_or_else(|| see_other(path))
    }

    /// The URLs of the scripts that this page runs because somebody has just signed in.
    fn scripts(&self) -> Vec<String> {
        if self.caller.is_none() || self.to_show(SIGNED_IN).is_none() {
            return Vec::new();
        }
        self.links.after_sign_in.iter().map(|script| self.asset(script)).collect()
    }

    /// The text of `kind` that [`Self::show_at`] left for this page. A page that shows it answers with
    /// [`forms::shown`].
    pub fn to_show(&self, kind: &str) -> Option<String> {
        self.shown.as_ref()?.text(kind).map(str::to_owned)
    }

    /// Renders a page. What it shows is known before: nothing on a page waits for anything, or is streamed.
    pub fn page<V: IntoView>(
        self,
        status: StatusCode,
        title: impl Into<String>,
        content: impl FnOnce() -> V,
    ) -> Ready<Response> {
        let (nonce, policy) = self.nonce();
        let key = forms::new_key().unwrap_or_default();
        let has_scripts = !self.scripts().is_empty();
        let reaches = !self.reach.is_empty();
        let mut answer = answer(status, self.document(nonce, key, title.into(), rendered(content)), &policy);
        if reaches {
            answer.headers_mut().insert(&PERMISSIONS, HeaderValue::from_static(PERMISSIONS_REACHING));
        }
        ready(if has_scripts { forms::shown(answer) } else { answer })
    }

    /// Renders a page at one URL that is the same for everybody who is not signed in, and has no form that is posted.
    /// For them it is rendered once; each answer has a nonce of its own.
    pub fn page_once<V: IntoView>(
        self,
        once: &RenderedOnce,
        title: &str,
        content: impl FnOnce() -> V,
    ) -> Ready<Response> {
        if self.caller.is_some() {
            return self.page(StatusCode::OK, title, content);
        }
        let (nonce, policy) = self.nonce();
        let pieces = once.0.get_or_init(|| {
            // Random, so that nothing else on the page is taken for it.
            let place = Nonce::new();
            let html = self.document(place.clone(), String::new(), title.into(), rendered(content));
            html.split(&*place).map(str::to_owned).collect()
        });
        ready(answer(StatusCode::OK, pieces.join(&nonce), &policy))
    }

    /// A nonce for the scripts of an answer, and the policy that has it.
    fn nonce(&self) -> (Nonce, String) {
        let nonce = Nonce::new();
        let policy = policy(&nonce, &self.reach, &self.reports_to());
        (nonce, policy)
    }

    /// The group of `Reporting-Endpoints` and the path to which browsers send violations of the policy. Chromium sends
    /// nothing to the group on http, and nothing to the path if there is a group, so only https has both.
    fn reports_to(&self) -> String {
        let Some(path) = self.links.reports_to else { return String::new() };
        let group = if self.origin().starts_with("https:") { "; report-to default" } else { "" };
        format!("; report-uri {path}{group}")
    }

    /// The document around `content`, which is rendered with the context of the page, and with `key` in its forms.
    fn document(self, nonce: Nonce, key: String, title: String, content: Content<'_>) -> String {
        let now = Timestamp::new(OffsetDateTime::now_utc());
        let account = self.caller.as_ref().map(|caller| caller.account.id.to_string()).unwrap_or_default();
        let origin = FormOrigin { key, account };
        let scripts = self.scripts();
        let who = match self.caller {
            Some(caller) => Who::SignedIn { email: caller.account.email },
            None if self.knows => Who::Visitor,
            None => Who::Unknown,
        };
        let last_way = LastWay(self.last_way);
        let (assets, styles, path, links) = (self.assets, self.styles, self.uri.path().to_owned(), self.links);
        let last_event_id = self.last_event_id;

        let owner = Owner::new_root(None);
        let html = owner.with(|| {
            provide_context(nonce);
            provide_context(Now(now));
            provide_context(origin);
            provide_context(assets.clone());
            provide_context(last_way);
            let content = content();
            view! { <Layout title who assets styles scripts path links last_event_id content /> }.to_html()
        });
        drop(owner);
        with_shapes(&html)
    }

    /// Renders the error page.
    async fn error(self, problem: &Problem) -> Response {
        let (title, detail, id) = (problem.title(), problem.detail(), self.request_id.to_string());
        let status = problem.status();
        let ours = status.is_server_error();
        self.page(status, title, move || {
            view! {
                <section class="error-page">
                    <p class="status">{status.as_u16()}</p>
                    <h1>{title}</h1>
                    <p>{detail.clone()}</p>
                    {ours.then(|| view! { <p class="hint">"Request " <code>{id.clone()}</code></p> })}
                    <p><a class="button" href="/">"Back to the front page"</a></p>
                </section>
            }
        })
        .await
    }
}

/// The kind of [`ShownOnce`] that [`PageContext::signed_in_at`] leaves for the page it redirects to.
const SIGNED_IN: &str = "signed-in";

/// What renders the content of a page.
type Content<'a> = Box<dyn FnOnce() -> String + 'a>;

fn rendered<'a, V: IntoView>(content: impl FnOnce() -> V + 'a) -> Content<'a> {
    Box::new(|| content().into_view().to_html())
}

/// The HTML of a page that [`PageContext::page_once`] has rendered, in pieces: the nonce goes between them.
#[derive(Debug, Default)]
pub struct RenderedOnce(OnceLock<Vec<String>>);

fn answer(status: StatusCode, html: String, policy: &str) -> Response {
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The Content-Security-Policy: only scripts with the nonce run, and those they load (S31). No script turns text into
/// HTML or code, unless the policy in `page.js` finds it harmless (Trusted Types). `cargo leptos watch` needs a
/// WebSocket to its own port, and its script replaces HTML.
fn policy(nonce: &Nonce, reach: &[String], reports_to: &str) -> String {
    let is_watched = std::env::var_os("LEPTOS_WATCH").is_some();
    let watched = if is_watched { " ws: wss:" } else { "" };
    let trusted = if is_watched { "" } else { "; require-trusted-types-for 'script'; trusted-types default" };
    let reach: String = reach.iter().flat_map(|origin| [" ", origin]).collect();
    let frames = if reach.is_empty() { String::new() } else { format!("frame-src{reach}; ") };
    format!(
        "default-src 'self'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         connect-src 'self'{watched}{reach}; {frames}img-src 'self' data:; object-src 'none'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'{trusted}{reports_to}"
    )
}

impl<S> FromRequestParts<S> for PageContext
where
    S: Send + Sync,
    Assets: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            caller: session::identify(&parts.extensions).ok(),
            uri: parts.uri.clone(),
            method: parts.method.clone(),
            reach: Vec::new(),
            styles: Vec::new(),
            request_id: RequestId::of(&parts.extensions),
            assets: Assets::from_ref(state),
            knows: true,
            links: parts.extensions.get::<Arc<SiteLinks>>().cloned().unwrap_or_default(),
            keyed: parts.extensions.get::<Posted>().is_some_and(|posted| posted.keyed),
            shown: parts.extensions.get().cloned(),
            last_event_id: session::last_event_id(&parts.extensions),
            last_way: parts
                .extensions
                .get::<Device>()
                .and_then(|device| Factor::of_name(device.last_way()?))
                .map(Factor::as_str),
        })
    }
}

/// The middleware of the pages: turns a problem into the error page, or into a redirect to the sign-in page and back.
pub async fn answer_page(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Ok(context) = PageContext::from_request_parts(&mut parts, &assets).await;
    let response = next.run(Request::from_parts(parts, body)).await;

    let is_rendered = response.headers().contains_key(header::CONTENT_TYPE);
    let Some(problem) = problem_of(&response).filter(|_| !is_rendered) else { return response };
    if matches!(problem, Problem::NotSignedIn) {
        return see_other(&sign_in_url(&context));
    }
    let mut page = context.error(&problem).await;
    let fields = problem.errors().iter().map(|error| error.field.as_str());
    page.extensions_mut().insert(Refusal::new(problem.code(), fields));
    for name in [header::ALLOW, header::RETRY_AFTER, header::REFRESH] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    page
}

/// The sign-in page, with the way back to this page. A post cannot be repeated, so it returns to the front page.
fn sign_in_url(context: &PageContext) -> String {
    let wanted = context.uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    if context.method != Method::GET || wanted == "/" {
        return "/sign-in".into();
    }
    let next: String = url::form_urlencoded::byte_serialize(wanted.as_bytes()).collect();
    format!("/sign-in?next={next}")
}
