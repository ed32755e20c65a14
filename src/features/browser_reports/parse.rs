//! The two forms in which reports arrive.

use serde_json::Value;

use crate::http::{extract::not_json_at, problem::Problem};

/// The kinds that are kept. Others are taken and dropped.
pub(super) const KINDS: [&str; 4] = ["csp-violation", "permissions-policy-violation", "deprecation", "intervention"];

/// How many reports of one request are looked at.
const MOST: usize = 50;

/// The media types of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/reports+json`: an array of reports (W3C Reporting API). Safari sends a report alone.
    Reports,
    /// `application/csp-report`: one violation, with other names (CSP2, `report-uri`).
    CspReport,
}

impl Form {
    pub(super) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/reports+json" => Some(Self::Reports),
            "application/csp-report" => Some(Self::CspReport),
            _ => None,
        }
    }
}

/// A report as it was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent<'a> {
    /// One of [`KINDS`].
    pub kind: &'static str,
    /// The URL of the page.
    pub url: &'a str,
    /// What happened.
    body: &'a Value,
}

impl Sent<'_> {
    /// The first of these members that is text and not empty.
    pub(super) fn text(&self, names: &[&str]) -> &str {
        let found = names.iter().filter_map(|name| self.body[*name].as_str()).find(|text| !text.is_empty());
        found.unwrap_or_default()
    }

    /// The first of these members that is a number.
    pub(super) fn number(&self, names: &[&str]) -> Option<u32> {
        names.iter().find_map(|name| self.body[*name].as_u64()).and_then(|number| number.try_into().ok())
    }
}

/// Parses the body of a request.
///
/// # Errors
/// [`Problem::InvalidBody`]
pub(super) fn json(bytes: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(bytes).map_err(|error| not_json_at(error.line(), error.column()))
}

/// The reports in `body`, without those of kinds that are not kept.
///
/// # Errors
/// [`Problem::InvalidBody`]
pub(super) fn reports(form: Form, body: &Value) -> Result<Vec<Sent<'_>>, Problem> {
    let invalid = |what: &str| Problem::InvalidBody(what.into());
    if form == Form::CspReport {
        let violation = body.get("csp-report").filter(|report| report.is_object());
        let violation = violation.ok_or_else(|| invalid("The body is not an object with an object `csp-report`."))?;
        let url = violation["document-uri"].as_str().ok_or_else(|| invalid("The report has no `document-uri`."))?;
        return Ok(vec![Sent { kind: KINDS[0], url, body: violation }]);
    }
    let all = body.as_array().map_or_else(|| std::slice::from_ref(body), Vec::as_slice);
    let sent = all.iter().take(MOST).map(|report| {
        let (kind, url, body) = (report["type"].as_str()?, report["url"].as_str()?, report.get("body")?);
        Some((kind, url, body.is_object().then_some(body)))
    });
    let sent = sent.collect::<Option<Vec<_>>>();
    let sent = sent.ok_or_else(|| invalid("Each report is an object with `type`, `url` and `body`."))?;
    let kept = sent.into_iter().filter_map(|(kind, url, body)| {
        let kind = KINDS.into_iter().find(|known| *known == kind)?;
        Some(Sent { kind, url, body: body? })
    });
    Ok(kept.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kinds(form: Form, body: &Value) -> Option<Vec<&'static str>> {
        reports(form, body).ok().map(|sent| sent.iter().map(|report| report.kind).collect())
    }

    #[test]
    fn both_forms_are_read() {
        let report = |kind: &str| json!({"type": kind, "url": "https://a.example/", "body": {}, "age": 7});
        for (form, body, expected) in [
            (Form::Reports, json!([]), Some(vec![])),
            (Form::Reports, report("deprecation"), Some(vec!["deprecation"])),
            (Form::Reports, json!([report("csp-violation"), report("new")]), Some(vec!["csp-violation"])),
            (Form::Reports, json!([report("csp-violation"), 7]), None),
            (Form::Reports, json!([{"type": "new", "url": "", "body": null}]), Some(vec![])),
            (Form::Reports, json!([{"type": "csp-violation", "body": {}}]), None),
            (Form::Reports, json!("text"), None),
            (Form::Reports, json!(vec![report("deprecation"); 60]), Some(vec!["deprecation"; 50])),
            (Form::CspReport, json!({"csp-report": {"document-uri": ""}}), Some(vec!["csp-violation"])),
            (Form::CspReport, json!({"csp-report": {}}), None),
            (Form::CspReport, json!({"csp-report": 7}), None),
            (Form::CspReport, json!([]), None),
        ] {
            assert_eq!(kinds(form, &body), expected, "{body}");
        }
    }
}
