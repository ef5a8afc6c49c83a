package import RoostSystem

/// A library that belongs to a module, which finds it by `$ORIGIN`.
///
/// Its copy stands beside the module's copy: overwriting the original does not change running code.
package struct PrivateLibrary: Sendable {
    /// The path of the original, without symbolic links.
    package let path: String
    /// The state of the original before it was copied.
    package let mark: FileMark?
    package let copy: String
    /// The hash of the contents.
    package let hash: String
    /// The names by which the loader knows it: its SONAME, and its names in DT_NEEDED entries.
    package var names: Set<String>

    /// Whether the original has changed since.
    package var isOutdated: Bool { FileMark(of: self.path) != self.mark }
}

extension PrivateLibrary: Equatable {
    /// Compares the originals, not the copies: each generation has its own copy.
    package static func == (one: PrivateLibrary, other: PrivateLibrary) -> Bool {
        one.path == other.path && one.hash == other.hash && one.names == other.names
    }
}

/// Encoded for the process that loads the module, without the state of the original, which only the supervisor uses.
extension PrivateLibrary: MessageCodable {
    package func encode(to writer: inout MessageWriter) {
        writer.write(self.path)
        writer.write(self.copy)
        writer.write(self.hash)
        writer.write(self.names.sorted())
    }

    package init(from reader: inout MessageReader) throws(MessageFault) {
        self.path = try reader.read()
        self.mark = nil
        self.copy = try reader.read()
        self.hash = try reader.read()
        self.names = Set(try reader.readList(String.self))
    }
}
