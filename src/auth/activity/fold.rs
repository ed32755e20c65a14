//! Groups repeated events into one row with a count, so that nobody can flood the list.

use std::net::IpAddr;

use uuid::Uuid;

use super::{Event, Kind};
use crate::{http::client::Network, timestamp::Timestamp};

/// The number of rows on a page.
pub(crate) const ROWS: usize = 50;

/// Events that differ only in their time and, within one network, their address.
#[derive(Clone, Debug)]
pub struct Row {
    /// The newest event.
    pub newest: Event,
    /// The time of the oldest event on this page.
    pub since: Timestamp,
    /// The number of events.
    pub count: u32,
}

/// A page of the activity, newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Ordered by the newest event of each row.
    pub rows: Vec<Row>,
    /// The id of the event before which the next page begins; `None` on the last page.
    pub older: Option<Uuid>,
}

impl Page {
    /// Adds the next older event. Returns `false` if the page is full.
    pub(crate) fn take(&mut self, event: Event) -> bool {
        let id = event.id;
        if let Some(row) = self.rows.iter_mut().find(|row| row.is_of(&event)) {
            row.count += 1;
            row.since = event.at;
        } else if self.rows.len() < ROWS {
            self.rows.push(Row { since: event.at, newest: event, count: 1 });
        } else {
            return false;
        }
        self.older = Some(id);
        true
    }
}

impl Row {
    fn is_of(&self, event: &Event) -> bool {
        let same = |event: &Event| (event.kind, event.credential.clone(), event.subject.clone(), network(event));
        // Events of unknown kinds, written by a later version, may differ.
        event.kind != Kind::Unknown && same(&self.newest) == same(event)
    }
}

/// The network of one customer of a provider. An address that cannot be parsed is a network of its own.
fn network(event: &Event) -> String {
    let address = event.address.parse::<IpAddr>();
    address.map_or_else(|_| event.address.clone(), |address| Network::around(address, 32, 64).to_string())
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn event(kind: Kind, address: &str, subject: &str) -> Event {
        Event {
            id: Uuid::now_v7(),
            at: Timestamp::new(OffsetDateTime::UNIX_EPOCH),
            kind,
            credential: "password".into(),
            credential_id: None,
            subject_id: None,
            subject: subject.into(),
            address: address.into(),
            browser: "Firefox on Linux".into(),
        }
    }

    fn counts(events: impl IntoIterator<Item = Event>) -> Vec<u32> {
        let mut page = Page::default();
        assert!(events.into_iter().all(|event| page.take(event)));
        page.rows.iter().map(|row| row.count).collect()
    }

    #[test]
    fn one_kind_from_one_network_is_one_row() {
        use Kind::{SignInFailed, TokenCreated, Unknown};
        let failed = |address| event(SignInFailed, address, "");
        assert_eq!(counts([failed("192.0.2.1"), failed("192.0.2.2"), failed("192.0.2.1")]), [2, 1]);
        assert_eq!(counts([failed("2001:db8::1"), failed("2001:db8::2"), failed("2001:db8:1::1")]), [2, 1]);
        assert_eq!(counts([failed(""), failed(""), failed("nonsense")]), [2, 1]);
        assert_eq!(counts([event(TokenCreated, "", "a"), event(TokenCreated, "", "b")]), [1, 1], "two tokens");
        assert_eq!(counts([event(Unknown, "", ""), event(Unknown, "", "")]), [1, 1]);
    }

    #[test]
    fn a_full_page_takes_what_it_has_a_row_for_and_says_where_it_ends() {
        let mut page = Page::default();
        for number in 0..ROWS {
            assert!(page.take(event(Kind::TokenCreated, "", &number.to_string())));
        }
        let last = event(Kind::TokenCreated, "", "0");
        assert!(page.take(last.clone()) && !page.take(event(Kind::TokenCreated, "", "one more")));
        assert_eq!((page.rows.len(), page.rows[0].count, page.older), (ROWS, 2, Some(last.id)));
    }
}
