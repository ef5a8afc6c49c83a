import Glibc

/// A file or a folder that the system refuses to open.
package struct StaticFault: Sendable {
    package let path: String
    package let reason: String

    init(path: String, _ number: CInt) {
        self.path = path
        self.reason = String(cString: strerror(number))
    }
}
