extension ExportJournal {
    /// Keeps in the state why the process ends, for `status`.
    ///
    /// If that fails, the run still ends with its own error.
    /// - Parameters:
    ///   - failure: the error's text, without secrets. Athena's own reason in it may quote a value.
    ///   - runID: the run that it ended; the state of another run is not changed.
    package func keep(failure: String, of runID: String) {
        guard var state, state.runID == runID else { return }
        if case .succeeded = state.phase { return }
        state.failure = failure
        try? save(state)
    }
}
