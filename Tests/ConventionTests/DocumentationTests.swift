import Foundation
import TestSupport
import Testing

/// The reference pages that are written by hand are complete.
@Suite("Documentation")
struct DocumentationTests {
    private static func page(_ path: String) throws -> String {
        try String(contentsOfFile: "\(Repository.root)/Documentation/\(path)", encoding: .utf8)
    }

    /// The first groups of all matches in the sources of a folder.
    private static func matches(_ expression: Regex<(Substring, Substring)>, in folder: String) -> Set<String> {
        var found: Set<String> = []
        for file in SourceFile.all where file.path.hasPrefix(folder) {
            for match in file.lines.joined(separator: "\n").matches(of: expression) { found.insert(String(match.1)) }
        }
        return found
    }

    @Test("the page of responses has the reason of every refused request")
    func responses() throws {
        let page = try Self.page("reference/responses.md")
        let reasons =
            Self.matches(/badRequest\(\s*"([^"]+)"/, in: "Sources/HTTPServer")
            .union(Self.matches(/status: \d{3}, reason: "([^"]+)"/, in: "Sources/HTTPServer"))
            .union(Self.matches(/case \.\w+: \(\d{3}, "([^"]+)"\)/, in: "Sources/ModuleRuntime/Scopes/OwnAnswer"))
        #expect(reasons.count > 50)
        for reason in reasons.sorted() where !page.contains("`\(reason)`") { Issue.record("missing: \(reason)") }
    }

    @Test("the index lists every page, and every page is one of the site")
    func index() throws {
        let index = try Self.page("README.md")
        let site = try String(contentsOfFile: "\(Repository.root)/mkdocs.yml", encoding: .utf8)
        let pages = try FileManager.default.subpathsOfDirectory(atPath: "\(Repository.root)/Documentation")
            .filter { $0.hasSuffix(".md") && $0 != "README.md" }
        #expect(pages.count > 30)
        for page in pages {
            #expect(index.contains("](\(page))"), "\(page)")
            #expect(site.contains("- \(page)"), "\(page)")
        }
    }

    @Test("every relative link of a page leads to a file")
    func links() throws {
        let manager = FileManager.default
        let pages = try manager.subpathsOfDirectory(atPath: "\(Repository.root)/Documentation")
            .filter { $0.hasSuffix(".md") }.map { "Documentation/\($0)" }
        for page in pages + ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"] {
            let text = try String(contentsOfFile: "\(Repository.root)/\(page)", encoding: .utf8)
            let folder = URL(fileURLWithPath: "\(Repository.root)/\(page)").deletingLastPathComponent()
            for link in text.matches(of: /\]\(([^)#\s]+)(?:#[^)]*)?\)/).map(\.1) where !link.contains("://") {
                let path = folder.appendingPathComponent(String(link)).standardizedFileURL.path
                #expect(manager.fileExists(atPath: path), "\(page): \(link)")
            }
        }
    }
}
