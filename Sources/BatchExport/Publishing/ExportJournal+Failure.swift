extension ExportJournal {
    /// Keeps in the state why the process ends, so that `status` can tell.
    ///
    /// A failure to do so changes nothing: the run ends with the error that it has.
    /// - Parameters:
    ///   - failure: the error's text, without secrets and values of cells.
    ///   - runID: the run that it ended; the state of another one stays as it is.
    public func keep(failure: String, of runID: String) {
        guard var state, state.runID == runID else { return }
        if case .succeeded = state.phase { return }
        state.failure = failure
        try? save(state)
    }
}
