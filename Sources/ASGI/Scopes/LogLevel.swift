import CASGI

/// The severity of a line in the host's log.
///
/// ```swift
/// scope.log(.warning, "the index is older than its entries")
/// ```
public enum LogLevel: Sendable {
    case debug, info, warning, error

    var value: Int32 {
        switch self {
        case .debug: ASGI_LOG_DEBUG
        case .info: ASGI_LOG_INFO
        case .warning: ASGI_LOG_WARNING
        case .error: ASGI_LOG_ERROR
        }
    }
}
