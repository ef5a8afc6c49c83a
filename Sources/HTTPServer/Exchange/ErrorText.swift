/// The reason of an error, as a page and as JSON.
struct ErrorText {
    private let status: Int
    private let title: String
    /// The rest of the reason; empty if there is none.
    private let detail: String

    /// `text`: the reason, which may begin with the status's phrase.
    init(_ status: Int, _ text: String) {
        self.status = status
        self.title = StatusLine.phrase(of: status)
        self.detail =
            text.hasPrefix(self.title)
            ? String(text.dropFirst(self.title.count).drop { ":; ".contains($0) }) : text
    }

    /// A page without anything from elsewhere, for light and dark.
    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(self.status) \(Self.escaped(self.title))</title>
        <style>
        :root { color-scheme: light dark }
        body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 18vh auto 0; padding: 0 1.5rem }
        h1 { font-size: 1.75rem; font-weight: 600; margin: 0 }
        h1 span { opacity: .5; margin-right: .5rem }
        p { margin: .75rem 0 0; overflow-wrap: anywhere }
        </style>
        <h1><span>\(self.status)</span>\(Self.escaped(self.title))</h1>
        \(self.detail.isEmpty ? "" : "<p>\(Self.escaped(self.sentence))</p>\n")
        """
    }

    /// The members of RFC 9457 §3.1.
    var json: String {
        let detail = self.detail.isEmpty ? "" : #","detail":\#(Self.quoted(self.detail))"#
        return #"{"status":\#(self.status),"title":\#(Self.quoted(self.title))\#(detail)}"#
    }

    /// The detail with a capital letter.
    private var sentence: String { self.detail.prefix(1).uppercased() + self.detail.dropFirst() }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case _ where scalar.value < 0x20: "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
