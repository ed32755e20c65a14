//! The pages of recovery codes.

use leptos::{either::Either, prelude::*};

use super::PATH;
use crate::{
    auth::sign_in::ANSWER_FIELD,
    features::accounts::security::SecurityPage,
    ui::{CodeBlock, CodeField, Confirm, FormState},
};

/// The field for a code.
pub(super) fn code_field(form: FormState) -> AnyView {
    const HINT: &str = "One of the codes that you saved when you turned on two-factor authentication. It works once.";
    view! { <CodeField name=ANSWER_FIELD label="Recovery code" form hint=HINT autocomplete="off" longest=40 /> }
        .into_any()
}

#[component]
pub(super) fn CodesView(left: i64, is_required: bool) -> impl IntoView {
    let (count, noun) = (left.to_string(), if left == 1 { " code" } else { " codes" });
    let content = if is_required {
        Either::Left(view! {
            <p>"You have " <strong>{count}{noun}</strong> " left. Each signs you in once without your phone."</p>
            <p class="hint">"We store only hashes of them, so we cannot show them again. You can create new ones."</p>
            <Confirm
                id="renew-codes"
                open="Create new codes…"
                title="Create new recovery codes?"
                action=PATH
                confirm="Create new codes"
            >
                "The codes that you have now will stop working."
            </Confirm>
        })
    } else {
        Either::Right(view! {
            <p>
                "Recovery codes are created when you turn on two-factor authentication. Each signs you in once, for when "
                "you do not have your phone."
            </p>
        })
    };
    view! { <SecurityPage title="Recovery codes">{content}</SecurityPage> }
}

#[component]
pub(super) fn FreshCodesView(codes: String) -> impl IntoView {
    let lines: String = percent_encoding::utf8_percent_encode(&codes, percent_encoding::NON_ALPHANUMERIC).collect();
    view! {
        <SecurityPage title="Your recovery codes">
            <p role="status">
                "Save these codes now, in a password manager or on paper. Each signs you in once, for when you do not "
                "have your phone. We store only hashes of them, so we cannot show them again."
            </p>
            <CodeBlock text=codes id="recovery-codes".into() />
            <p>
                <a download="recovery-codes.txt" href=format!("data:text/plain;charset=utf-8,{lines}")>
                    "Download as text"
                </a>
                ", or print this page."
            </p>
            <p><a class="button" href=crate::features::accounts::security::PATH>"I have saved my codes"</a></p>
        </SecurityPage>
    }
}
