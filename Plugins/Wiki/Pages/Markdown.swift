import Ccmark

/// The HTML of an entry's text (CommonMark), without what could be a script: cmark's safe mode leaves out raw HTML and
/// links to anything but other pages.
enum Markdown {
    /// `title`: a heading that only repeats it is left out, since the page has one already.
    static func html(_ text: String, title: String) -> HTML {
        var text = text
        let document = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                // Raw HTML is left out unless CMARK_OPT_UNSAFE is given: SAFE is the default, and says what is meant.
                cmark_parse_document($0.baseAddress ?? UnsafePointer(bitPattern: 1)!, $0.count, CMARK_OPT_SAFE)
            }
        }
        guard let document else { return "" }
        defer { cmark_node_free(document) }
        Self.fitHeadings(document, title)
        guard let rendered = cmark_render_html(document, CMARK_OPT_SAFE) else { return "" }
        defer { cmark_get_default_mem_allocator().pointee.free(rendered) }
        return HTML(safe: String(cString: rendered))
    }

    /// A page has one heading of the first level, its title: an entry's own go below it.
    private static func fitHeadings(_ document: OpaquePointer, _ title: String) {
        if let first = cmark_node_first_child(document), Self.isHeading(first, 1),
            let only = cmark_node_first_child(first), cmark_node_next(only) == nil,
            cmark_node_get_literal(only).map({ String(cString: $0).lowercased() }) == title.lowercased()
        {
            cmark_node_unlink(first)
            cmark_node_free(first)
        }
        var headings: [OpaquePointer] = []
        var child = cmark_node_first_child(document)
        while let node = child {
            if cmark_node_get_type(node) == CMARK_NODE_HEADING { headings.append(node) }
            child = cmark_node_next(node)
        }
        guard headings.contains(where: { Self.isHeading($0, 1) }) else { return }
        for heading in headings {
            cmark_node_set_heading_level(heading, min(cmark_node_get_heading_level(heading) + 1, 6))
        }
    }

    private static func isHeading(_ node: OpaquePointer, _ level: Int32) -> Bool {
        cmark_node_get_type(node) == CMARK_NODE_HEADING && cmark_node_get_heading_level(node) == level
    }
}
