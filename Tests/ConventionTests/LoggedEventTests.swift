import Testing

/// Checks the lists of log events, so that a reference page that is made of them is complete.
@Suite("Conventions of log events")
struct LoggedEventTests {
    private static let lists = [
        "ofRoostSystem", "ofModuleRuntime", "ofRoost", "ofDeployment", "ofSupervision", "ofCommand",
    ]

    @Test("every event is in the list of its target, and names are unique")
    func listed() throws {
        var names: [String] = []
        var lists: [String] = []
        for file in SourceFile.all where file.path.hasPrefix("Sources/") {
            let text = file.lines.filter { !$0.hasPrefix("//") }.joined(separator: " ")
            let declared = text.matches(of: /static let (\w+) = LoggedEvent\( ?\.\w+, "([^"]+)"/)
            // Other ways to create an event would escape this test.
            #expect(text.matches(of: /\bLoggedEvent\(/).count == declared.count, "\(file.path)")
            let listed = text.matches(of: /static let (of\w+)(?:: \[LoggedEvent\])? = \[([\w, ]+)\]/)
            lists += listed.map { String($0.output.1) }
            let members = listed.flatMap { $0.output.2.split { !$0.isLetter && !$0.isNumber }.map(String.init) }
            #expect(members.sorted() == declared.map { String($0.output.1) }.sorted(), "\(file.path)")
            names += declared.map { String($0.output.2) }
        }
        #expect(lists.sorted() == Self.lists.sorted())
        #expect(names.count > 40)
        #expect(Set(names).count == names.count, "\(names.sorted())")
    }
}
