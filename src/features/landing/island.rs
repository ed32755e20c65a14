//! A form that calls the API from the visitor's browser and shows the answer.

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Request, RequestInit, Response,
    wasm_bindgen::{JsCast, JsValue},
};

/// Requests `path`, with a token if the visitor enters one, and shows status and body of the answer.
#[island]
pub fn ApiProbe(
    /// The door's name, as the button shows it.
    door: String,
    /// The path to request.
    path: String,
    /// Whether there is a field for a token.
    takes_token: bool,
) -> impl IntoView {
    let token = NodeRef::<html::Input>::new();
    let (answer, set_answer) = signal(None::<Answer>);
    let (busy, set_busy) = signal(false);
    let id = format!("request-{door}");
    let line = format!("GET {path}");

    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        set_busy.set(true);
        let token = token.get_untracked().map(|input| input.value()).unwrap_or_default();
        let path = path.clone();
        spawn_local(async move {
            set_answer.set(Some(ask(&path, token.trim()).await.unwrap_or_else(|_| Answer::unreachable())));
            set_busy.set(false);
        });
    };
    let shown = move || {
        answer.get().map(|Answer { status, challenge, body }| {
            let challenge = challenge
                .map(|challenge| view! { <p class="challenge"><code>"WWW-Authenticate: " {challenge}</code></p> });
            view! {
                <p class="status"><strong>{status}</strong></p>
                {challenge}
                <pre tabindex="0"><code>{body}</code></pre>
            }
        })
    };
    view! {
        <form class="try-request" on:submit=send>
            {takes_token.then(|| view! {
                <label for=id.clone()>"Token, if you have one"</label>
                <input id=id node_ref=token type="password" autocomplete="off" spellcheck="false" placeholder="vst_…" />
            })}
            <button class="quiet" aria-busy=move || busy.get().then_some("true")>
                {format!("Knock at the {door} door")}
            </button>
            <p class="hint"><code>{line}</code></p>
            <div class="answer" role="status">{shown}</div>
        </form>
    }
}

/// The parts of the answer to show.
#[derive(Clone)]
struct Answer {
    status: String,
    challenge: Option<String>,
    body: String,
}

impl Answer {
    fn unreachable() -> Self {
        Self { status: "No answer".into(), challenge: None, body: "The server cannot be reached.".into() }
    }
}

async fn ask(path: &str, token: &str) -> Result<Answer, JsValue> {
    let request = Request::new_with_str_and_init(path, &RequestInit::new())?;
    request.headers().set("accept", "application/json")?;
    if !token.is_empty() {
        request.headers().set("authorization", &format!("Bearer {token}"))?;
    }
    let response: Response = JsFuture::from(window().fetch_with_request(&request)).await?.dyn_into()?;
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    Ok(Answer {
        status: format!("{} {}", response.status(), response.status_text()),
        challenge: response.headers().get("www-authenticate")?,
        body: indented(&text).unwrap_or(text),
    })
}

/// Pretty-printed JSON; `None` if `text` is not JSON.
fn indented(text: &str) -> Option<String> {
    let value = js_sys::JSON::parse(text).ok()?;
    let pretty = js_sys::JSON::stringify_with_replacer_and_space(&value, &JsValue::NULL, &JsValue::from(2));
    pretty.ok().map(String::from)
}
