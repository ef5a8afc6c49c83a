/// The entries of a new folder.
enum Welcome {
    static func write(to folder: EntryFolder) throws(EntryError) {
        for (title, text) in Self.entries { _ = try folder.create(try EntryTitle(title), text) }
    }

    private static let entries = [
        (
            "Wiki",
            """
            A **wiki** is a website whose pages its readers write and change themselves. The first one was Ward
            Cunningham's *WikiWikiWeb* of 1995; the best known is Wikipedia.

            Every entry here is a text in [Markdown](Markdown). Every edit makes a new version. Earlier versions stay in the
            history of the entry and can be restored, so no text gets lost.

            - *New entry* writes one, *Edit* below an entry changes it
            - *Search* finds entries by their title, and goes straight to one that is named exactly
            - *Recent changes* shows what others have written
            """
        ),
        (
            "Markdown",
            """
            **Markdown** is a way to write formatted text with nothing but plain characters. John Gruber published it in
            2004; what it means exactly is written down in the [CommonMark](https://commonmark.org) specification.

            ## How it is written

            - `# Heading`, `## Smaller heading`
            - `*italic*`, `**bold**`, `` `code` ``
            - `- an item of a list`, `1. a numbered item`
            - `[another entry](Wiki)`, `[a page elsewhere](https://example.com)`
            - `> a quotation`

            Four spaces at the beginning of a line make a block of code:

                result = application(scope, receive, send)
            """
        ),
        (
            "Roost",
            """
            **Roost** is an application server for shared libraries. This [wiki](Wiki) is one: a module in Swift that exports
            the C function `application`, served by copying its file.

            Its interface is ASGI carried over to C, so a module can be written in C, C++, Rust, Zig or Swift. Replace the
            file, start again, and the next request gets the new code.
            """
        ),
    ]
}
