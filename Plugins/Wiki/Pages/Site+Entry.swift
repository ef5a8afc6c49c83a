import ASGI

extension Site {
    /// The page of an entry.
    func entry(_ entry: Entry) -> HTTPResponse {
        let title = entry.title.text
        let edit: HTML? = self.mayEdit ? #"<a class="button" href="\#(self.link(.edit(title)))">Edit</a>"# : nil
        return self.page(
            title,
            """
            <article>
            \(self.html(of: entry))
            </article>
            <footer>
            <p class="actions">\(edit)<a class="button quiet" href="\(self.link(.history(title)))">History</a></p>
            <p class="note">Version \(entry.number), \(Moment(entry.time).html)</p>
            </footer>
            """
        )
    }

    private func html(of entry: Entry) -> HTML {
        Markdown.html(entry.text, title: entry.title.text) { self.link(.entry($0)) }
    }

    /// The page of an earlier version, with a button to restore it.
    func version(_ version: Entry, current: Entry) -> HTTPResponse {
        let title = version.title.text
        let restore: HTML? =
            self.mayEdit && version.number != current.number
            ? """
            <form method="post" action="\(self.link(.restore(title)))">
            <input type="hidden" name="number" value="\(version.number)">
            <input type="hidden" name="base" value="\(current.version.description)">
            <button>Restore this version</button>
            </form>
            """ : nil
        return self.page(
            title,
            """
            <div class="banner">
            <p>Version \(version.number) of \(current.number), \(Moment(version.time).html)</p>
            <div class="actions">\(restore)
            <a class="button quiet" href="\(self.link(.history(title)))">History</a>
            <a class="button quiet" href="\(self.link(.entry(title)))">Entry</a></div>
            </div>
            <article>
            \(self.html(of: version))
            </article>
            """
        )
    }
}
