package import RoostSystem

/// A library that a module brings with it and finds by `$ORIGIN`: a copy stands beside the module's copy, so that writing the original in place
/// does not change code that runs.
package struct PrivateLibrary: Sendable {
    /// The original, without symbolic links.
    package let path: String
    /// The original's state before it was copied.
    package let mark: FileMark?
    package let copy: String
    /// Names the bytes.
    package let hash: String
    /// The names under which the loader knows it: its SONAME, and what those that need it call it.
    package var names: Set<String>

    /// Whether the original is another by now.
    package var isOutdated: Bool { FileMark(of: self.path) != self.mark }
}

extension PrivateLibrary: Equatable {
    /// The same bytes of the same file; each generation has a copy of its own.
    package static func == (one: PrivateLibrary, other: PrivateLibrary) -> Bool {
        one.path == other.path && one.hash == other.hash && one.names == other.names
    }
}

/// For the process that loads the module: the state of the original is the supervisor's concern.
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
