import TestSupport

@testable import Wiki

/// The common part of the suites for entries: a folder, and short names for frequent steps.
protocol EntrySuite {
    var place: TemporaryFolder { get }
    var folder: EntryFolder { get }
}

extension EntrySuite {
    var path: String { self.folder.path }

    func title(_ text: String = "Log") throws -> EntryTitle { try EntryTitle(text) }
    /// Creates a file, as by hand.
    func drop(_ name: String, _ text: String) throws { try self.place.write("entries/\(name)", text) }
    func numbers(_ title: EntryTitle) throws -> [Int] { try self.folder.history(title).map(\.number) }
    func texts(_ title: EntryTitle) throws -> [String] {
        try self.numbers(title).map { try self.folder.version(title, $0).text }
    }
}
