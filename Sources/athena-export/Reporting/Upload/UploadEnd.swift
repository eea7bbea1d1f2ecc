import Upload

/// How an upload ended: what there is to say of it, and the status that says it to a scheduler.
struct UploadEnd {
    let status: ExitStatus
    /// What went wrong, if anything has and no signal was it.
    let error: (any Error)?
    let outcome: UploadOutcome
    /// Nil if the directory was not read.
    let table: String?
    let url: String
    let requests: RequestCounter.Counts

    /// - Parameter result: of the upload; a signal's status is what it fails with after a signal.
    init(
        _ result: Result<Void, any Error>, _ outcome: UploadOutcome, table: String, url: String,
        requests: RequestCounter.Counts
    ) {
        self.outcome = outcome
        self.table = table
        self.url = url
        self.requests = requests
        switch result {
        case .success:
            status = .success
            error = nil
        case .failure(let signal as ExitStatus):
            status = signal
            error = nil
        case .failure(let error):
            status = ExitStatus(error)
            self.error = error
        }
    }

    /// One that failed before it could begin.
    init(failed error: any Error, url: String) {
        status = ExitStatus(error)
        self.error = error
        outcome = UploadOutcome()
        table = nil
        self.url = url
        requests = RequestCounter.Counts()
    }
}
