import TestHarness

// Runs worker processes that crash, stall, grow, are replaced and shut down. Each case prints its measurements.
// Exits with status 1 if a case fails.
//
//     Workers [WORD]             cases whose name contains the word; CHAOS_SECONDS: duration of the random kills (60)
//     Workers --reload [WORD]    reloads; RELOADS: the number of reloads under load (1000)
//     Workers --chaos [WORD]     clients that disconnect at random; CHAOS_SECONDS: duration of each configuration (60)

let mode = CommandLine.arguments.dropFirst().first.flatMap { $0.hasPrefix("--") ? $0 : nil }
let word = CommandLine.arguments.dropFirst(mode == nil ? 1 : 2).first ?? ""
let all =
    switch mode {
    case "--reload":
        [Case.reloadPlaces, Case.reloadFailures, Case.reloadWrites, Case.reloadDevelopment, Case.reloadFigures]
    case "--chaos": [Case.randomClients]
    default:
        [
            Case.crashes, Case.elsewhere, Case.startup, Case.loops, Case.memory, Case.quarantine, Case.stops,
            Case.holdOuts,
            Case.supervisor, Case.system, Case.replacement, Case.applications, Case.chaos,
        ]
    }
let cases = CheckRun.select(Array(all.joined()), word: word, name: \.name)

func runAll() throws -> CheckRun {
    // Holds the folders of compiled modules, which are removed when it is released, before the process exits.
    let modules = try Modules()
    var run = CheckRun(names: cases.map(\.name))
    for one in cases { run.run(one.name) { try one.run(modules) } }
    return run
}

try runAll().finish()
