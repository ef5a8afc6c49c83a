/// The steps of a change that are not done yet, in their order. A value without I/O.
struct StepQueue {
    private var steps: [MountStep] = []
    /// The step that was begun last.
    private(set) var last: MountStep?

    var isEmpty: Bool { self.steps.isEmpty }
    var first: MountStep? { self.steps.first }

    mutating func append(_ steps: [MountStep]) { self.steps += steps }

    mutating func removeFirst() { self.steps.removeFirst() }

    /// The first step is begun; `rest`: what of it follows in a step of its own.
    mutating func beginFirst(rest: MountStep? = nil) {
        self.last = self.steps.removeFirst()
        if let rest { self.steps.insert(rest, at: 0) }
    }

    /// The workers of a group are replaced, in its step or in one of its own.
    mutating func replaceWorkers(of group: String?, _ reason: String, begun: Int) {
        if let at = self.steps.firstIndex(where: { $0.group == group }) {
            self.steps[at].replacementReason = reason
        } else {
            self.steps.append(
                MountStep(group: group, applications: [], removed: [], replacementReason: reason, begun: begun))
        }
    }
}
