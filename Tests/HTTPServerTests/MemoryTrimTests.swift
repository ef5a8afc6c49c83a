import Testing

@testable import HTTPServer

/// Tests of when memory is returned to the system, tick by tick.
@Suite("Memory after a peak")
struct MemoryTrimTests {
    @Test("memory is returned when the load falls to a quarter of the peak, and again when it reaches zero")
    func peak() {
        var trim = MemoryTrim()
        #expect(!trim.isPending)
        for load in [1, 1000, 10] { trim.observe(load) }
        #expect(trim.isPending)
        let due = [251, 250, 250, 20, 0, 0, 0].map { trim.isDue($0) }
        #expect(due == [false, true, false, true, true, true, false])
        #expect(!trim.isPending)
    }

    @Test("no memory is returned under a steady load")
    func steady() {
        var trim = MemoryTrim()
        trim.observe(8)
        let due = (0..<100).map { _ in trim.isDue(5) }
        #expect(due.allSatisfy { !$0 })
        #expect(trim.isPending)
    }

    @Test("returning memory takes at most 1/25 of a loop's time")
    func share() {
        var trim = MemoryTrim()
        trim.observe(8)
        let first = trim.isDue(0)
        #expect(first)
        trim.took(0.14)
        let due = (0..<4).map { _ in trim.isDue(0) }
        #expect(due == [false, false, true, false])
        #expect(!trim.isPending)
    }
}
