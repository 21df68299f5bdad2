import { answerWeb, type WebAnswer, type WebRequest } from "../../local/outside/webhooks";

const SERVICES = {
  webhookPath: "/services/T1/B1/x",
  pushoverToken: "t".repeat(30),
  pushoverUser: "u".repeat(30),
};
const FORM = "application/x-www-form-urlencoded";

function ask(request: Partial<WebRequest>): WebAnswer {
  const type = "application/json";
  return answerWeb({ method: "POST", path: "/", type, body: "", ...request }, SERVICES);
}

describe("the stand-in for Slack", () => {
  const slack = (request: Partial<WebRequest>): WebAnswer =>
    ask({ path: SERVICES.webhookPath, ...request });

  it("takes JSON as it is, or as the payload of a form", () => {
    const body = '{"text":"a &lt;b&gt; &amp;lt;"}';
    const arrival = { channel: "slack", text: "a <b> &lt;", raw: body };
    expect(slack({ body })).toMatchObject({ status: 200, body: "ok", arrival });
    const form = new URLSearchParams({ payload: body }).toString();
    expect(slack({ type: `${FORM}; charset=utf-8`, body: form })).toMatchObject({ arrival });
  });

  it.each<[Partial<WebRequest>, number, string]>([
    [{ method: "GET" }, 405, "method_not_allowed"],
    [{ path: "/services/" }, 403, "invalid_token"],
    [{ path: `${SERVICES.webhookPath}/` }, 403, "invalid_token"],
    [{ body: "" }, 400, "invalid_payload"],
    [{ body: "[]" }, 400, "invalid_payload"],
    [{ body: "null" }, 400, "invalid_payload"],
    // What curl sends if nobody names the type.
    [{ body: '{"text":"x"}', type: FORM }, 400, "invalid_payload"],
    [{ body: "{}" }, 400, "no_text"],
    [{ body: '{"text":""}' }, 400, "no_text"],
    [{ body: '{"text":1}' }, 400, "no_text"],
  ])("refuses %j", (request, status, body) => {
    expect(slack(request)).toEqual({ status, type: "text/html", body });
  });
});

describe("the stand-in for Pushover", () => {
  function pushover(fields: Record<string, string>, more: Partial<WebRequest> = {}): WebAnswer {
    const { pushoverToken: token, pushoverUser: user } = SERVICES;
    const body = new URLSearchParams({ token, user, message: "é", ...fields }).toString();
    return ask({ path: "/1/messages.json", type: FORM, body, ...more });
  }

  it("takes a form, and keeps no secret of it", () => {
    const answer = pushover({ title: "t".repeat(250), message: "é".repeat(1024) });
    expect(answer.status).toBe(200);
    expect(answer.arrival).toEqual({
      channel: "pushover",
      from: "",
      to: [],
      subject: "t".repeat(250),
      text: "é".repeat(1024),
    });
  });

  it.each<[Record<string, string>, Partial<WebRequest>, string]>([
    [{ token: "" }, {}, "application token is invalid"],
    [{ user: "x" }, {}, "user identifier is not a valid user"],
    [{ message: "" }, {}, "message cannot be blank"],
    [{ message: "x".repeat(1025) }, {}, "message is too long"],
    [{ title: "x".repeat(251) }, {}, "title is too long"],
    [{}, { type: "text/plain" }, "application token is invalid"],
    [{}, { method: "GET" }, "must be POST"],
  ])("refuses %j %j", (fields, more, error) => {
    const answer = pushover(fields, more);
    expect([answer.status, answer.arrival]).toEqual([400, undefined]);
    const { status, errors } = JSON.parse(answer.body) as { status: number; errors: string[] };
    expect(status).toBe(0);
    expect(errors.join()).toContain(error);
  });
});

it("knows no other address", () => {
  for (const path of ["/", "/services", "/1/messages.json/", "/1/users/validate.json"]) {
    expect(ask({ path })).toEqual({ status: 404, type: "text/html", body: "not found" });
  }
});
