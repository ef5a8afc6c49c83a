import Ccmark

/// Renders an entry's text (CommonMark) as HTML without scripts: cmark's safe mode omits raw HTML, and link targets are
/// checked here.
enum Markdown {
    /// `title`: a first heading that repeats it is omitted, since the page already has one. `link`: returns the URL of
    /// an entry.
    static func html(_ text: String, title: String, link: (String) -> String) -> HTML {
        var text = text
        let parsed = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                // SAFE is the default; stated here for clarity: no raw HTML.
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
