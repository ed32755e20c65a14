//! The shape of each island's HTML, which `public/page.js` checks before it hydrates the island.
//!
//! Browser extensions and translations change a page before it is hydrated. Hydration walks an island node by node, and
//! panics if the nodes differ.

use std::fmt::Write;

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
    while let Some(start) = rest.find(ISLAND) {
        let (before, island) = rest.split_at(start);
        let (tag, inside) = island.split_at(tag_length(island));
        let (shape, length) = shape_of(inside);
        let (inside, after) = inside.split_at(length);
        let _ = write!(shaped, r#"{before}{} data-shape="{shape}">{inside}"#, tag.trim_end_matches('>'));
        rest = after;
    }
    shaped + rest
}

/// The shape of the content before the end tag of the enclosing element, and the length of that content.
fn shape_of(html: &str) -> (String, usize) {
    let (mut shape, mut at, mut depth) = (String::new(), 0, 0_usize);
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
            let name = tag.split(|c: char| c.is_ascii_whitespace() || c == '>' || c == '/').next().unwrap_or_default();
            let name = name.to_ascii_lowercase();
            shape.push_str(&name);
            let length = tag_length(rest);
            let is_text = TEXT.contains(&name.as_str());
            if is_text || VOID.contains(&name.as_str()) || rest.get(..length).is_some_and(|tag| tag.ends_with("/>")) {
                shape.push(';');
            } else {
                shape.push('(');
                depth += 1;
            }
            let end = format!("</{name}>");
            length + rest.get(length..).filter(|_| is_text).map_or(0, |text| past(text, &end))
        } else {
            shape.push('.');
            rest.find('<').unwrap_or(rest.len())
        };
    }
    (shape, at.min(html.len()))
}

/// The offset just after the next `end`.
fn past(html: &str, end: &str) -> usize {
    html.find(end).map_or(html.len(), |at| at + end.len())
}

/// The length of the tag that `html` begins with.
fn tag_length(html: &str) -> usize {
    let mut quoted = false;
    let end = html.find(|c: char| {
        quoted ^= c == '"';
        c == '>' && !quoted
    });
    end.map_or(html.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(inside: &str) -> String {
        let (shape, length) = shape_of(&format!("{inside}</leptos-island><p>after</p>"));
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
