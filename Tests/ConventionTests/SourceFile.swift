import Foundation
import TestSupport

/// A Swift file of the repository, for checks of conventions.
struct SourceFile {
    /// The path relative to the repository.
    let path: String
    let lines: [String]

    /// All Swift files of `Sources`, `Plugins` and `Examples`.
    static let all: [SourceFile] = ["Sources", "Plugins", "Examples"].flatMap { folder in
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: "\(Repository.root)/\(folder)")) ?? []
        // Packages below these folders have build folders of their own.
        return paths.filter { $0.hasSuffix(".swift") && !$0.contains(".build/") }.sorted().compactMap {
            path -> SourceFile? in
            // Skips what cannot be read, such as a dangling link.
            guard let text = try? String(contentsOfFile: "\(Repository.root)/\(folder)/\(path)", encoding: .utf8) else {
                return nil
            }
            return SourceFile(path: "\(folder)/\(path)", text: text)
        }
    }

    init(path: String, text: String) {
        self.path = path
        self.lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespaces)
        }
    }

    /// Returns the indices of matching lines that are not comments.
    func code(_ matches: (String) -> Bool) -> [Int] {
        self.lines.indices.filter { !self.lines[$0].hasPrefix("//") && matches(self.lines[$0]) }
    }

    /// The position of a line for a message: "Sources/X.swift:12".
    func place(_ line: Int) -> String { "\(self.path):\(line + 1)" }

    /// Whether a comment right above a line contains a text. Lines in between may be attributes, or match as well.
    func isCommented(_ line: Int, with text: String, together matches: (String) -> Bool) -> Bool {
        var line = line - 1
        while line >= 0, matches(self.lines[line]), !self.lines[line].hasPrefix("//") { line -= 1 }
        while line >= 0, self.lines[line].hasPrefix("//") || self.lines[line].hasPrefix("@") {
            if self.lines[line].contains(text) { return true }
            line -= 1
        }
        return false
    }
}
