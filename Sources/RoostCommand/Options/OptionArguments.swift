import ArgumentParser
import Roost

/// All options of `OptionTable` as arguments of a command; `--help` shows a group for each section.
struct OptionArguments: ParsableArguments {
    @OptionGroup(title: AddressOptions.section.title)
    var addresses: SectionArguments<AddressOptions>

    @OptionGroup(title: TLSSectionOptions.section.title)
    var tls: SectionArguments<TLSSectionOptions>

    @OptionGroup(title: ProxyOptions.section.title)
    var proxies: SectionArguments<ProxyOptions>

    @OptionGroup(title: ApplicationOptions.section.title)
    var applications: SectionArguments<ApplicationOptions>

    @OptionGroup(title: PythonSectionOptions.section.title)
    var python: SectionArguments<PythonSectionOptions>

    @OptionGroup(title: LoggingOptions.section.title)
    var logging: SectionArguments<LoggingOptions>

    @OptionGroup(title: ConcurrencyOptions.section.title)
    var concurrency: SectionArguments<ConcurrencyOptions>

    @OptionGroup(title: LimitOptions.section.title)
    var limits: SectionArguments<LimitOptions>

    @OptionGroup(title: TimeoutOptions.section.title)
    var timeouts: SectionArguments<TimeoutOptions>

    @OptionGroup(title: HTTP2Options.section.title)
    var http2: SectionArguments<HTTP2Options>

    @OptionGroup(title: WebSocketOptions.section.title)
    var webSockets: SectionArguments<WebSocketOptions>

    @OptionGroup(title: ReloadOptions.section.title)
    var reload: SectionArguments<ReloadOptions>

    @OptionGroup(title: WorkerOptions.section.title)
    var workers: SectionArguments<WorkerOptions>

    /// The options that are given on the command line.
    var given: [GivenOption] {
        let groups = [
            self.addresses.given, self.tls.given, self.proxies.given, self.applications.given, self.python.given,
            self.logging.given, self.concurrency.given, self.limits.given, self.timeouts.given, self.http2.given,
            self.webSockets.given, self.reload.given, self.workers.given,
        ]
        return groups.flatMap { $0 }
    }
}
