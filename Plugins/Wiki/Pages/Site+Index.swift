import ASGI

extension Site {
    /// A page of the list of all titles.
    func index(_ titles: [EntryTitle], _ paging: Paging) -> HTTPResponse {
        guard !titles.isEmpty else {
            let new: HTML? =
                self.mayEdit ? #"<p><a class="button" href="\#(self.link(.new))">Write the first one</a></p>"# : nil
            return self.page("All entries", at: .index, "<p>There are no entries yet.</p>\n\(new)")
        }
        return self.page(
            "All entries", at: .index,
            """
            <p class="note">\(titles.count) \(titles.count == 1 ? "entry" : "entries")</p>
            <ul class="titles" role="list">\(self.links(to: titles[paging.range]))</ul>
            \(self.pager(paging, "\(self.link(.index))?"))
            """
        )
    }

    func links(to titles: ArraySlice<EntryTitle>) -> [HTML] {
        titles.map { #"<li><a href="\#(self.link(.entry($0.text)))">\#($0.text)</a></li>\#n"# }
    }

    /// The links to the other pages of a list; nil if there is only one page. `address`: the URL to which `page=2` is
    /// appended.
    func pager(_ paging: Paging, _ address: String) -> HTML? {
        guard paging.pages > 1 else { return nil }
        let before: HTML? =
            paging.page > 1 ? #"<a rel="prev" href="\#(address)page=\#(paging.page - 1)">Previous</a>"# : nil
        let after: HTML? =
            paging.page < paging.pages ? #"<a rel="next" href="\#(address)page=\#(paging.page + 1)">Next</a>"# : nil
        return """
            <nav class="pager" aria-label="Pages">\(before)<span>Page \(paging.page) of \(paging.pages)</span>\(after)</nav>
            """
    }
}
