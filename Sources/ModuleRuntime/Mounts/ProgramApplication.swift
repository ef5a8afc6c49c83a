package import HTTPServer
package import Logging

/// An application that an embedding program adds to its host. Thread-safe.
package protocol ProgramApplication: Sendable {
    /// Makes the answerer for the application's mount. `hiddenPath`: the path prefix that a proxy removes.
    func makeAnswerer(on loops: [ServerLoop.Handle], hiddenPath: String, logger: Logger) -> any MountAnswerer
}
