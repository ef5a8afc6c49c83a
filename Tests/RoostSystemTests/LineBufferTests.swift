import RoostSystem
import Testing

@Suite("Line buffer")
struct LineBufferTests {
    @Test("lines are assembled from pieces of any size; an overlong line is truncated and detected")
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
