//! The value of the header.

/// Where a request comes from, in the terms of its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "otel"), allow(dead_code, reason = "only OpenTelemetry needs the caller's span"))]
pub(super) struct Parent<'a> {
    /// 32 hexadecimal digits.
    pub(super) trace: &'a str,
    /// 16 hexadecimal digits: the span of the caller.
    pub(super) span: &'a str,
    /// Whether the caller records the trace.
    pub(super) sampled: bool,
}

/// Version 00, or what a later version begins with (W3C Trace Context section 3.2).
pub(super) fn parsed(text: &str) -> Option<Parent<'_>> {
    let mut parts = text.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_set = |part: &str| part.bytes().any(|byte| byte != b'0');
    let whole = is_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
    let named = is_hex(trace, 32) && is_set(trace) && is_hex(span, 16) && is_set(span) && is_hex(flags, 2);
    let sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    (whole && named).then_some(Parent { trace, span, sampled })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn only_a_well_formed_parent_is_taken() {
        let good = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let parent = Parent { trace: TRACE, span: "00f067aa0ba902b7", sampled: true };
        assert_eq!(parsed(&good), Some(parent));
        assert!(parsed(&format!("01-{TRACE}-00f067aa0ba902b7-00-more")).is_some_and(|parent| !parent.sampled));
        for bad in [
            String::new(),
            format!("{good}-more"),
            good.to_uppercase(),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-0g"),
            format!("00-{TRACE}\n-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(parsed(&bad), None, "{bad}");
        }
    }
}
