import ASGI

extension Site {
    /// The form for a new entry. `refused`: why the posted entry was refused.
    func newEntry(title: String, text: String, refused: EntryError? = nil) -> HTTPResponse {
        let status =
            switch refused {
            case nil: 200
            case .exists: 409
            default: 422
            }
        return self.page(
            "New entry", at: .new, status: status,
            """
            \(self.refusal(refused))
            <form method="post" action="\(self.link(.new))">
            <label for="title">Title</label>
            <input id="title" name="title" required value="\(title)"\(self.mark(refused)) autocomplete="off">
            \(self.textArea(text))
            <p class="actions"><button>Save</button><a class="button quiet" href="\(self.link(.index))">Cancel</a></p>
            </form>
            """
        )
    }

    /// The form to edit an entry. `text`, `base`, `refused`: the refused post, and the reason.
    func edit(
        _ entry: Entry, text: String? = nil, base: EntryVersion? = nil, refused: EntryError? = nil
    ) -> HTTPResponse {
        let title = entry.title.text
        return self.page(
            "Edit \(title)", status: refused == nil ? 200 : 422,
            "\(self.refusal(refused))\n\(self.editForm(title, text ?? entry.text, base ?? entry.version))"
        )
    }

    /// The page for an edit conflict: both texts, and a form based on the current version.
    func conflict(_ current: Entry, text: String) -> HTTPResponse {
        let title = current.title.text
        return self.page(
            "Edit \(title)", status: 409,
            """
            <p class="alert" role="alert">Somebody has changed this entry since you began, so yours was not saved. Below \
            is your text, and then theirs: take over what is new in theirs, and save again.</p>
            \(self.editForm(title, text, current.version))
            <h2 id="theirs">Their text, version \(current.number), \(Moment(current.time).html)</h2>
            <textarea readonly rows="16" aria-labelledby="theirs">
            \(current.text)</textarea>
            """
        )
    }

    private func editForm(_ title: String, _ text: String, _ base: EntryVersion) -> HTML {
        """
        <form method="post" action="\(self.link(.edit(title)))">
        <input type="hidden" name="base" value="\(base.description)">
        \(self.textArea(text))
        <p class="actions"><button>Save</button><a class="button quiet" href="\(self.link(.entry(title)))">Cancel</a></p>
        </form>
        """
    }

    /// The line break after the tag is not part of the text (HTML §13.1.2.5). It preserves a line break at the start of
    /// the text.
    private func textArea(_ text: String) -> HTML {
        """
        <label for="text">Text</label>
        <textarea id="text" name="text" rows="18" spellcheck="true" aria-describedby="markdown">
        \(text)</textarea>
        <p class="note" id="markdown">Markdown: # heading, **bold**, *italic*, - list, [link](Title), `code`</p>
        """
    }

    private func refusal(_ error: EntryError?) -> HTML? {
        error.map { #"<p class="alert" id="refusal" role="alert">Not saved: \#("\($0)").</p>"# }
    }

    private func mark(_ error: EntryError?) -> HTML? {
        switch error {
        case .invalidTitle, .exists: #" aria-invalid="true" aria-describedby="refusal""#
        default: nil
        }
    }
}
