import Foundation
import TestSupport

/// A `roost` process that serves the wiki, with its own settings and entries.
final class WikiServer {
    let folder: TemporaryFolder
    private let process: RoostProcess
    let visitor: Visitor

    init(_ settings: String = "title: Test\nentries: entries\n", folder: TemporaryFolder, mount: String = "") throws {
        self.folder = folder
        try folder.write("wiki/settings.yaml", settings)
        self.process = try RoostProcess(
            Self.arguments(folder) + ["--root-path", mount], command: "\(Repository.root)/.build/release/roost"
        )
        self.visitor = Visitor(port: self.process.port)
    }

    static func arguments(_ folder: TemporaryFolder) -> [String] {
        ["\(Repository.root)/.build/release/libWiki.so", "--app-dir", folder.path, "--port", "0"]
    }

    var port: Int { self.process.port }

    /// The path of the folder of entries.
    var entries: String { "\(self.folder.path)/wiki/entries" }

    func kill() { _ = self.process.stop(SIGKILL) }

    /// Stops the server with SIGTERM. Returns its exit status and standard error.
    func stop() -> (status: Int32, error: String) { (self.process.stop(), self.process.error) }

    /// The value of a hidden field of a form.
    static func hidden(_ name: String, in page: Response) -> String? {
        page.text.components(separatedBy: "name=\"\(name)\" value=\"").dropFirst().first?
            .components(separatedBy: "\"").first
    }
}
