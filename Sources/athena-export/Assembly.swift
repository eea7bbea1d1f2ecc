import AWS
import Athena
import Dispatch
import HTTPTransport
import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The one place where the parts are put together.
struct Assembly {
    let client: AthenaClient
    let runtime: Runtime
}
