/** How the judge of TLS is read; what it thinks of our servers is the e2e layer's. */
import { isConclusive, readFindings } from "../testssl";

const row = (id: string, severity: string, finding: string): object => ({ id, severity, finding });
const text = (...rows: object[]): string => JSON.stringify(rows);
const GRADE = row("overall_grade", "OK", "A+");

describe("what testssl.sh finds", () => {
  it("is read by severity, with the grade", () => {
    const { grade, findings } = readFindings(
      text(row("TLS1_3", "OK", "offered"), row("cert_revocation", "HIGH", "none"), GRADE),
    );
    expect(grade).toBe("A+");
    expect(findings).toMatchObject({
      ...{ OK: ["TLS1_3: offered", "overall_grade: A+"], HIGH: ["cert_revocation: none"] },
      ...{ LOW: [], MEDIUM: [], CRITICAL: [], WARN: [] },
    });
  });

  it("is looked for again where it could not connect", () => {
    const missed = row(
      "sessionresumption_ticket",
      "WARN",
      "check failed because of connect problem",
    );
    expect(isConclusive(readFindings(text(missed, GRADE)))).toBe(false);
    const other = row("engine_problem", "WARN", "No engine or GOST support via engine");
    expect(isConclusive(readFindings(text(other, GRADE)))).toBe(true);
  });

  it("is no judgement without a grade, or where it could not go on", () => {
    expect(() => readFindings(text(row("TLS1_3", "OK", "offered")))).toThrow("gave no grade");
    expect(() => readFindings(text(GRADE, row("scanProblem", "FATAL", "down")))).toThrow("FATAL");
  });
});
