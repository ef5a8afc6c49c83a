import Foundation

/// Paths of this repository and of its build products.
public enum Repository {
    /// The root folder of the working tree.
    public static let root: String = {
        // Tests/Support/Repository.swift
        (0..<3).reduce(#filePath) { path, _ in (path as NSString).deletingLastPathComponent }
    }()

    /// The folder of the test executable, which also contains the command and the modules.
    public static let products: String = {
        let test = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return (test.map { ($0 as NSString).deletingLastPathComponent }) ?? "\(root)/.build/debug"
    }()

    public static let headers = "\(root)/Sources/CASGI/include"
    public static var roost: String { "\(self.products)/roost" }
    public static func fixture(_ name: String) -> String { "\(self.root)/Tests/Fixtures/\(name)" }

    /// The newest version in CHANGELOG.md, such as "0.2.0". Throws if there is none.
    public static func newestRelease() throws -> String {
        let text = try String(contentsOfFile: "\(self.root)/CHANGELOG.md", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("## [") && $0 != "## [Unreleased]" }),
            let version = line.dropFirst("## [".count).split(separator: "]").first
        else { throw CocoaError(.fileReadCorruptFile) }
        return String(version)
    }
}
