import Glibc
import Logging
import Roost
import RoostPython
import RoostSettings
import RoostSystem

/// Environment variables that begin with `ROOST_` and belong to no option, so that a misspelt name is reported. Their
/// values are not shown.
struct UnknownVariables {
    struct Variable: Equatable {
        let name: String
        let nearest: String?
    }

    let variables: [Variable]

    /// Creates the list from the environment of this process.
    init() {
        var names: [String] = []
        var at = environ
        while let variable = at.pointee {
            names.append(String(String(cString: variable).prefix { $0 != "=" }))
            at += 1
        }
        self.init(among: names)
    }

    init(among names: [String]) {
        self.variables = names.filter {
            $0.hasPrefix("ROOST_") && !$0.hasPrefix(Self.testPrefix) && !Self.known.contains($0)
        }.sorted().map { Variable(name: $0, nearest: NearestName.to($0, among: Self.known.sorted()).first) }
    }

    /// One sentence for each variable.
    var sentences: [String] {
        self.variables.map { variable in
            "unknown environment variable \(variable.name) is ignored"
                + (variable.nearest.map { " (did you mean \($0)?)" } ?? "")
        }
    }

    func log(_ logger: Logger) {
        for variable in self.variables {
            var metadata: Logger.Metadata = ["name": "\(variable.name)"]
            if let nearest = variable.nearest { metadata["nearest"] = "\(nearest)" }
            logger.log(.variableUnknown, metadata)
        }
    }

    /// The prefix of variables for the project's own tests.
    private static let testPrefix = "ROOST_TEST_"

    private static let known = Set(
        OptionTable.all.compactMap(\.declaration.variable) + PythonInterpreter.packageVariables
            + [SettingsModule.variable, PythonInterpreter.variable, "ROOST_FUZZ"])
}
