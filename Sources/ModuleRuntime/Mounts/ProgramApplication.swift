package import HTTPServer
package import Logging

/// An application that an embedding program gives its host. [any]
package protocol ProgramApplication: Sendable {
    /// Makes what answers for it, on these loops. `hiddenPath`: what a proxy in front takes away.
    func makeAnswerer(on loops: [ServerLoop.Handle], hiddenPath: String, logger: Logger) -> any MountAnswerer
}
