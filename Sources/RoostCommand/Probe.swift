import ArgumentParser
import Roost

/// `roost probe`: the child that loads a module first. Not for people.
struct Probe: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Load a module and report to descriptor 3.", shouldDisplay: false
    )

    @Argument var path: String
    @Argument var symbol: String
    @Argument var privileges: String

    func run() { ProbeChild.run(path: self.path, symbol: self.symbol, privileges: self.privileges) }
}
