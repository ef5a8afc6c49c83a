import ModuleRuntime
import NIOConcurrencyHelpers
import RoostDeployment

/// An application that has started, or what answers in its place: mounted or about to be. [any]
final class RunningApplication: Sendable {
    let installed: InstalledApplication
    let mounted: Mounted
    /// Nil: it has none, or is none.
    let generation: Generation?
    /// Until somebody shuts it down.
    private let lifespan: NIOLockedValueBox<Lifespan?>

    init(_ installed: InstalledApplication, _ generation: Generation, _ lifespan: Lifespan?) {
        self.installed = installed
        self.generation = generation
        self.mounted = Mounted(
            number: installed.number, mount: installed.mount, origins: installed.origins, generation: generation)
        self.lifespan = NIOLockedValueBox(lifespan)
    }

    init(_ installed: InstalledApplication, instead answerer: any MountAnswerer) {
        self.installed = installed
        self.generation = nil
        self.mounted = Mounted(
            number: installed.number, mount: installed.mount, origins: installed.origins, answerer: answerer)
        self.lifespan = NIOLockedValueBox(nil)
    }

    /// What is to be shut down; nil: there is nothing, or somebody does it already.
    func takeLifespan() -> Lifespan? {
        self.lifespan.withLockedValue { lifespan in
            defer { lifespan = nil }
            return lifespan
        }
    }
}
