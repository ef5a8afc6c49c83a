import Roost

/// A section of `OptionTable` as a type: ArgumentParser identifies a group of options by its type.
protocol OptionSection {
    static var section: OptionTable.Section { get }
}

enum AddressOptions: OptionSection { static let section = OptionTable.addressSection }
enum TLSSectionOptions: OptionSection { static let section = OptionTable.tlsSection }
enum ProxyOptions: OptionSection { static let section = OptionTable.proxySection }
enum ApplicationOptions: OptionSection { static let section = OptionTable.applicationSection }
enum PythonSectionOptions: OptionSection { static let section = OptionTable.pythonSection }
enum LoggingOptions: OptionSection { static let section = OptionTable.loggingSection }
enum ConcurrencyOptions: OptionSection { static let section = OptionTable.concurrencySection }
enum LimitOptions: OptionSection { static let section = OptionTable.limitSection }
enum TimeoutOptions: OptionSection { static let section = OptionTable.timeoutSection }
enum HTTP2Options: OptionSection { static let section = OptionTable.http2Section }
enum WebSocketOptions: OptionSection { static let section = OptionTable.webSocketSection }
enum ReloadOptions: OptionSection { static let section = OptionTable.reloadSection }
enum WorkerOptions: OptionSection { static let section = OptionTable.workerSection }
