import ASGI

extension Site {
    /// The page with the titles that contain the text.
    func search(_ text: String, _ titles: [EntryTitle], _ paging: Paging) -> HTTPResponse {
        let new: HTML? =
            self.mayEdit && !text.isEmpty
            ? #"<p><a class="button" href="\#(self.link(.new))?title=\#(text.percentEncoded)">Write “\#(text)”</a></p>"#
            : nil
        guard !titles.isEmpty else {
            return self.page("Search", searched: text, "<p>No title has “\(text)” in it.</p>\n\(new)")
        }
        return self.page(
            "Search", searched: text,
            """
            <p class="note">\(titles.count) \(titles.count == 1 ? "title has" : "titles have") “\(text)” in it</p>
            <ul class="titles" role="list">\(self.links(to: titles[paging.range]))</ul>
            \(self.pager(paging, "\(self.link(.search))?q=\(text.percentEncoded)&"))
            \(new)
            """
        )
    }
}
