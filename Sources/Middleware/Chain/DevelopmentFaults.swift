import NIOConcurrencyHelpers

/// With `--reload`: why the last build failed, or why the newest version of an application does not serve. Shown to
/// browsers by `DevelopmentPage`. Thread-safe.
package final class DevelopmentFaults: Sendable {
    /// The number of the build, which concerns all applications.
    package static let build = UInt32.max

    private let faults = NIOLockedValueBox<[UInt32: String]>([:])

    package init() {}

    /// Sets the faults, by the numbers of the applications.
    package func replace(by faults: [UInt32: String]) { self.faults.withLockedValue { $0 = faults } }

    /// The fault that concerns an application.
    func fault(of application: UInt32) -> String? {
        self.faults.withLockedValue { $0[Self.build] ?? $0[application] }
    }
}
