import Ccmark

/// A node of a parsed text. Owned by cmark, and valid as long as its document.
struct MarkdownNode {
    /// Maximum nesting depth. Deeper nodes are removed, since every level of nested quotations adds tags.
    static let deepest = 64

    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    private init?(_ pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    var type: cmark_node_type { cmark_node_get_type(self.pointer) }
    var firstChild: MarkdownNode? { MarkdownNode(cmark_node_first_child(self.pointer)) }
    var next: MarkdownNode? { MarkdownNode(cmark_node_next(self.pointer)) }
    var parent: MarkdownNode? { MarkdownNode(cmark_node_parent(self.pointer)) }
    var literal: String? { cmark_node_get_literal(self.pointer).map { String(cString: $0) } }
    var level: Int32 { self.type == CMARK_NODE_HEADING ? cmark_node_get_heading_level(self.pointer) : 0 }
    var url: String {
        get { cmark_node_get_url(self.pointer).map { String(cString: $0) } ?? "" }
        nonmutating set { cmark_node_set_url(self.pointer, newValue) }
    }

    func remove() {
        cmark_node_unlink(self.pointer)
        cmark_node_free(self.pointer)
    }

    /// Visits every node below this one, top down. Not recursive, since the nesting can be as deep as the text is long.
    private func walk(_ visit: (MarkdownNode, _ depth: Int) -> Void) {
        var node = self.firstChild
        var depth = 1
        while let current = node {
            visit(current, depth)
            if let child = current.firstChild {
                node = child
                depth += 1
                continue
            }
            var last = current
            while last.next == nil, let parent = last.parent, depth > 1 {
                last = parent
                depth -= 1
            }
            node = last.next
        }
    }

    func limitDepth() {
        self.walk { node, depth in
            guard depth == Self.deepest else { return }
            while let child = node.firstChild { child.remove() }
        }
    }

    /// Removes a first heading that repeats the title, and lowers the others if needed: the page's title is its only
    /// heading of the first level.
    func fitHeadings(_ title: String) {
        if let first = self.firstChild, first.level == 1, let only = first.firstChild, only.next == nil,
            only.literal?.lowercased() == title.lowercased()
        {
            first.remove()
        }
        var headings: [MarkdownNode] = []
        self.walk { node, _ in if node.level > 0 { headings.append(node) } }
        guard headings.contains(where: { $0.level == 1 }) else { return }
        for heading in headings { cmark_node_set_heading_level(heading.pointer, min(heading.level + 1, 6)) }
    }

    /// Rewrites links to entries, and removes link targets that are not allowed. Turns external images into links, so
    /// that a page loads nothing from another server, which would see its readers.
    func fitLinks(_ link: (String) -> String) {
        var images: [MarkdownNode] = []
        self.walk { node, _ in
            if node.type == CMARK_NODE_IMAGE, !LinkTarget.isOwnImage(node.url) { images.append(node) }
        }
        for image in images { image.becomeLink() }
        self.walk { node, _ in
            if node.type == CMARK_NODE_LINK { node.url = LinkTarget.address(of: node.url, entry: link) }
        }
    }

    /// Replaces the image by a link with its description as text, or by the description alone inside another link.
    private func becomeLink() {
        var isInLink = false
        var above = self.parent
        while let node = above, !isInLink {
            isInLink = node.type == CMARK_NODE_LINK
            above = node.parent
        }
        if !isInLink, let link = MarkdownNode(cmark_node_new(CMARK_NODE_LINK)) {
            link.url = self.url
            cmark_node_insert_before(self.pointer, link.pointer)
            while let child = self.firstChild { cmark_node_append_child(link.pointer, child.pointer) }
        } else {
            while let child = self.firstChild { cmark_node_insert_before(self.pointer, child.pointer) }
        }
        self.remove()
    }
}
