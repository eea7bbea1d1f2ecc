import BatchExport
import Testing

@testable import athena_export

@Suite struct `The next step after an interrupt` {
    private static let query = ExportState.QueryIdentity(clientRequestToken: "t", queryExecutionID: "q-1")

    private static func state(_ phase: ExportState.Phase) -> ExportState {
        ExportState(runID: "r", request: ExportRequest([]), startedAt: "now", firstBatch: 1, phase: phase)
    }

    private static func text(
        _ phase: ExportState.Phase, _ change: (inout ExportState) -> Void = { _ in }
    ) -> String {
        var state = state(phase)
        change(&state)
        return NextStep(state).description
    }

    @Test func `the next step after a stopped query is a command that pays for it again`() {
        // The second is that between the end of the stopped query and the start of another one.
        for phase in [.exporting(Self.query, Checkpoint(nextBatch: 1)), .starting(clientRequestToken: "t")]
            as [ExportState.Phase]
        {
            let text = Self.text(phase) {
                $0.isStoppingQuery = true
                $0.stoppedQueryExecutionID = "q-0"
            }
            #expect(text.contains("query q-0 was stopped in Athena") && text.contains("pays for it again"))
            #expect(text.contains("--leave-query-running"))
        }
    }

    @Test func `the next step where no query was stopped pays for nothing twice`() {
        let texts = [
            NextStep(nil).description, NextStep(nil, asksForColumns: true).description,
            Self.text(.starting(clientRequestToken: "t")),
            Self.text(.exporting(Self.query, Checkpoint(nextBatch: 1))),
            Self.text(.exporting(Self.query, Checkpoint(rowsExported: 3_900_000, nextBatch: 40))),
            Self.text(.succeeded(Self.query, Checkpoint(nextBatch: 1))), Self.text(.failed(Self.query)),
        ]
        #expect(texts.allSatisfy { !$0.contains("pays") })
        #expect(Set(texts).count == 6)
        #expect(texts[1].contains("costs nothing") && texts[1].contains("asks again"))
        #expect(texts[3].contains("query q-1 was not stopped"))
        #expect(texts[4].contains("after row 3,900,000"))
    }

    @Test func `a run that writes only changes reads its result again and sends no query`() {
        func text(_ parts: [ExportRequest.Part], rows: Int) -> String {
            let phase = ExportState.Phase.exporting(Self.query, Checkpoint(rowsExported: rows, nextBatch: 4))
            return NextStep(
                ExportState(runID: "r", request: ExportRequest(parts), startedAt: "now", firstBatch: 1, phase: phase)
            ).description
        }
        let changes = text([.changesOnly], rows: 3_900_000)
        #expect(changes.contains("from its beginning") && changes.contains("first 3,900,000 rows"))
        #expect(changes.contains("sends no query") && !changes.contains("continues after"))
        #expect(text([.changesOnly], rows: 0) == text([], rows: 0))
    }

    @Test func `the next step is uncertain where Athena did not confirm the stop`() {
        let text = Self.text(.exporting(Self.query, Checkpoint(nextBatch: 1))) { $0.isStoppingQuery = true }
        #expect(text.contains("did not confirm") && text.contains("only if it was stopped"))
    }
}
