import ArgumentParser
import ModuleRuntime

/// `roost probe`: the child that loads modules first. Not for people.
struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load modules and report on them, as the parent process orders by descriptor 4.", shouldDisplay: false
    )

    func run() throws { try ProbeChild.run() }
}
