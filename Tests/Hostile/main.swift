import Foundation
import TestSupport

// Hostile clients, one kind after another, against one running server: each with its outcome, and with the server's memory before and
// after. Ends with 1 when an outcome is not the expected one.
//
//     Hostile [--group] [WORD]    only those whose name holds the word; --group: the module is in a worker group of its own

// 10,000 connections here, and as many there.
var limit = rlimit()
getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
limit.rlim_cur = limit.rlim_max
setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)

Victim.isGrouped = CommandLine.arguments.dropFirst().first == "--group"
let word = CommandLine.arguments.dropFirst(Victim.isGrouped ? 2 : 1).first ?? ""
let attacks = (Attack.slow + Attack.large + Attack.many + Attack.resets + Attack.sockets).filter {
    word.isEmpty || $0.name.contains(word)
}
guard !attacks.isEmpty else {
    print("no attack has '\(word)' in its name")
    exit(2)
}
let victim = try Victim()
let widest = attacks.map(\.name.count).max() ?? 0
var failed = 0
try victim.checkAlive()
for attack in attacks {
    let before = victim.memory
    victim.resetPeak()
    var outcome: String
    do {
        outcome = "ok      " + (try attack.run(victim))
        try victim.checkAlive()
    } catch {
        outcome = "FAILED  \(error)"
        failed += 1
    }
    let name = attack.name.padding(toLength: widest, withPad: " ", startingAt: 0)
    let memory = "\(Attack.mebibytes(before)) -> \(Attack.mebibytes(victim.memory))"
    FileHandle.standardOutput.write(Data("\(name)  \(memory)  \(outcome)\n".utf8))
}
do { try victim.stop() } catch {
    print("the server: \(error)")
    failed += 1
}
print("\(attacks.count - min(failed, attacks.count)) passed, \(failed) failed")
exit(failed == 0 ? 0 : 1)
