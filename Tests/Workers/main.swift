import TestHarness

// Workers that crash, stall, grow, are replaced and stop, each case with its measurements. Ends with 1 when a case fails.
//
//     Workers [WORD]             only the cases whose name holds the word; CHAOS_SECONDS: how long workers are killed under load (60)
//     Workers --reload [WORD]    generations that replace each other; RELOADS: the number of reloads under load (1000)
//     Workers --chaos [WORD]     random clients that leave at any moment; CHAOS_SECONDS: the time of each configuration (60)

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
    // Modules are removed with this value, before the process exits.
    let modules = try Modules()
    var run = CheckRun(names: cases.map(\.name))
    for one in cases { run.run(one.name) { try one.run(modules) } }
    return run
}

try runAll().finish()
