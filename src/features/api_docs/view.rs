//! The view of the explorer.

use std::sync::Arc;

use leptos::{
    either::{Either, EitherOf3},
    nonce::use_nonce,
    prelude::*,
};

use super::reference::{Access, Answer, Body, Field, Group, Operation, Parameter, Reference, Refusal, Shape};
use crate::ui::{Badge, CodeBlock};

#[component]
pub(super) fn Explorer(
    reference: Arc<Reference>,
    /// The origin of the site, for the commands to copy.
    origin: String,
    /// The URL of `public/explorer.js`.
    script: String,
) -> impl IntoView {
    let groups =
        reference.groups.iter().map(|group| view! { <Operations group=group.clone() origin=origin.clone() /> });
    let about = reference.about.iter().map(|text| view! { <p>{marked(text)}</p> });
    view! {
        <header class="contents">
            <h1>"The API"</h1>
            <p class="lead">"Read about every operation of the token API, and try it."</p>
            <Contents reference=reference.clone() />
        </header>
        <div class="reference">
            <section class="card">
                {about.collect_view()}
                <p>
                    "This page is generated from "
                    <a href="/api/v1/openapi.json">"the OpenAPI 3.1 document"</a>
                    ", which you can also generate clients from."
                </p>
            </section>
            <TokenField />
            {groups.collect_view()}
            <Shapes shapes=reference.shapes.clone() />
            <Codes reference=reference.clone() />
        </div>
        <script type="module" src=script nonce=use_nonce()></script>
    }
}

#[component]
fn Contents(reference: Arc<Reference>) -> impl IntoView {
    let group = |group: &Group| {
        let operation = |operation: &Operation| {
            view! { <li><a href=format!("#{}", operation.id)>{operation.summary.clone()}</a></li> }
        };
        view! {
            <li>
                <a href=format!("#{}", anchor(&group.name))>{group.name.clone()}</a>
                <ul>{group.operations.iter().map(operation).collect_view()}</ul>
            </li>
        }
    };
    view! {
        <nav aria-label="Contents">
            <ul>
                {reference.groups.iter().map(group).collect_view()}
                <li><a href="#shapes">"Schemas"</a></li>
                <li><a href="#codes">"Problem codes"</a></li>
            </ul>
        </nav>
    }
}

/// Hidden until the script that reads it has loaded.
#[component]
fn TokenField() -> impl IntoView {
    view! {
        <section class="card" id="try">
            <h2>"Try the API"</h2>
            <div class="field">
                <label for="token">"Your token"</label>
                <p class="hint" id="token-hint">
                    "All calls on this page use it. It stays in the memory of the page and is sent only to this "
                    "server; reloading the page clears it. "
                    <a href="/tokens">"Create a token"</a> " with the scopes you need, or "
                    <a href="#login">"sign in for one"</a> "."
                </p>
                <input
                    id="token" type="password" autocomplete="off" spellcheck="false" placeholder="vst_…"
                    aria-describedby="token-hint"
                />
            </div>
            <label class="check">
                <input id="show-token" type="checkbox" autocomplete="off" />
                <span>"Show the token in the examples, to copy it with them"</span>
            </label>
        </section>
    }
}

#[component]
fn Operations(group: Group, origin: String) -> impl IntoView {
    let id = anchor(&group.name);
    let operation = move |operation: Operation| view! { <Call operation origin=origin.clone() /> };
    view! {
        <section class="group" aria-labelledby=id.clone()>
            <h2 id=id.clone()>{group.name}</h2>
            <p class="lead">{marked(&group.about)}</p>
            {group.operations.into_iter().map(operation).collect_view()}
        </section>
    }
}

