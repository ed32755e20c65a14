//! The shape of each island's HTML, which `public/page.js` checks before it hydrates the island.
//!
//! Browser extensions and translations change a page before it is hydrated. Hydration walks an island node by node, and
//! panics if the nodes differ.

use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

const ISLAND: &str = "<leptos-island ";

/// Elements without an end tag (HTML, "void elements").
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];

/// Elements whose content a browser that runs scripts parses as text.
const TEXT: [&str; 5] = ["noscript", "script", "style", "textarea", "title"];

/// Adds the attribute `data-shape` to each island of a page: `name(…)` for an element, `name;` for an element without
/// element content, `.` for text and `!` for a comment.
pub fn with_shapes(html: &str) -> String {
    let mut shaped = String::with_capacity(html.len() + html.len() / 16);
    let mut rest = html;
    while let Some(start) = memmem::find(rest.as_bytes(), ISLAND.as_bytes()) {
        let (before, island) = rest.split_at(start);
        let (tag, inside) = island.split_at(tag_length(island));
        for part in [before, tag.trim_end_matches('>'), " data-shape=\""] {
            shaped.push_str(part);
        }
        let length = shape_of(inside, &mut shaped);
        let (inside, after) = inside.split_at(length);
        shaped.push_str("\">");
        shaped.push_str(inside);
        rest = after;
    }
    shaped.push_str(rest);
    shaped
}

/// Appends the shape of the content before the end tag of the enclosing element, and returns the length of that
/// content.
fn shape_of(html: &str, shape: &mut String) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(rest) = html.get(at..).filter(|rest| !rest.is_empty()) {
        at += if rest.starts_with("</") {
            if depth == 0 {
                break;
            }
            depth -= 1;
            shape.push(')');
            past(rest, ">")
        } else if rest.starts_with("<!--") {
            shape.push('!');
            past(rest, "-->")
        } else if rest.starts_with("<!") {
            shape.push('!');
            past(rest, ">")
        } else if let Some(tag) = rest.strip_prefix('<') {
            let name = push_name(tag, shape);
            let name = shape.get(name).unwrap_or_default();
            let length = tag_length(rest);
            let is_text = TEXT.contains(&name);
            let is_empty = is_text || VOID.contains(&name) || rest.get(..length).is_some_and(|tag| tag.ends_with("/>"));
            let end = if is_text { rest.get(length..).map_or(0, |text| past(text, &format!("</{name}>"))) } else { 0 };
            shape.push(if is_empty { ';' } else { '(' });
            depth += usize::from(!is_empty);
            length + end
        } else {
            shape.push('.');
            memchr(b'<', rest.as_bytes()).unwrap_or(rest.len())
        };
    }
    at.min(html.len())
}

/// Appends the name that a tag begins with, in lower case, and returns where it is.
fn push_name(tag: &str, shape: &mut String) -> Range<usize> {
    let end = tag.bytes().position(|byte| byte.is_ascii_whitespace() || byte == b'>' || byte == b'/');
    let start = shape.len();
    shape.push_str(end.and_then(|end| tag.get(..end)).unwrap_or(tag));
    if let Some(name) = shape.get_mut(start..) {
        name.make_ascii_lowercase();
    }
    start..shape.len()
}

/// The offset just after the next `end`.
fn past(html: &str, end: &str) -> usize {
    memmem::find(html.as_bytes(), end.as_bytes()).map_or(html.len(), |at| at + end.len())
}

/// The length of the tag that `html` begins with. A `>` in quotes does not end it.
fn tag_length(html: &str) -> usize {
    let (bytes, mut at) = (html.as_bytes(), 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'>', b'"', rest)) {
        at += found + 1;
        if bytes.get(at - 1) == Some(&b'>') {
            return at;
        }
        let Some(quoted) = bytes.get(at..).and_then(|rest| memchr(b'"', rest)) else { break };
        at += quoted + 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(inside: &str) -> String {
        let mut shape = String::new();
        let length = shape_of(&format!("{inside}</leptos-island><p>after</p>"), &mut shape);
        assert_eq!(length, inside.len(), "{inside}");
        shape
    }

    #[test]
    fn each_node_counts_once() {
        for (html, expected) in [
            ("", ""),
            ("text &lt;b&gt; and <b>bold</b>", ".b(.)"),
            ("<p class=\"a > b\">x</p>", "p(.)"),
            ("<!><!-- a > b -->x", "!!."),
            ("<form><input value=\"</form>\"><br/></form>", "form(input;br;)"),
            ("<textarea>\n&lt;p></textarea><noscript><button>x</button></noscript>", "textarea;noscript;"),
            ("<svg><path d=\"M0\"/></svg>", "svg(path;)"),
            ("<P>é</P>", "p(.)"),
            ("<h2 title=\"a > b\" class=x>y</h2><hr>z", "h2(.)hr;."),
        ] {
            assert_eq!(shape(html), expected, "{html}");
        }
    }

    #[test]
    fn every_island_gets_its_own_and_nothing_else_changes() {
        let page = concat!(
            r#"<p>a</p><leptos-island data-component="A" data-props="{&quot;x>y&quot;}"><p>b</p></leptos-island>"#,
            r#"<i>c</i><leptos-island data-component="B"></leptos-island>"#,
        );
        let shaped = with_shapes(page);
        assert_eq!(shaped.replace(r#" data-shape="p(.)""#, "").replace(r#" data-shape="""#, ""), page);
        assert!(shaped.contains(r#"data-props="{&quot;x>y&quot;}" data-shape="p(.)"><p>b"#), "{shaped}");
        assert!(shaped.contains(r#"data-component="B" data-shape=""></leptos-island>"#), "{shaped}");
    }

    #[test]
    fn whatever_comes_ends() {
        for html in [
            "<leptos-island ",
            "<leptos-island a=\"",
            "<leptos-island ><p",
            "<leptos-island ><!--",
            "<leptos-island >é<",
            "<",
        ] {
            assert!(with_shapes(html).starts_with('<'));
        }
    }
}
