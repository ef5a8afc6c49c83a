import HTTPServer
import RoostSettings

/// An application as a host is to have it: what answers, and where.
struct InstalledApplication: Sendable {
    enum Work: Sendable {
        case module(PreparedApplication)
        /// One of the embedding program.
        case closure(ClosureApplication)
        /// One that workers of another group have.
        case group(String)
        /// One that is not there.
        case standIn(OwnAnswer)
    }

    /// Which of the host's it is, from 1: whatever takes its place has the same.
    var number: UInt32
    var name: String
    var mount: Mount
    var work: Work
    /// When it does not start, the others serve without it.
    var isOptional = false
    /// The origins whose pages may open WebSockets; nil: those of the host.
    var origins: WebSocketOrigins?

    init(number: UInt32 = 1, name: String, mount: Mount = .root, work: Work) {
        self.number = number
        self.name = name
        self.mount = mount
        self.work = work
    }

    init(_ application: PreparedApplication) {
        self.init(name: application.name, work: .module(application))
        self.origins = application.origins
    }
}
