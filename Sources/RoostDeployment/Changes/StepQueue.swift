/// The steps of a change that have not begun, in order. A value type without I/O.
struct StepQueue {
    private var steps: [MountStep] = []
    /// The step that began last.
    private(set) var last: MountStep?

    var isEmpty: Bool { self.steps.isEmpty }
    var first: MountStep? { self.steps.first }

    mutating func append(_ steps: [MountStep]) { self.steps += steps }

    mutating func removeFirst() { self.steps.removeFirst() }

    /// Marks the first step as begun. `rest`: the part of it that follows as a step of its own.
    mutating func beginFirst(rest: MountStep? = nil) {
        self.last = self.steps.removeFirst()
        if let rest { self.steps.insert(rest, at: 0) }
    }

    /// Has the workers of a group replaced, in its pending step or in a step of its own.
    mutating func replaceWorkers(of group: String?, _ reason: String, begun: Int) {
        if let at = self.steps.firstIndex(where: { $0.group == group }) {
            self.steps[at].replacementReason = reason
        } else {
            self.steps.append(
                MountStep(group: group, applications: [], removed: [], replacementReason: reason, begun: begun))
        }
    }
}
