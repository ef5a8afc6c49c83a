/// A table of Markdown.
enum MarkdownTable {
    /// The cells are Markdown; `escaped` quotes plain text.
    static func text(_ titles: [String], _ rows: [[String]]) -> String {
        ([titles, titles.map { _ in "---" }] + rows).map(Self.line).joined(separator: "\n")
    }

    private static func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }

    /// Returns the text with its bars escaped, which would end a cell.
    static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
