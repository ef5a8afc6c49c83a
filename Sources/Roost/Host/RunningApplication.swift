import Middleware
import ModuleRuntime
import NIOConcurrencyHelpers
import RoostDeployment
import RoostSettings

/// An application that has started, or its stand-in; mounted or about to be mounted. Thread-safe.
final class RunningApplication: Sendable {
    let application: DeployedApplication
    let mounted: Mounted
    /// Nil if the application is not a module.
    let generation: Generation?
    /// Nil if the application has no lifespan, or if it is already being shut down.
    private let lifespan: NIOLockedValueBox<Lifespan?>

    init(
        _ application: DeployedApplication, at mount: Mount, _ middleware: MiddlewareChain?, _ generation: Generation,
        _ lifespan: Lifespan?
    ) {
        self.application = application
        self.generation = generation
        self.mounted =
            application.wrappers.isEmpty
            ? Mounted(
                number: application.number, mount: mount, origins: application.origins, middleware: middleware,
                generation: generation)
            : Mounted(
                number: application.number, mount: mount, origins: application.origins, middleware: middleware,
                answerer: WrappedApplication(generation, wrappedBy: application.wrappers))
        self.lifespan = NIOLockedValueBox(lifespan)
    }

    init(
        _ application: DeployedApplication, at mount: Mount, _ middleware: MiddlewareChain?,
        answerer: any MountAnswerer
    ) {
        self.application = application
        self.generation = nil
        self.mounted = Mounted(
            number: application.number, mount: mount, origins: application.origins, middleware: middleware,
            answerer: answerer)
        self.lifespan = NIOLockedValueBox(nil)
    }

    /// Removes and returns the lifespan, which the caller then shuts down; nil if there is none, or if it is already
    /// being shut down.
    func removeLifespan() -> Lifespan? {
        self.lifespan.withLockedValue { lifespan in
            defer { lifespan = nil }
            return lifespan
        }
    }
}
