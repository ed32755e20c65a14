//! Everything we keep about a person, for them to take along.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    accounts::Account,
    activity,
    db::Db,
    notes,
    notes::{Note, service::Filter},
    problem::Problem,
    sign_ins, tokens,
};

/// One JSON document. Add a member for each resource of yours.
pub(super) async fn everything(db: &Db, account: &Account) -> Result<Value, Problem> {
    let sign_in = |sign_in: sign_ins::SignIn| {
        json!({
            "id": sign_in.id,
            "user_agent": sign_in.user_agent,
            "address": sign_in.address,
            "last_seen_at": sign_in.last_seen_at,
            "created_at": sign_in.created_at,
            "expires_at": sign_in.expires_at,
        })
    };
    let sign_ins: Vec<_> = sign_ins::service::list(db, account.id).await?.into_iter().map(sign_in).collect();
    let event = |event: activity::Event| {
        json!({
            "at": event.at,
            "event": event.kind.as_str(),
            "credential": event.credential,
            "credential_id": event.credential_id,
            "subject_id": event.subject_id,
            "subject": event.subject,
            "address": event.address,
            "browser": event.browser,
        })
    };
    let events: Vec<_> = activity::service::all(db, account.id).await?.into_iter().map(event).collect();
    Ok(json!({
        "exported_at": db.now(),
        "account": account,
        "notes": all_notes(db, account.id).await?,
        "tokens": tokens::service::list(db, account.id).await?,
        "sign_ins": sign_ins,
        "activity": events,
    }))
}

async fn all_notes(db: &Db, account: Uuid) -> Result<Vec<Note>, Problem> {
    let (mut notes, mut cursor) = (Vec::new(), None);
    loop {
        let filter = Filter { limit: Some(100), cursor, q: None };
        let page = notes::service::list(db, account, filter).await?;
        notes.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(notes);
        }
    }
}
