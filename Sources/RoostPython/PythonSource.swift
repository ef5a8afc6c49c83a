import Glibc

/// The file of a Python module.
package enum PythonSource {
    /// Returns the file of a dotted name below a folder: `wiki/asgi.py` or `wiki/asgi/__init__.py`; nil if there is
    /// none.
    package static func file(of words: [String], below folder: String) -> String? {
        self.candidates(words, below: folder).first { access($0, F_OK) == 0 }
    }

    /// The paths at which a module is looked for.
    package static func candidates(_ words: [String], below folder: String) -> [String] {
        let path = ([folder] + words).joined(separator: "/")
        return ["\(path).py", "\(path)/__init__.py"]
    }
}
