import ArgumentParser
import ModuleRuntime

/// `roost probe`: the internal child process that loads modules first.
struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load modules and report on them, as the parent process orders by descriptor 4.", shouldDisplay: false
    )

    func run() throws { try ProbeChild.run() }
}
