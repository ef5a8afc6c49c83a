package import HTTPServer
package import Logging

/// An application that an embedding program gives its host. [any]
package protocol ProgramApplication: Sendable {
    /// Makes the answerer of its mount, for these loops. `hiddenPath`: the path prefix that a proxy removes.
    func makeAnswerer(on loops: [ServerLoop.Handle], hiddenPath: String, logger: Logger) -> any MountAnswerer
}
