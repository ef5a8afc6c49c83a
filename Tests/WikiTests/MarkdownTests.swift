import Testing

@testable import Wiki

/// The HTML of an entry's text. CommonMark itself is tested by cmark.
@Suite("Markdown")
struct MarkdownTests {
    private func html(_ text: String, title: String = "Title") -> String {
        Markdown.html(text, title: title) { "/wiki/\($0)" }.text
    }

    @Test(
        "no text produces a script",
        arguments: [
            "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "<b onclick=x>b</b>",
            "</textarea><script>alert(1)", "```\"><script>alert(1)</script>\n```", "[a](\"onmouseover=alert(1))",
            "[a](javascript:alert(1))", "[a](JaVaScRiPt:alert(1))", "[a](data:text/html,<script>alert(1)</script>)",
            "<javascript:alert(1)>", "[a](vbscript:x)", "[a]: javascript:alert(1)\n\n[a]",
            "[a](java&#115;cript:alert(1))",
            "[a](file:///etc/passwd)", "[a](ms-settings:x)", "![a](javascript:alert(1))",
            "![a](data:image/svg+xml,<svg>)",
        ])
    func scripts(text: String) {
        let html = self.html(text).lowercased()
        for bad in [
            "<script", "<svg", "<img", "<b", "href=\"java", "href=\"data", "href=\"file", "href=\"vb", "href=\"ms-",
            " on",
        ] {
            #expect(!html.contains(bad), "\(html)")
        }
    }

    @Test(
        "links lead to entries, to pages of the site, and to other sites",
        arguments: [
            ("[a](Wiki)", "<a href=\"/wiki/Wiki\">"), ("[a](C%2B%2B#top)", "<a href=\"/wiki/C++#top\">"),
            ("[a](./C:x)", "<a href=\"/wiki/C:x\">"), ("[a](/changes)", "<a href=\"/changes\">"),
            ("[a](#b)", "<a href=\"#b\">"), ("[a](https://example.com/x)", "<a href=\"https://example.com/x\">"),
            ("<a@example.com>", "<a href=\"mailto:a@example.com\">"),
            ("[a](../settings)", "<a href=\"/wiki/../settings\">"),
        ])
    func links(text: String, link: String) { #expect(self.html(text).contains(link), "\(self.html(text))") }

    @Test("embedded images are shown; other images become links")
    func images() {
        #expect(self.html("![a](data:image/png;base64,AA==)").contains("<img src=\"data:image/png"))
        #expect(
            self.html("![*a*](https://example.com/x.png)")
                == "<p><a href=\"https://example.com/x.png\"><em>a</em></a></p>\n")
        #expect(
            self.html("[![a](https://x.example/x)](https://y.example)")
                == "<p><a href=\"https://y.example\">a</a></p>\n")
    }

    @Test("the title is the only heading of the first level, wherever other headings are")
    func headings() {
        #expect(self.html("# title\n\n## Next") == "<h2>Next</h2>\n")
        #expect(self.html("# Other\n\n## Next") == "<h2>Other</h2>\n<h3>Next</h3>\n")
        let nested = self.html("> # inner\n\n- # item\n\n###### six")
        #expect(!nested.contains("<h1"))
        #expect(
            nested.contains("<h2>inner</h2>") && nested.contains("<h2>item</h2>") && nested.contains("<h6>six</h6>"))
    }

    @Test("the size of a page is proportional to its text, however nested", arguments: [">", "- ", "1. ", "[", "*_"])
    func nesting(text: String) {
        let long = String(repeating: text, count: 100_000)
        #expect(self.html(long + "x").utf8.count < 4 * long.utf8.count)
    }
}
