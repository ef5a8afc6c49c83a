import CLinux
package import HTTPServer

/// The validators of an open file (RFC 9110 §8.8), for a response that a module makes.
package struct FileValidators {
    /// A strong entity tag of time and size, in quotes.
    package let tag: String
    /// Seconds since 1970.
    private let modified: Int

    /// Nil with `errno` if the file cannot be examined.
    package init?(descriptor: CInt) {
        var facts = roost_file_facts()
        guard roost_facts_of(descriptor, &facts) == 0 else { return nil }
        let identity = FileIdentity(facts)
        self.tag = StaticFile.tag(identity, nil, nil)
        self.modified = identity.modifiedSecond
    }

    package var lastModified: String { HTTPDate.text(self.modified) }

    /// The answer to a GET or HEAD with these fields, for a file of `size` bytes.
    package func answer(_ fields: HeaderFields, isHead: Bool, size: Int) -> FileRequest.Answer {
        Array(self.tag.utf8).withUnsafeBytes { tag in
            FileRequest(fields, isHead: isHead).answer(size: size, tag: Octets(tag), modified: self.modified)
        }
    }
}
