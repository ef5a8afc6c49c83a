import ModuleRuntime
import NIOConcurrencyHelpers
import RoostDeployment
import RoostSettings

/// An application that has started, or what answers in its place; mounted or about to be. Used from any thread.
final class RunningApplication: Sendable {
    let application: DeployedApplication
    let mounted: Mounted
    /// Nil: it is no module.
    let generation: Generation?
    /// Nil: it has none, or somebody shuts it down already.
    private let lifespan: NIOLockedValueBox<Lifespan?>

    init(_ application: DeployedApplication, at mount: Mount, _ generation: Generation, _ lifespan: Lifespan?) {
        self.application = application
        self.generation = generation
        self.mounted = Mounted(
            number: application.number, mount: mount, origins: application.origins, generation: generation)
        self.lifespan = NIOLockedValueBox(lifespan)
    }

    init(_ application: DeployedApplication, at mount: Mount, answerer: any MountAnswerer) {
        self.application = application
        self.generation = nil
        self.mounted = Mounted(
            number: application.number, mount: mount, origins: application.origins, answerer: answerer)
        self.lifespan = NIOLockedValueBox(nil)
    }

    /// Removes and returns the lifespan, which the caller shuts down; nil: there is none, or somebody shuts it down already.
    func removeLifespan() -> Lifespan? {
        self.lifespan.withLockedValue { lifespan in
            defer { lifespan = nil }
            return lifespan
        }
    }
}
