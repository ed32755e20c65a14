//! The page that shows every component of `src/ui`, with a note on when to use it.

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

use crate::{
    auth::page::PageContext,
    features::accounts::password_strength::Strength,
    http::problem::FieldError,
    ui::{
        Avatar, Badge, Card, CodeBlock, Confirm, Empty, FormState, Menu, Notice, Pagination, Panel, Skeleton, Table,
        Tabs, TextField,
    },
};

/// `GET /dev/components`
pub(super) async fn components(context: PageContext) -> Response {
    context.page(StatusCode::OK, "Components", || view! { <Components /> }).await
}

#[component]
fn Components() -> impl IntoView {
    view! {
        <header>
            <h1>"Components"</h1>
            <p class="lead">
                "The parts that pages are made of. Their code is in " <code>"src/ui"</code> ", their styles in "
                <code>"style/"</code> "."
            </p>
        </header>
        <Actions />
        <Fields />
        <Texts />
        <Lists />
        <TabsCard />
    }
}

#[component]
fn Actions() -> impl IntoView {
    view! {
        <Card title="Buttons and confirmation">
            <p class="hint">
                "One solid button per form, quiet ones beside it. Actions that cannot be undone are red, and ask first."
            </p>
            <div class="row">
                <button type="button">"Save"</button>
                <button type="button" class="quiet">"Cancel"</button>
                <button type="button" class="danger">"Delete for good"</button>
                <button type="button" aria-busy="true">"Saving"</button>
                <a class="button quiet" href="#top">"A link"</a>
            </div>
            <div class="row">
                <Confirm id="ask" open="Delete…" title="Delete it?" action="/dev/components" confirm="Delete for good">
                    "This is an example: nothing will be deleted."
                </Confirm>
                <Menu id="more" label="More">
                    <li><a href="#top">"One thing"</a></li>
                    <li><a href="#top">"Another"</a></li>
                </Menu>
            </div>
        </Card>
    }
}

#[component]
fn Fields() -> impl IntoView {
    let wrong = FieldError::new("wrong", "Enter an email address, such as ada@example.org.");
    let form = FormState::default().with("right", "Ada").with("wrong", "ada at example");
    let form = FormState { errors: vec![wrong], ..form };
    view! {
        <Card title="Form and fields">
            <p class="hint">
                "The label and a hint above the field, the error message below it. A refused form keeps what was typed."
            </p>
            <Notice text=Some("A message about the whole form appears above it.".into()) />
            <form>
                <TextField
                    name="right"
                    label="Name"
                    form=form.clone()
                    hint="A hint says what to know before typing."
                    autocomplete="off"
                />
                <TextField name="wrong" label="E-mail" form=form.clone() autocomplete="off" />
                <TextField name="password" label="New password" kind="password" form=form autocomplete="new-password" />
                <Strength />
                <label class="check"><input type="checkbox" checked />"A choice"</label>
                <div class="field">
                    <label for="select">"One of several"</label>
                    <select id="select"><option>"7 days"</option><option>"30 days"</option></select>
                </div>
                <div class="field">
                    <label for="long">"Long text"</label>
                    <textarea id="long" rows="4"></textarea>
                </div>
            </form>
        </Card>
    }
}

#[component]
fn Texts() -> impl IntoView {
    view! {
        <Card title="Code, badge, avatar">
            <CodeBlock text="curl -H 'Authorization: Bearer vst_…' https://app.example.com/api/v1/me".into() />
            <div class="row">
                <Avatar name="Ada Lovelace" /> <Avatar name="Grace Hopper" /> <Avatar name="Émile" />
                <Badge>"This browser"</Badge> <Badge>"Expired"</Badge>
            </div>
        </Card>
    }
}

#[component]
fn Lists() -> impl IntoView {
    let rows = [["Cookie", "The browser"], ["Token", "The client's code"]];
    view! {
        <Card title="List, table, pagination">
            <ul class="rows">
                <li>
                    <div><p>"First"</p><p class="hint">"With its most important details."</p></div>
                    <button type="button" class="quiet">"Open"</button>
                </li>
                <li>
                    <div><p>"Second"</p><p class="hint">"One line each, if possible."</p></div>
                    <button type="button" class="quiet">"Open"</button>
                </li>
            </ul>
            <Pagination newer=Some("#top".into()) older=Some("#top".into()) />
            <Table
                caption="Credentials"
                head=vec!["Credential", "Sent by"]
                rows=rows.map(|row| row.map(str::to_owned).to_vec()).to_vec()
            />
        </Card>
        <Card title="Empty and loading">
            <Empty title="Nothing here yet.">"Add the first item above."</Empty>
            <Skeleton rows=3 />
        </Card>
    }
}

#[component]
fn TabsCard() -> impl IntoView {
    view! {
        <Card title="Tabs">
            <Tabs name="door" label="Door" tabs=vec!["Session", "Token"]>
                <Panel><p>"Cookie: __Host-Http-session=…"</p></Panel>
                <Panel><p>"Authorization: Bearer vst_…"</p></Panel>
            </Tabs>
        </Card>
    }
}
