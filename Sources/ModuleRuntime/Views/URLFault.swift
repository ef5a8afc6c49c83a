/// Why a module's table of URLs is refused: one line for the author of the module.
struct URLFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
