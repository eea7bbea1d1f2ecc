import AWS
import JSON

/// An execution as GetQueryExecution describes it, as far as an export needs it.
struct QueryExecution: Sendable, Equatable {
    /// The state of an execution. An unknown one counts as not finished.
    enum State: Sendable, Equatable {
        case queued, running, succeeded, failed, cancelled
        case unknown(String)

        init(_ name: String) {
            self =
                switch name {
                case "QUEUED": .queued
                case "RUNNING": .running
                case "SUCCEEDED": .succeeded
                case "FAILED": .failed
                case "CANCELLED": .cancelled
                default: .unknown(name)
                }
        }

        var name: String {
            switch self {
            case .queued: "QUEUED"
            case .running: "RUNNING"
            case .succeeded: "SUCCEEDED"
            case .failed: "FAILED"
            case .cancelled: "CANCELLED"
            case .unknown(let name): name
            }
        }
    }

    let queryExecutionID: String
    let query: String?
    let state: State
    let stateChangeReason: String?
    let athenaError: AthenaError?
    /// `DDL`, `DML` or `UTILITY`.
    let statementType: String?
    /// Free text, such as `SELECT` or `SHOW_TABLES`.
    let substatementType: String?
    /// The full name of the result object, whatever location was requested.
    let outputLocation: String?
    /// The account that the result's bucket must belong to, if the query or its work group set one.
    let expectedBucketOwner: String?
    /// `SSE_S3`, `SSE_KMS` or `CSE_KMS`. Only the client can decrypt the last.
    let encryptionOption: String?
    let dataScannedInBytes: Int?
    /// Whether the result is that of an equal query before this one; nil if the service does not say.
    let reusedPreviousResult: Bool?
    /// The engine that the query ran on, such as `Athena engine version 3`.
    let effectiveEngineVersion: String?

    /// Where the list of the objects is that the statement has written, if it has written any.
    let dataManifestLocation: String?
    /// Where it ran, and with which parameters.
    let context: Context

    struct Context: Sendable, Equatable {
        let database: String?
        let catalog: String?
        let workGroup: String?
        let parameters: [String]
    }

    /// Reads the body of an answer.
    init(parsing body: [UInt8]) throws(JSONError) {
        let execution = try JSONField(try JSONValue(parsing: body)).member("QueryExecution")
        let status = try execution.member("Status")
        let result = try execution.optionalMember("ResultConfiguration")
        let statistics = try execution.optionalMember("Statistics")
        queryExecutionID = try execution.member("QueryExecutionId").string()
        query = try execution.optionalMember("Query")?.string()
        state = State(try status.member("State").string())
        stateChangeReason = try status.optionalMember("StateChangeReason")?.string()
        athenaError = try status.optionalMember("AthenaError").map { (field) throws(JSONError) in try AthenaError(field)
        }
        statementType = try execution.optionalMember("StatementType")?.string()
        substatementType = try execution.optionalMember("SubstatementType")?.string()
        outputLocation = try result?.optionalMember("OutputLocation")?.string()
        expectedBucketOwner = try result?.optionalMember("ExpectedBucketOwner").map { (field) throws(JSONError) in
            let number = try field.string()
            guard S3Client.isAccountNumber(number) else { throw field.mismatch("the 12 digits of an account") }
            return number
        }
        encryptionOption = try result?.optionalMember("EncryptionConfiguration")?
            .optionalMember("EncryptionOption")?.string()
        dataScannedInBytes = try statistics?.optionalMember("DataScannedInBytes")?.integer(atLeast: 0)
        reusedPreviousResult = try statistics?.optionalMember("ResultReuseInformation")?
            .optionalMember("ReusedPreviousResult")?.bool()
        effectiveEngineVersion = try execution.optionalMember("EngineVersion")?
            .optionalMember("EffectiveEngineVersion")?.string()
        dataManifestLocation = try statistics?.optionalMember("DataManifestLocation")?.string()
        let context = try execution.optionalMember("QueryExecutionContext")
        self.context = Context(
            database: try context?.optionalMember("Database")?.string(),
            catalog: try context?.optionalMember("Catalog")?.string(),
            workGroup: try execution.optionalMember("WorkGroup")?.string(),
            parameters: try execution.optionalMember("ExecutionParameters")?.strings() ?? [])
    }

    /// Another statement that runs where this one did, with its parameters.
    func query(statement: String) -> AthenaQuery {
        let results = outputLocation.flatMap { place in place.lastIndex(of: "/").map { String(place[...$0]) } }
        return AthenaQuery(
            statement: statement, parameters: context.parameters, database: context.database, catalog: context.catalog,
            workGroup: context.workGroup, outputLocation: results, expectedBucketOwner: expectedBucketOwner)
    }
}

extension QueryExecution {
    /// Seconds before each further look at a failed query, until the failure counts. Athena may queue such a query
    /// again by itself (API reference, QueryExecutionStatus), but not if the error is the user's.
    var pausesBeforeFailureCounts: [Double] {
        if athenaError?.isOfUser == true { return [] }
        // Queries with this failure have been seen to succeed later (growthbook/growthbook, issue 1866).
        return failedByBusyS3 ? [5, 5] : [1, 3]
    }

