import { CASES, PLAIN } from "./programs";

const isGood = ({ faults }: { faults: string[] }): boolean => faults.length === 0;

const wanted = process.env["POLICY_CASES"] ?? "good";
const [kind = "", number] = wanted.split(" ");

/** Every case that is to pass, or every one that is not, each under its number; or one that is in clear. */
if (kind === "plain") PLAIN[Number(number)]?.(`plain-${number ?? ""}`);
else {
  CASES.forEach((one, index) => {
    if (isGood(one) === (kind === "good")) one.program(`case-${index}`);
  });
}
