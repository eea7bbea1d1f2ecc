package import AWS
package import BatchExport
package import Logging
import Threading

/// Brings a bucket to what a manifest says, in the order that keeps a reader right: files, manifests for COPY, and the
/// manifest last.
///
/// It changes nothing but what is missing, so the same call continues what was stopped.
package struct Upload: Sendable {
    private let published: PublishedManifest
    private let options: UploadOptions
    private let bucket: Bucket
    private let logger: Logger
    private let report: @Sendable (UploadProgress) -> Void
    private let state = Locked(UploadOutcome())

    /// Requests at a time that carry no file.
    private static let requestsAtATime = 16
    /// How often the bucket's manifest may be replaced under an upload's hands.
    private static let manifestAttempts = 3

    package init(
        _ published: PublishedManifest, _ options: UploadOptions, to s3: S3Client, logger: Logger,
        report: @escaping @Sendable (UploadProgress) -> Void = { _ in }
    ) {
        self.published = published
        self.options = options
        bucket = Bucket(s3: s3, target: options.target, kmsKey: options.kmsKey)
        self.logger = logger
        self.report = report
    }

    /// How far it has come, also after an error.
    package var outcome: UploadOutcome { state.withLock { $0 } }

    /// Runs to its end.
    ///
    /// - Throws: ``UploadError`` or `CancellationError`.
    package func run() async throws {
        let plan = try UploadPlan(published, options)
        state.withLock {
            $0.files = plan.files.count + 1
            $0.bytes = plan.bytes
        }
        let manifest = try await readManifest(plan)
        let objects = try await BucketObjects(bucket, of: published.manifest)
        let missing = try await missing(of: plan.files + plan.redshiftManifests, objects)
        announce(missing, manifest, plan)
        try await forEach(missing) { try $0.check() }
        try await forEach(missing.filter(isListed)) { try await send($0) }
        try await forEach(missing.filter { !isListed($0) }) { try await send($0) }
        try await put(plan.manifest, inPlaceOf: manifest)
        if options.prunes { try await prune(objects.pruned) }
    }

    private func readManifest(_ plan: UploadPlan) async throws -> BucketManifest {
        try await BucketManifest(in: bucket, comparedWith: published, at: plan.manifest.location)
    }

    /// Whether the manifest lists a file.
    private func isListed(_ file: UploadFile) -> Bool {
        if case .file = file.content { true } else { false }
    }

    private func announce(_ missing: [UploadFile], _ manifest: BucketManifest, _ plan: UploadPlan) {
        let waiting = if case .same = manifest { missing } else { missing + [plan.manifest] }
        let bytes = waiting.reduce(0) { $0 + $1.size }
        report(.planned(files: waiting.count, bytes: bytes))
        logger.info(
            "uploading \(waiting.count) object\(waiting.count == 1 ? "" : "s") to \(options.target)",
            metadata: [
                "event": "upload_started", "url": "\(options.target)", "files": .stringConvertible(waiting.count),
                "bytes": .stringConvertible(bytes),
            ])
    }
}

// MARK: - Files

extension Upload {
    /// The files that the bucket has not.
    private func missing(of files: [UploadFile], _ objects: BucketObjects) async throws -> [UploadFile] {
        let absent = Locked<Set<String>>([])
        try await forEach(files, atATime: Self.requestsAtATime) { file in
            guard let size = objects.sizes[file.path] else {
                absent.withLock { _ = $0.insert(file.path) }
                return
            }
            try file.compare(withObjectOf: size)
            if try await bucket.has(file) { notePresent(file) } else { absent.withLock { _ = $0.insert(file.path) } }
        }
        let paths = absent.withLock { $0 }
        return files.filter { paths.contains($0.path) }
    }

    private func send(_ file: UploadFile) async throws {
        guard try await bucket.put(file, .absent, report: { report(.sent(bytes: $0)) }) else {
            // Another upload was faster, or the answer to an attempt of this one was lost.
            guard try await bucket.has(file) else { throw UploadError.contested(file.location) }
            notePresent(file)
            report(.arrived)
            return
        }
        noteSent(file)
        report(.arrived)
    }

    private func notePresent(_ file: UploadFile) {
        if isListed(file) { state.withLock { $0.present += 1 } }
        logger.debug("present", metadata: ["event": "object_present", "url": "\(file.location)"])
    }

    private func noteSent(_ file: UploadFile) {
        if isListed(file) { noteSent(bytes: file.size) }
        logger.debug(
            "sent",
            metadata: [
                "event": "object_sent", "url": "\(file.location)", "bytes": .stringConvertible(file.size),
            ])
    }

    private func noteSent(bytes: Int) {
        state.withLock {
            $0.sent += 1
            $0.sentBytes += bytes
        }
    }

    private func forEach<Item: Sendable>(
        _ items: [Item], atATime limit: Int? = nil,
        _ body: @escaping @Sendable (Item) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (started, item) in items.enumerated() {
                if started >= limit ?? options.filesAtATime { try await group.next() }
                group.addTask { try await body(item) }
            }
            try await group.waitForAll()
        }
    }
}

// MARK: - The manifest, and what comes after it

extension Upload {
    private func put(_ file: UploadFile, inPlaceOf first: BucketManifest) async throws {
        var manifest = first
        for attempt in 1...Self.manifestAttempts {
            let condition: S3NewObject.Condition
            switch manifest {
            case .same:
                state.withLock { $0.present += 1 }
                // What was there before is no part of the work that was announced.
                if attempt > 1 { report(.arrived) }
                return
            case .absent: condition = .absent
            case .older(let etag): condition = .version(etag)
            }
            if try await bucket.put(file, condition, report: { report(.sent(bytes: $0)) }) {
                noteSent(bytes: file.size)
                report(.arrived)
                return
            }
            // Another upload has replaced it, or the answer to an attempt of this one was lost.
            manifest = try await BucketManifest(
                in: bucket, comparedWith: published, at: file.location, mayFollowFiles: true)
        }
        throw UploadError.contested(file.location)
    }

    private func prune(_ locations: [S3Location]) async throws {
        try await forEach(locations, atATime: Self.requestsAtATime) { location in
            try await bucket.remove(location)
            state.withLock { $0.removed += 1 }
            logger.debug("removed", metadata: ["event": "object_removed", "url": "\(location)"])
        }
    }
}
