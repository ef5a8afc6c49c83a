import ASGI

extension Site {
    /// One page of all titles.
    func index(_ titles: [EntryTitle], of count: Int, page: Int, pages: Int) -> HTTPResponse {
        guard count > 0 else {
            let new: HTML? =
                self.mayEdit ? #"<p><a class="button" href="\#(self.link(.new))">Write the first one</a></p>"# : nil
            return self.page("All entries", at: .index, "<p>There are no entries yet.</p>\n\(new)")
        }
        return self.page(
            "All entries", at: .index,
            """
            <p class="note">\(count) \(count == 1 ? "entry" : "entries")</p>
            <ul class="titles">\(self.links(to: titles))</ul>
            \(pages > 1 ? self.pager(page, pages) : nil)
            """
        )
    }

    func links(to titles: [EntryTitle]) -> [HTML] {
        titles.map { #"<li><a href="\#(self.link(.entry($0.text)))">\#($0.text)</a></li>\#n"# }
    }

    private func pager(_ page: Int, _ pages: Int) -> HTML {
        let before: HTML? =
            page > 1 ? #"<a rel="prev" href="\#(self.link(.index))?page=\#(page - 1)">Previous</a>"# : nil
        let after: HTML? =
            page < pages ? #"<a rel="next" href="\#(self.link(.index))?page=\#(page + 1)">Next</a>"# : nil
        return
            #"<nav class="pager" aria-label="Pages">\#(before)<span>Page \#(page) of \#(pages)</span>\#(after)</nav>"#
    }
}
