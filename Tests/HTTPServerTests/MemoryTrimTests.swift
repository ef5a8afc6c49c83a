import Testing

@testable import HTTPServer

/// When memory is returned, tick by tick.
@Suite("Memory after a peak")
struct MemoryTrimTests {
    @Test("it is due when the load has fallen to a quarter of a peak, and once more when nothing is left")
    func peak() {
        var trim = MemoryTrim()
        #expect(!trim.isPending)
        for load in [1, 1000, 10] { trim.observe(load) }
        #expect(trim.isPending)
        let due = [251, 250, 250, 20, 0, 0, 0].map { trim.isDue($0) }
        #expect(due == [false, true, false, true, true, true, false])
        #expect(!trim.isPending)
    }

    @Test("a load that stays as it is returns nothing")
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
