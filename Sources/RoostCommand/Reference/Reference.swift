import ArgumentParser
import RoostSystem

/// `roost reference PAGE`: writes a generated page of the documentation. Used by the project itself (`make reference`).
struct Reference: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a generated page of the documentation.", shouldDisplay: false)

    enum Page: String, CaseIterable, ExpressibleByArgument {
        case options, limits, commands, man
        case logEvents = "log-events"
        case otherServers = "other-servers"
    }

    @Argument(help: "The page.")
    var page: Page

    func run() {
        let text =
            switch self.page {
            case .options: OptionsPage.text
            case .limits: LimitsPage.text
            case .commands: CommandsPage.text
            case .logEvents: LogEventsPage.text
            case .otherServers: OtherServersPage.text
            case .man: ManPage.text
            }
        Terminal.output.write(text)
    }
}