#[component]
fn Call(operation: Operation, origin: String) -> impl IntoView {
    let access = match operation.access.clone() {
        Access::Open => EitherOf3::A(view! { <span class="hint">"no token"</span> }),
        Access::Token => EitherOf3::B(view! { <span class="hint">"any token"</span> }),
        Access::Scope(scope) => EitherOf3::C(view! { <Badge>{scope}</Badge> }),
    };
    let curl = curl(&operation, &origin);
    let (id, title) = (operation.id.clone(), format!("{}-title", operation.id));
    view! {
        <article class="card call" id=id aria-labelledby=title.clone()>
            <h3 id=title.clone()>{operation.summary.clone()}</h3>
            <p class="line">
                <span class="method">{operation.method.clone()}</span> <code>{operation.path.clone()}</code> {access}
                {operation.is_deprecated.then(|| view! { <Badge>"Deprecated"</Badge> })}
            </p>
            {operation.about.iter().map(|text| view! { <p>{marked(text)}</p> }).collect_view()}
            <Parameters parameters=operation.parameters.clone() />
            {operation.body.clone().map(|body| view! { <Takes body /> })}
            <Answers answers=operation.answers.clone() refusals=operation.refusals.clone() />
            <div class="snippet">
                <Languages operation=operation.clone() />
                <CodeBlock text=curl />
            </div>
            <Try operation />
        </article>
    }
}

/// The languages that the script writes the example in. The server writes it for curl.
#[component]
fn Languages(operation: Operation) -> impl IntoView {
    let language = |language: &'static str| {
        let name = format!("{}-language", operation.id);
        view! {
            <label>
                <input type="radio" name=name value=language checked=language == "curl" autocomplete="off" />
                {language}
            </label>
        }
    };
    view! {
        <div class="tablist" role="radiogroup" aria-label=format!("Example for: {}", operation.summary)>
            {["curl", "fetch", "Python"].map(language).collect_view()}
        </div>
    }
}

#[component]
fn Parameters(parameters: Vec<Parameter>) -> impl IntoView {
    let any = !parameters.is_empty();
    let parameter = |Parameter { field, place }: Parameter| view! { <Described field place=place /> };
    any.then(|| {
        view! {
            <h4>"Parameters"</h4>
            <dl class="fields">{parameters.into_iter().map(parameter).collect_view()}</dl>
        }
    })
}

#[component]
fn Described(field: Field, #[prop(into, optional)] place: String) -> impl IntoView {
    let words = [field.kind.clone(), place, if field.required { String::new() } else { "optional".into() }];
    let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
    view! {
        <div>
            <dt><code>{field.name}</code> " " <span class="hint">{words.join(" · ")}</span></dt>
            <dd>{marked(&field.about)}</dd>
        </div>
    }
}

#[component]
fn Takes(body: Body) -> impl IntoView {
    view! {
        <h4>"Body: " <ShapeLink name=body.shape /></h4>
        <pre tabindex="0"><code>{body.example}</code></pre>
    }
}

#[component]
fn ShapeLink(name: String) -> impl IntoView {
    view! { <a href=format!("#shape-{name}")><code>{name.clone()}</code></a> }
}

#[component]
fn Answers(answers: Vec<Answer>, refusals: Vec<Refusal>) -> impl IntoView {
    let answer = |answer: Answer| {
        let headers = answer.headers.into_iter().map(|name| view! { " " <code>{name}</code> });
        view! {
            <div>
                <dt>{answer.status}</dt>
                <dd>
                    {marked(&answer.about)} " " {answer.shape.map(|name| view! { <ShapeLink name /> })}
                    <span class="hint">{headers.collect_view()}</span>
                </dd>
            </div>
        }
    };
    let refusal = |refusal: Refusal| {
        let link = |code: String| view! { <a href=format!("#code-{code}")><code>{code.clone()}</code></a> " " };
        view! { <div><dt>{refusal.status}</dt><dd>{refusal.codes.into_iter().map(link).collect_view()}</dd></div> }
    };
    view! {
        <h4>"Responses"</h4>
        <dl class="answers">
            {answers.into_iter().map(answer).collect_view()}
            {refusals.into_iter().map(refusal).collect_view()}
        </dl>
    }
}

