import JSON

/// A statement and where it runs.
package struct AthenaQuery: Sendable, Equatable {
    package var statement: String
    /// One SQL literal for each `?`, as text.
    package var parameters: [String]
    package var database: String?
    package var catalog: String?
    package var workGroup: String?
    /// `s3://…`; may be left out if the work group has a location.
    package var outputLocation: String?
    /// The number of the account whose bucket it must be; Athena and S3 refuse any other.
    package var expectedBucketOwner: String?
    /// The KMS key that the result is encrypted with (SSE-KMS): its ARN or id. Nil for what the work group or the bucket
    /// says.
    package var kmsKey: String?
    /// The result of an equal query that is no older than so many minutes may be taken instead, 1 to 10080. Nil for never.
    package var reusedResultMinutes: Int?

    package init(
        statement: String, parameters: [String] = [], database: String? = nil, catalog: String? = nil,
        workGroup: String? = nil, outputLocation: String? = nil, expectedBucketOwner: String? = nil,
        kmsKey: String? = nil, reusedResultMinutes: Int? = nil
    ) {
        self.statement = statement
        self.parameters = parameters
        self.database = database
        self.catalog = catalog
        self.workGroup = workGroup
        self.outputLocation = outputLocation
        self.expectedBucketOwner = expectedBucketOwner
        self.kmsKey = kmsKey
        self.reusedResultMinutes = reusedResultMinutes
    }

    /// Athena's limit for a statement, in bytes of UTF-8 (service quotas: "maximum query string length").
    package static let maximumBytes = 262_144

    /// The body of StartQueryExecution, without members that are not set.
    func request(clientRequestToken: String) -> JSONValue {
        var context = JSONObject()
        context["Database"] = database.map { .string($0) }
        context["Catalog"] = catalog.map { .string($0) }
        var request: JSONObject = [
            "QueryString": .string(statement), "ClientRequestToken": .string(clientRequestToken),
        ]
        if !context.members.isEmpty { request["QueryExecutionContext"] = .object(context) }
        var result = JSONObject()
        result["OutputLocation"] = outputLocation.map { .string($0) }
        result["ExpectedBucketOwner"] = expectedBucketOwner.map { .string($0) }
        result["EncryptionConfiguration"] = kmsKey.map { ["EncryptionOption": "SSE_KMS", "KmsKey": .string($0)] }
        if !result.members.isEmpty { request["ResultConfiguration"] = .object(result) }
        request["WorkGroup"] = workGroup.map { .string($0) }
        if !parameters.isEmpty { request["ExecutionParameters"] = .array(parameters.map { .string($0) }) }
        if let reusedResultMinutes {
            request["ResultReuseConfiguration"] = [
                "ResultReuseByAgeConfiguration": [
                    "Enabled": .bool(true), "MaxAgeInMinutes": .integer(reusedResultMinutes),
                ]
            ]
        }
        return .object(request)
    }
}