    /// The statement's effect, if it does not read rows: `INSERT`, `MSCK_REPAIR_TABLE`.
    var effect: String? {
        guard let substatementType, let verb = substatementType.uppercased().split(separator: "_").first else {
            let scanner = StatementScanner(query ?? "")
            return scanner.innermostVerb.flatMap { Self.verbsOfEffect.contains($0) ? scanner.verb : nil }
        }
        return Self.verbsOfEffect.contains(String(verb)) ? substatementType : nil
    }

    /// Substatement types are free text, and the query has run already, so unknown words count as reading.
    private static let verbsOfEffect: Set<String> = [
        "ALTER", "ANALYZE", "CALL", "CREATE", "DEALLOCATE", "DELETE", "DROP", "GRANT", "INSERT", "MERGE", "MSCK",
        "OPTIMIZE", "PREPARE", "REFRESH", "REVOKE", "SET", "TRUNCATE", "UNLOAD", "UPDATE", "USE", "VACUUM",
    ]

    /// The advice about a query that ended without a result.
    ///
    /// - Parameter isNamed: the query was named by its id.
    func remedy(isNamed: Bool) -> QueryRemedy {
        if isNamed { return .nameAnother }
        if makesJSON, reasonsContain(["cannot cast"]), reasonsContain(["json"]) { return .castInnerValues }
        if state == .cancelled { return .sendAgain }
        if mayBeRetried { return .sendLater }
        return athenaError?.isOfUser == true ? .correctIt : .lookAtIt
    }

    /// The error that a query ends with which has not succeeded.
    func failure(isNamed: Bool) -> AthenaExportError {
        .queryEnded(
            queryExecutionID: queryExecutionID, state: state.name, reason: stateChangeReason,
            athenaError: athenaError?.description(besides: stateChangeReason), remedy(isNamed: isNamed))
    }

    /// Whether the query may succeed and does no harm if it is sent again.
    var mayBeRetried: Bool {
        guard state == .failed, effect == nil || isUnload else { return false }
        return athenaError?.mayBeRetried ?? reasonsContain(Self.wordsOfThrottling)
    }

    /// Whether it is an UNLOAD that this program has sent. Objects that it wrote before it failed are not read.
    private var isUnload: Bool { query.map { UnloadStatement.parts(of: $0) != nil } ?? false }

    /// Whether this program has put the SELECT around the query that makes JSON of nested values.
    private var makesJSON: Bool { isUnload || query.map { OuterSelect.innerStatement(of: $0) != nil } ?? false }

    /// Whether it is an UNLOAD whose target had objects already.
    var foundTarget: Bool { state == .failed && isUnload && reasonsContain(["hive_path_already_exists"]) }

    /// The reason contains S3's answer to too many requests.
    private var failedByBusyS3: Bool { reasonsContain(Self.wordsOfBusyS3) }

    private func reasonsContain(_ words: [String]) -> Bool {
        [stateChangeReason, athenaError?.message].contains { text in
            guard let text = text?.lowercased() else { return false }
            return words.contains { text.contains($0) }
        }
    }

    private static let wordsOfBusyS3 = ["slowdown", "reduce your request rate"]
    /// Words of services that Athena calls; lower case.
    private static let wordsOfThrottling = ["rate exceeded", "throttlingexception", "toomanyrequestsexception"]
}

/// Why a query failed, in Athena's own terms.
struct AthenaError: Sendable, Equatable, CustomStringConvertible {
    /// 1 system, 2 user, 3 other.
    let category: Int?
    let type: Int?
    let isRetryable: Bool?
    let message: String?

    init(_ field: JSONField) throws(JSONError) {
        category = try field.optionalMember("ErrorCategory")?.integer()
        type = try field.optionalMember("ErrorType")?.integer()
        isRetryable = try field.optionalMember("Retryable")?.bool()
        message = try field.optionalMember("ErrorMessage")?.string()
    }

    /// Whether the query may succeed if it is sent again; nil if Athena does not say. Errors of Athena itself may be
    /// temporary.
    var mayBeRetried: Bool? {
        if let isRetryable { return isRetryable }
        return isOfUser ? false : category == Self.systemCategory ? true : nil
    }

    /// The statement, its data or its permissions are at fault.
    var isOfUser: Bool { category == Self.userCategory }

    private static let systemCategory = 1
    private static let userCategory = 2

    var description: String { description(besides: nil) }

    /// - Parameter reason: already part of the message; an equal text is left out.
    func description(besides reason: String?) -> String {
        var parts: [String] = []
        if let category { parts.append("ErrorCategory \(category)") }
        if let type { parts.append("ErrorType \(type)") }
        if let isRetryable { parts.append("Retryable \(isRetryable)") }
        if let message, message != reason { parts.append("ErrorMessage: \(message)") }
        return parts.joined(separator: ", ")
    }
}
