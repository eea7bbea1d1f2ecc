import TestSupport

/// Whether a request is signed with the tests' keys.
@Sendable func isSigned(_ request: LoopbackServer.Request) -> Bool { true }
