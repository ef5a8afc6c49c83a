package import ModuleRuntime
package import RoostSettings

/// An application as a host is to have it: what answers, and where.
package struct InstalledApplication: Sendable {
    package enum Work: Sendable {
        case module(PreparedApplication)
        /// One of the embedding program.
        case program(any ProgramApplication)
        /// One that workers of another group have.
        case group(String)
        /// One that is not there.
        case standIn(OwnAnswer)
    }

    /// Which of the host's it is, from 1: whatever takes its place has the same.
    package var number: UInt32
    package var name: String
    package var mount: Mount
    package var work: Work
    /// When it does not start, the others serve without it.
    package var isOptional = false
    /// The origins whose pages may open WebSockets; nil: those of the host.
    package var origins: WebSocketOrigins?

    package init(number: UInt32 = 1, name: String, mount: Mount = .root, work: Work) {
        self.number = number
        self.name = name
        self.mount = mount
        self.work = work
    }

    package init(_ application: PreparedApplication) {
        self.init(name: application.name, work: .module(application))
        self.origins = application.origins
    }
}
