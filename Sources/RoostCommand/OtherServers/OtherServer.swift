/// An application server whose command line `roost` understands in part.
enum OtherServer: String, CaseIterable, Sendable {
    case uvicorn = "Uvicorn"
    case gunicorn = "Gunicorn"
    case granian = "Granian"
    case hypercorn = "Hypercorn"
    case daphne = "Daphne"

    /// Its options: for Uvicorn all of them, for the others those that are used most.
    var options: [OtherOption] {
        switch self {
        case .uvicorn: OtherOption.ofUvicorn
        case .gunicorn: OtherOption.ofGunicorn
        case .granian: OtherOption.ofGranian
        case .hypercorn: OtherOption.ofHypercorn
        case .daphne: OtherOption.ofDaphne
        }
    }

    /// The sentence above its table in the documentation.
    var scope: String {
        switch self {
        case .uvicorn: "All options of Uvicorn 0.54."
        case .gunicorn, .granian, .hypercorn, .daphne: "The options of \(self.rawValue) that are used most."
        }
    }
}
