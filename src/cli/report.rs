//! A report as one HTML file that needs nothing else: text, tables, SVG figures inside.

use std::fmt::Write;

pub struct Report {
    title: String,
    body: String,
}

impl Report {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), body: String::new() }
    }

    fn element(&mut self, tag: &str, text: &str) {
        // Writing into a String cannot fail.
        let _infallible = writeln!(self.body, "<{tag}>{}</{tag}>", escape(text));
    }

    pub fn heading(&mut self, text: &str) {
        self.element("h2", text);
    }

    pub fn paragraph(&mut self, text: &str) {
        self.element("p", text);
    }

    /// A table whose first column is text and whose others are numbers.
    pub fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        self.body.push_str("<table>\n<tr>");
        head.iter().for_each(|cell| self.element("th", cell));
        self.body.push_str("</tr>\n");
        for row in rows {
            self.body.push_str("<tr>");
            row.iter().for_each(|cell| self.element("td", cell));
            self.body.push_str("</tr>\n");
        }
        self.body.push_str("</table>\n");
    }

    /// An SVG document, as it is, with its caption.
    pub fn figure(&mut self, svg: &str, caption: &str) {
        let _infallible =
            writeln!(self.body, "<figure>{svg}<figcaption>{}</figcaption></figure>", escape(caption));
    }

    pub fn finish(self) -> String {
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n{}</main>\n</html>\n",
            self.body,
            title = escape(&self.title),
        )
    }
}

const STYLE: &str = "
:root { color-scheme: light }
body { margin: 0; background: #f6f7f9; color: #1a2027; font: 15px/1.55 Inter, Helvetica, Arial, sans-serif }
main { max-width: 900px; margin: 32px auto; padding: 8px 40px 40px; background: #fff; border: 1px solid #d5dbe1; border-radius: 8px }
h1 { font-size: 26px } h2 { font-size: 18px; margin-top: 36px; border-bottom: 1px solid #d5dbe1; padding-bottom: 4px }
table { border-collapse: collapse; margin: 12px 0; font-variant-numeric: tabular-nums }
th, td { padding: 5px 18px 5px 0; text-align: right; border-bottom: 1px solid #eef1f4 }
th:first-child, td:first-child { text-align: left }
th { color: #55616d; font-weight: 600 }
figure { margin: 20px 0; overflow-x: auto } figcaption { color: #55616d; font-size: 13px; max-width: 70ch }
svg { max-width: 100%; height: auto }
code { background: #eef1f4; padding: 1px 4px; border-radius: 4px }
";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_break_the_page() {
        let mut report = Report::new("A < B");
        report.table(&["who & what"], &[vec!["<script>".into()]]);
        let page = report.finish();
        assert!(
            page.contains("A &lt; B") && page.contains("&lt;script&gt;") && page.contains("who &amp; what")
        );
        assert!(!page.contains("<script>"));
    }
}
