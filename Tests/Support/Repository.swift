import Foundation

/// Where things are: this repository, and what was built of it.
public enum Repository {
    /// The top of the working tree.
    public static let root: String = {
        // Tests/Support/Repository.swift
        (0..<3).reduce(#filePath) { path, _ in (path as NSString).deletingLastPathComponent }
    }()

    /// The folder that the tests were built into: the command and the modules stand beside them.
    public static let products: String = {
        let test = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return (test.map { ($0 as NSString).deletingLastPathComponent }) ?? "\(root)/.build/debug"
    }()

    public static let headers = "\(root)/Sources/CASGI/include"
    public static var roost: String { "\(self.products)/roost" }
    public static func fixture(_ name: String) -> String { "\(self.root)/Tests/Fixtures/\(name)" }

    /// The newest version of CHANGELOG.md, "0.2.0". Throws unless its first section of a version names one.
    public static func newestRelease() throws -> String {
        let text = try String(contentsOfFile: "\(self.root)/CHANGELOG.md", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("## [") && $0 != "## [Unreleased]" }),
            let version = line.dropFirst("## [".count).split(separator: "]").first
        else { throw CocoaError(.fileReadCorruptFile) }
        return String(version)
    }
}
