import Ccmark

/// The HTML of an entry's text (CommonMark), without what could be a script: cmark's safe mode leaves out raw HTML, and what
/// links lead to is looked at here.
enum Markdown {
    /// `title`: a heading that only repeats it is left out, since the page has one already. `link`: the address of an entry.
    static func html(_ text: String, title: String, link: (String) -> String) -> HTML {
        var text = text
        let parsed = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                // SAFE is the default, and says what is meant: no raw HTML.
                bytes.baseAddress.flatMap { cmark_parse_document($0, bytes.count, CMARK_OPT_SAFE) }
            }
        }
        guard let parsed else { return "" }
        defer { cmark_node_free(parsed) }
        let document = MarkdownNode(parsed)
        document.limitDepth()
        document.fitHeadings(title)
        document.fitLinks(link)
        guard let rendered = cmark_render_html(parsed, CMARK_OPT_SAFE) else { return "" }
        defer { cmark_get_default_mem_allocator().pointee.free(rendered) }
        return HTML(safe: String(cString: rendered))
    }
}
