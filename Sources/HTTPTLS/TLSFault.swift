/// Why certificates cannot be used: one line that names the file.
package struct TLSFault: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
