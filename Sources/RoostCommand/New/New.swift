import ArgumentParser
import RoostSystem

/// `roost new NAME`.
struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a folder with a module that builds and runs, its settings and a Makefile.",
        discussion:
            "Nothing that is there is changed. What is in the folder is the module's own, and its README says what it is."
    )

    @Argument(help: "The module's name, and its folder's: letters, digits, - and _.")
    var name: String

    @Option(help: "\(ModuleLanguage.words.joined(separator: ", ")).")
    var language = ModuleLanguage.c.rawValue

    @Option(help: "Folder of Roost's sources, for a module in Swift. [default: what this roost was built of]")
    var sdk: String?

    func run() throws {
        var module = try NewModule(name: self.name, language: try ModuleLanguage(word: self.language))
        module.roost = RoostPlace.executable ?? module.roost
        if module.language == .swift {
            module.sources = try RoostPlace.sources(given: self.sdk)
            guard !RoostPlace.isTaken(module.name, sources: module.sources) else {
                throw HostError(
                    code: .usage,
                    message:
                        "'\(module.name)' is the name of a package that a module in Swift is built with: choose another"
                )
            }
        } else if self.sdk != nil {
            throw ValidationError("--sdk is for modules in Swift: leave it out, or say --language swift")
        }
        try NewFolder.write(module.files, to: module.name)

        let terminal = Terminal.output
        terminal.write(
            """
            \(module.name) is a module in \(module.language.title). To build it, and to serve it at http://127.0.0.1:8000:

              \(terminal.bold("cd \(module.name) && make"))
              \(terminal.bold("make run"))

            """)
    }
}
