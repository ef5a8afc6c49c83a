import Foundation
import TestSupport
import Testing

/// The blocks of the tutorials and how-to guides work as shown (`Tests/Documentation/run_page.py`), with the results of
/// `make build`.
@Suite("Pages of the documentation", .serialized)
struct DocumentationPageTests {
    private static let folder = "\(Repository.root)/Documentation"

    struct Page: CustomTestStringConvertible, Sendable {
        let path: String
        /// The programs that it needs and that are not installed.
        let missing: [String]
        /// Whether it takes minutes, and is left to `make test-docs`.
        let isSlow: Bool

        var testDescription: String { self.path }
    }

    static let pages: [Page] = ["tutorial", "how-to"].flatMap { part in
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(Self.folder)/\(part)")) ?? []
        return names.filter { $0.hasSuffix(".md") }.sorted().compactMap { name -> Page? in
            let text = (try? String(contentsOfFile: "\(Self.folder)/\(part)/\(name)", encoding: .utf8)) ?? ""
            // Tests/Packaging runs it, with the wheel.
            guard !text.contains("<!-- wheel -->") else { return nil }
            let needs = text.matches(of: /<!-- needs: (.*?) -->/).flatMap {
                $0.1.split(separator: " ").map(String.init)
            }
            return Page(
                path: "\(part)/\(name)", missing: needs.filter { !Self.isInstalled($0) },
                isSlow: text.contains("<!-- slow: "))
        }
    }

    /// With `make test-docs` all pages: one that needs a missing program fails.
    static let runnable = Self.pages.filter {
        $0.missing.isEmpty && !$0.isSlow || ProcessInfo.processInfo.environment["ROOST_TEST_DOCS"] != nil
    }

    private static func isInstalled(_ program: String) -> Bool {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
        }
    }

    @Test("there are pages, and most need no further program")
    func count() {
        #expect(Self.pages.count >= 15)
        #expect(Self.pages.filter(\.missing.isEmpty).count >= 8)
    }

    @Test("the blocks of a page work as shown", arguments: Self.runnable)
    func page(_ page: Page) async throws {
        try await onThread {
            let done = try Command.run(
                ["python3", "\(Repository.root)/Tests/Documentation/run_page.py", "\(Self.folder)/\(page.path)"])
            #expect(done.status == 0, "\(done.error)\(done.output)")
        }
    }

    @Test("the block of the README works as shown")
    func readme() async throws {
        try await onThread {
            // Its commands that build Roost are not run.
            let text = try String(contentsOfFile: "\(Repository.root)/README.md", encoding: .utf8)
            let start = try #require(text.firstRange(of: "## A module in C"))
            let folder = try TemporaryFolder()
            let section = text[start.lowerBound...].replacing("`hello.c`:\n\n```c", with: "```c title=\"hello.c\"")
            try folder.write("page.md", String(section))
            let done = try Command.run(
                ["python3", "\(Repository.root)/Tests/Documentation/run_page.py", "\(folder.path)/page.md"])
            #expect(done.status == 0, "\(done.error)\(done.output)")
        }
    }
}