/// A form that the script sends. The style sheet hides it if there is no script.
#[component]
fn Try(operation: Operation) -> impl IntoView {
    let id = operation.id.clone();
    let input = |Parameter { field, place }: &Parameter| {
        let input = format!("{id}-{}", field.name);
        view! {
            <div class="field">
                <label for=input.clone()>{field.name.clone()}</label>
                <input
                    id=input name=field.name.clone() data-in=place.clone() required=field.required
                    autocomplete="off" spellcheck="false"
                />
            </div>
        }
    };
    let inputs = operation.parameters.iter().map(input).collect_view();
    let body = operation.body.map(|body| {
        let input = format!("{id}-body");
        view! {
            <div class="field">
                <label for=input.clone()>"Body"</label>
                <textarea id=input rows="5" data-in="body" spellcheck="false">{body.example}</textarea>
            </div>
        }
    });
    let for_real = operation.method != "GET";
    let needs_token = operation.access != Access::Open;
    view! {
        <details class="try">
            <summary>"Try it"</summary>
            <form
                data-method=operation.method
                data-path=operation.path
                data-token=needs_token.then_some("")
                data-stream=operation.is_stream.then_some("")
            >
                {needs_token.then(|| view! {
                    <p class="hint without-token"><a href="#try">"Enter your token"</a> " first."</p>
                })}
                {inputs} {body}
                {for_real.then(|| view! { <p class="hint">"This calls the real API: changes are permanent."</p> })}
                <button aria-label=format!("Send: {}", operation.summary)>"Send"</button>
                <div class="answer" role="status"></div>
            </form>
        </details>
    }
}

#[component]
fn Shapes(shapes: Vec<Shape>) -> impl IntoView {
    let shape = |shape: Shape| {
        let (plain, id) = (shape.fields.is_empty(), format!("shape-{}", shape.name));
        let fields = shape.fields.into_iter().map(|field| view! { <Described field /> }).collect_view();
        view! {
            <article class="card" id=id>
                <h3><code>{shape.name}</code></h3>
                <p>{marked(&shape.about)} {plain.then(|| view! { " " <span class="hint">{shape.kind}</span> })}</p>
                {(!plain).then(|| view! { <dl class="fields">{fields}</dl> })}
            </article>
        }
    };
    view! {
        <section class="group" aria-labelledby="shapes">
            <h2 id="shapes">"Schemas"</h2>
            <p class="lead">"The bodies of requests and responses, member by member."</p>
            {shapes.into_iter().map(shape).collect_view()}
        </section>
    }
}

#[component]
fn Codes(reference: Arc<Reference>) -> impl IntoView {
    let code = |code: &super::reference::Code| {
        view! {
            <div id=format!("code-{}", code.name)>
                <dt>
                    <code>{code.name.clone()}</code> " "
                    <span class="hint">{code.status.clone()} " · " {code.title.clone()}</span>
                </dt>
                <dd>{marked(&code.detail)}</dd>
            </div>
        }
    };
    view! {
        <section class="group" aria-labelledby="codes">
            <h2 id="codes">"Problem codes"</h2>
            <p class="lead">
                "The " <code>"code"</code> " of a problem never changes. Below each is an example of its "
                <code>"detail"</code> "."
            </p>
            <div class="card"><dl class="fields">{reference.codes.iter().map(code).collect_view()}</dl></div>
        </section>
    }
}

/// `text` with the parts between backticks as code.
fn marked(text: &str) -> impl IntoView + use<> {
    let part = |(index, part): (usize, &str)| {
        let part = part.to_owned();
        if index % 2 == 1 { Either::Left(view! { <code>{part}</code> }) } else { Either::Right(part) }
    };
    text.split('`').enumerate().map(part).collect_view()
}

fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

/// The call as a shell command, like `curl` in `public/explorer.js`.
fn curl(operation: &Operation, origin: &str) -> String {
    let method = if operation.method == "GET" { String::new() } else { format!(" -X {}", operation.method) };
    let url = format!("{origin}{}", operation.path);
    let url = if url.contains('{') { format!("'{url}'") } else { url };
    let unbuffered = if operation.is_stream { " -N" } else { "" };
    let mut lines = vec![format!("curl{method}{unbuffered} {url}")];
    if operation.access != Access::Open {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".into());
    }
    if let Some(body) = &operation.body {
        let json = body.example.lines().map(str::trim_start).collect::<Vec<_>>().join(" ");
        lines.push("-H 'Content-Type: application/json'".into());
        lines.push(format!("--data-raw '{}'", json.replace('\'', r"'\''")));
    }
    lines.join(" \\\n  ")
}
