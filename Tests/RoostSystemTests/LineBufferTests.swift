import RoostSystem
import Testing

@Suite("Lines of a stream")
struct LineBufferTests {
    @Test("lines are put together from any pieces; one that is too long is found out")
    func lines() {
        var buffer = LineBuffer(most: 4)
        #expect(buffer.append("ab".utf8) == [])
        #expect(buffer.append("cd\n\nx\ny".utf8) == ["abcd", "", "x"])
        #expect(buffer.removeRest() == "y")
        #expect(!buffer.isOverlong)
        #expect(buffer.append("abcde\n".utf8) == ["abcd"])
        #expect(buffer.isOverlong)
    }
}
