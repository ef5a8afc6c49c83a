import ArgumentParser
import ModuleRuntime

/// `roost probe`: the child that loads modules first. Not for people.
struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load modules and report to descriptor 3.", shouldDisplay: false
    )

    @Argument var privileges: String
    @Argument var modules: [String]

    func run() { ProbeChild.run(self.modules, privileges: self.privileges) }
}
