import ArgumentParser
import RoostSystem

/// `roost new NAME`.
struct New: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create a folder with a working module, its settings and a Makefile.",
        discussion:
            "No existing file is changed. The README in the folder describes its files."
    )

    @Argument(help: "Name of the module and of its folder: letters, digits, - and _.")
    var name: String

    @Option(help: "Language of the module: \(ModuleLanguage.words.joined(separator: ", ")).")
    var language = ModuleLanguage.c.rawValue

    @Option(help: "Folder of Roost's sources, for a module in Swift. (default: the sources of this executable)")
    var sdk: String?

    func run() throws {
        var module = try NewModule(name: self.name, language: try ModuleLanguage(word: self.language))
        module.roost = RoostPaths.executable ?? module.roost
        if module.language == .swift {
            module.sources = try RoostPaths.sources(given: self.sdk)
            guard !RoostPaths.isTaken(module.name, sources: module.sources) else {
                throw HostError(
                    code: .usage,
                    message:
                        "'\(module.name)' is the name of a package that a Swift module depends on; choose another"
                )
            }
        } else if self.sdk != nil {
            throw ValidationError("--sdk is for modules in Swift only; remove it, or add --language swift")
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
