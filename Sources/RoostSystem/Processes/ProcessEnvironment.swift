import Glibc

/// The environment of this process.
package enum ProcessEnvironment {
    /// The variables at the first access: a command reads them before it sets any, and before a module can.
    package static let atStart: [String: String] = {
        var variables: [String: String] = [:]
        var at = environ
        while let variable = at.pointee {
            let parts = String(cString: variable).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            at += 1
        }
        return variables
    }()
}
