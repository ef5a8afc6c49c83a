/// Why a module's table of URLs is refused: one line for whoever writes the module.
struct URLFault: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
