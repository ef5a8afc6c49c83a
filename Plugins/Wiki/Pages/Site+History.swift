import ASGI

extension Site {
    /// The page with the versions of an entry, newest first.
    func history(_ entry: Entry, _ changes: [Change], _ paging: Paging) -> HTTPResponse {
        let title = entry.title.text
        let rows = changes[paging.range].map { change -> HTML in
            let link = self.link(change.isCurrent ? .entry(title) : .version(title, change.number))
            let current: HTML? = change.isCurrent ? " <span class=\"tag\">current</span>" : nil
            return """
                <li><a href="\(link)">Version \(change.number)</a>\(current) \(Moment(change.time).html)</li>

                """
        }
        return self.page(
            "History of \(title)",
            """
            <ul class="changes" role="list">\(rows)</ul>
            \(self.pager(paging, "\(self.link(.history(title)))?"))
            <p class="actions"><a class="button quiet" href="\(self.link(.entry(title)))">Back to the entry</a></p>
            """
        )
    }

    /// The page with the newest changes of all entries.
    func changes(_ changes: [Change]) -> HTTPResponse {
        guard !changes.isEmpty else {
            return self.page("Recent changes", at: .changes, "<p>Nothing has been written yet.</p>")
        }
        let rows = changes.map { change -> HTML in
            let title = change.title.text
            let link = self.link(change.isCurrent ? .entry(title) : .version(title, change.number))
            let new: HTML? = change.number == 1 ? " <span class=\"tag\">new</span>" : nil
            return """
                <li><a href="\(link)">\(title)</a>\(new) <a class="note" href="\(self.link(.history(title)))">\
                version \(change.number)<span class="unseen"> of \(title): its history</span></a> \
                \(Moment(change.time).html)</li>

                """
        }
        return self.page("Recent changes", at: .changes, #"<ul class="changes" role="list">\#(rows)</ul>"#)
    }
}
