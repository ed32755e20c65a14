//! Every part of `src/ui`, each with a line on when to use it.

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
pub(super) async fn components(visit: PageContext) -> Response {
    visit.page(StatusCode::OK, "Components", || view! { <Components /> }).await
}

#[component]
fn Components() -> impl IntoView {
    view! {
        <header>
            <h1>"Components"</h1>
            <p class="lead">"What every page is made of. Their code is in " <code>"src/ui"</code> ", their looks in " <code>"style/"</code> "."</p>
        </header>
        <Actions />
        <Fields />
        <Said />
        <Lists />
        <FooterLinks />
    }
}

#[component]
fn Actions() -> impl IntoView {
    view! {
        <Card title="Buttons, and what asks first">
            <p class="hint">"One full button to a form; quiet ones beside it. What cannot be taken back is red, and asks."</p>
            <div class="row">
                <button type="button">"Save"</button>
                <button type="button" class="quiet">"Cancel"</button>
                <button type="button" class="danger">"Delete for good"</button>
                <button type="button" aria-busy="true">"Saving"</button>
                <a class="button quiet" href="#top">"A link"</a>
            </div>
            <div class="row">
                <Confirm id="ask" open="Delete…" title="Delete it?" action="/dev/components" confirm="Delete for good">
                    "Nothing happens here: this is only the question."
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
    let wrong =
        FieldError { field: "wrong".into(), message: "Enter an email address, such as ada@example.org.".into() };
    let form = FormState::default().with("right", "Ada").with("wrong", "ada at example");
    let form = FormState { errors: vec![wrong], ..form };
    view! {
        <Card title="Form and fields">
            <p class="hint">"Label above, hint below it, and what is wrong beside the field. What was typed stays."</p>
            <Notice text=Some("What is wrong with the whole form stands above it.".into()) />
            <form>
                <TextField name="right" label="Name" form=form.clone() hint="A hint says what to know before typing." autocomplete="off" />
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
fn Said() -> impl IntoView {
    view! {
        <Card title="Code, badge, avatar">
            <CodeBlock text="curl -H 'Authorization: Bearer vst_…' https://house.example/api/v1/notes".into() />
            <div class="row">
                <Avatar name="Ada Lovelace" /> <Avatar name="Grace Hopper" /> <Avatar name="Émile" />
                <Badge>"This browser"</Badge> <Badge>"Expired"</Badge>
            </div>
        </Card>
    }
}

#[component]
fn Lists() -> impl IntoView {
    let rows = [["Cookie", "The browser"], ["Token", "The code that asks"]];
    view! {
        <Card title="List, table, pages">
            <ul class="rows">
                <li><div><p>"First"</p><p class="hint">"With what is worth knowing of it."</p></div><button type="button" class="quiet">"Open"</button></li>
                <li><div><p>"Second"</p><p class="hint">"One line each, if it can be."</p></div><button type="button" class="quiet">"Open"</button></li>
            </ul>
            <Pagination newer=Some("#top".into()) older=Some("#top".into()) />
            <Table
                caption="Who sends what"
                head=vec!["Credential", "Sent by"]
                rows=rows.map(|row| row.map(str::to_owned).to_vec()).to_vec()
            />
        </Card>
        <Card title="Nothing yet, and on its way">
            <Empty title="No notes yet">"Write the first one above."</Empty>
            <Skeleton rows=3 />
        </Card>
    }
}

#[component]
fn FooterLinks() -> impl IntoView {
    view! {
        <Card title="Tabs">
            <Tabs name="door" label="Door" tabs=vec!["Session", "Token"]>
                <Panel><p>"Cookie: __Host-Http-session=…"</p></Panel>
                <Panel><p>"Authorization: Bearer vst_…"</p></Panel>
            </Tabs>
        </Card>
    }
}
