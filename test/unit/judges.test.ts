/** How what outside judges find is compared with what is waived; the judges themselves are the e2e layer's. */
import { indexOf, pointsOf, profileOf, readLynis } from "../judges/lynis";
import { readEvaluation } from "../judges/openscap";
import { matches, readWaivers, type Waiver, waiverOf, weigh } from "../judges/waivers";

const waiver = (findings: string[], more: Partial<Waiver> = {}): Waiver => ({
  judge: "lynis",
  kind: "design",
  reason: "for the sake of a test of thirty letters",
  findings,
  ...more,
});

describe("the waivers", () => {
  const waivers = readWaivers();

  it("have a reason each, and name nothing twice", () => {
    const named = waivers.flatMap(({ judge, findings, servers = ["all"] }) =>
      findings.flatMap((finding) => servers.map((server) => `${judge} ${finding} ${server}`)),
    );
    expect(named).toEqual([...new Set(named)]);
    for (const { reason } of waivers) expect(reason).toMatch(/^\S.*[.]$/);
  });

  it("are no more than a namespace host needs, a reason forbids, or the catalogue still owes", () => {
    const ofKind = (kind: string): Waiver[] => waivers.filter((one) => one.kind === kind);
    for (const { reason } of ofKind("later")) expect(reason).toMatch(/\bP\d\d\b/);
    for (const { findings } of waivers) expect(findings).not.toContain("*");
  });

  it.each([
    ["- {judge: lynis, kind: host, findings: [A-1234]}", /reason/],
    ["- {judge: lynis, kind: host, reason: short, findings: [A-1234]}", /reason/],
    [`- {judge: lynis, kind: lazy, reason: ${"x".repeat(30)}, findings: [A-1234]}`, /kind/],
    [`- {judge: me, kind: host, reason: ${"x".repeat(30)}, findings: [A-1234]}`, /judge/],
    [`- {judge: lynis, kind: host, reason: ${"x".repeat(30)}, findings: []}`, /findings/],
  ])("are refused as %j", (text, why) => {
    expect(() => readWaivers(text)).toThrow(why);
  });
});

describe("a finding", () => {
  const seen = (...found: string[]) => [["app", found]] as const;

  it("is open unless it is waived for that judge and that server", () => {
    expect(weigh("lynis", seen("A-1"), [waiver(["A-1"])])).toEqual({ open: [], stale: [] });
    const others = [waiver(["A-1"], { judge: "nmap" }), waiver(["A-1"], { servers: ["database"] })];
    expect(weigh("lynis", seen("A-1"), others)).toEqual({ open: ["app A-1"], stale: [] });
  });

  it("that is gone leaves a stale waiver, on each server by itself", () => {
    const findings = [
      ["app", ["A-1"]],
      ["database", []],
    ] as const;
    expect(weigh("lynis", findings, [waiver(["A-1"])])).toEqual({
      open: [],
      stale: ["database A-1"],
    });
  });

  it("of less weight may be waived, and need not be", () => {
    const hints = [["app", ["B-2", "C-3"]]] as const;
    expect(weigh("lynis", seen(), [waiver(["B-2"])], hints)).toEqual({ open: [], stale: [] });
  });

  it.each([
    ["A-1:*", "A-1:x", true],
    ["A-1:*", "A-12", false],
    ["A-1:{dev,fs}.*", "A-1:fs.x", true],
    ["A-1:{dev,fs}.*", "A-1:net.x", false],
    ["A.1", "A-1", false],
  ])("%s is %s: %s", (glob, finding, is) => {
    expect(matches(glob, finding)).toBe(is);
  });

  it("named by itself goes before what a star stands for", () => {
    const waivers = [waiver(["a_*"], { kind: "host" }), waiver(["a_b"])];
    expect(waiverOf("a_b", "app", waivers)?.kind).toBe("design");
    expect(waiverOf("a_c", "app", waivers)?.kind).toBe("host");
  });
});

describe("lynis", () => {
  const line = (test: string, ...points: [number, number][]): string =>
    [
      `Performing test ID ${test} (of something)`,
      ...points.map(
        ([given, all]) => `Currently having ${String(given)} points (out of ${String(all)})`,
      ),
    ].join("\n");

  it("is told to skip what is waived, in its own words", () => {
    const waivers = [
      waiver(["KRNL-6000:{fs,kernel}.*", "SSH-7408:{port,max}", "FILE-6310:/home"]),
      waiver(["HRDN-7230"], { servers: ["database"] }),
    ];
    expect(profileOf(waivers, "app", ["kernel.x", "fs.y", "net.z"])).toEqual([
      "skip-test=KRNL-6000:fs.y",
      "skip-test=KRNL-6000:kernel.x",
      "skip-test=SSH-7408:port",
      "skip-test=SSH-7408:max",
      "skip-test=FILE-6310",
    ]);
  });

  it("gives points by test, which add up to its figure", () => {
    const points = pointsOf(
      [line("A-1", [1, 1], [1, 3]), line("B-2"), line("C-3", [4, 6])].join("\n"),
    );
    expect([...points]).toEqual([
      ["A-1", [1, 3]],
      ["C-3", [3, 3]],
    ]);
    expect(indexOf(points)).toBe(66);
  });

  it("is read with what a host cannot show, and without it", () => {
    const text = {
      "waived-report": "lynis_version=3.1.4\nhardening_index=100\n",
      "waived-log": line("A-1", [8, 8]),
      "plain-report": "suggestion[]=SSH-7408|x|Port (set 22 to )|-|\nwarning[]=B-2|y|-|-|\n",
      "plain-log": [line("A-1", [8, 8]), line("B-2", [8, 10]), line("C-3", [8, 16])].join("\n"),
    };
    const read = readLynis(text, [waiver(["B-2"]), waiver(["C-3"], { kind: "host" })], "app");
    expect(read).toEqual({
      version: "3.1.4",
      index: 100,
      rawIndex: 50,
      shownIndex: 80,
      findings: ["B-2", "SSH-7408:port"],
      hints: ["B-2", "C-3"],
    });
  });
});

describe("OpenSCAP", () => {
  const rule = (id: string): string => `<Rule id="xccdf_org.ssgproject.content_rule_${id}"`;
  const result = (id: string, text: string): string =>
    `<rule-result idref="xccdf_org.ssgproject.content_rule_${id}"\n<result>${text}`;
  const text = [
    ...['<Group id="one">', rule("a"), '<Group id="two">', rule("b"), rule("c"), "</Group>"],
    ...["</Group>", '<Group id="three">', rule("d"), "</Group>"],
    ...[
      result("a", "pass"),
      result("b", "fail"),
      result("c", "pass"),
      result("d", "notapplicable"),
    ],
    '<score system="urn:xccdf:scoring:default" maximum="100.000000">75.000000',
  ].join("\n");

  it("is reckoned by groups, of which those without a counted rule are none", () => {
    const { score, failing, scoreWithout } = readEvaluation(text);
    expect({ score, failing }).toEqual({ score: 75, failing: ["b"] });
    expect(scoreWithout(() => false)).toBe(75);
    expect(scoreWithout((one) => one === "b")).toBe(100);
    expect(scoreWithout((one) => one === "a")).toBe(50);
  });
});
